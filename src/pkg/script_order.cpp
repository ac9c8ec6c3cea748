// SPDX-License-Identifier: Apache-2.0
#include "pkg/script_order.hpp"

namespace resole::pkg {

std::string ScriptCall::text() const {
  std::string text = package + " " + script;
  for (std::size_t i = 1; i < arguments.size(); ++i) text += " " + arguments[i];
  return text;
}

}  // namespace resole::pkg
