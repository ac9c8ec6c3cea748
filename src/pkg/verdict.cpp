// SPDX-License-Identifier: Apache-2.0
#include "pkg/verdict.hpp"

namespace resole::pkg {

std::string_view verdict_name(VerdictKind kind) {
  switch (kind) {
    case VerdictKind::none:
      return "none";
    case VerdictKind::unchanged:
      return "unchanged";
    case VerdictKind::recognised:
      return "recognised";
    case VerdictKind::recipe:
      return "recipe";
    case VerdictKind::sandbox:
      return "sandbox";
    case VerdictKind::unknown:
      break;
  }
  return "unknown";
}

}  // namespace resole::pkg
