// SPDX-License-Identifier: Apache-2.0
// What is known of a package's maintainer scripts before anything runs (issue 2 point 6, issue 4 point 1).
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pkg/package.hpp"

namespace resole::pkg {

enum class VerdictKind { none, unchanged, recognised, recipe, sandbox, unknown };
std::string_view verdict_name(VerdictKind kind);

struct Verdict {
  VerdictKind kind = VerdictKind::unknown;
  std::string reason;                 // one sentence: "preinst, postinst equal the installed ones", "postinst differs: ..."
  std::vector<std::string> actions;   // what is done in place of the scripts (pkg/action.hpp): "ca-certificates", "rm-conffile /etc/foo 1.0~"
  Digest sha256 = {};                 // of the package file that was judged, where the index has none (RepositoryEntry::checksum)
  std::optional<RepositoryEntry> against = {};  // the installed version's package, when its scripts were compared with: the image's are deleted
  bool passes() const { return kind == VerdictKind::none || kind == VerdictKind::unchanged || kind == VerdictKind::recognised || kind == VerdictKind::recipe; }
};

}  // namespace resole::pkg
