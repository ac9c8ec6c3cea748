// SPDX-License-Identifier: Apache-2.0
// Walking a path inside a root that is only data, as a process with that root would: no ".." and no absolute target ever leaves it.
#pragma once
#include <functional>
#include <string_view>

#include "rootfs/tree.hpp"

namespace resole::rootfs {

using Lookup = std::function<const Node*(std::string_view)>;  // the node of a clean path, no symlink followed; nullptr when there is none

// Tree::resolve over anything that can look up nodes. The rest of a path behind something missing, or behind a file, is joined as it is
// written.
Resolved resolve_path(const Lookup& lookup, std::string_view path, bool follow_last);

}  // namespace resole::rootfs
