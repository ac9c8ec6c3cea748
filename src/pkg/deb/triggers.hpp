// SPDX-License-Identifier: Apache-2.0
// Who wants to be told of what: var/lib/dpkg/triggers/File ("PATH PACKAGE[/noawait]") and triggers/NAME ("PACKAGE[/noawait]"),
// deb-triggers(5).
#pragma once
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pkg/deb/installed_system.hpp"
#include "pkg/deb/preparation.hpp"
#include "rootfs/layer_draft.hpp"

namespace resole::deb {

inline constexpr std::string_view kTriggersDirectory = "var/lib/dpkg/triggers";

// (trigger, "" or "/noawait") of the interest lines of a package's triggers file.
std::set<std::pair<std::string, std::string>> trigger_interests(std::string_view triggers);

// Changes only the files whose set of lines changes: dpkg writes them in the order of a hash table, so an unchanged set is left as it lies.
void write_triggers(const InstalledSystem& system, const std::vector<const PreparedPackage*>& packages, std::int64_t epoch,
                    rootfs::LayerDraft& draft);

}  // namespace resole::deb
