// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "document/rollout.hpp"

namespace resole::rollout {

// What `git apply` takes: a/PATH and b/PATH, three lines of context, "\ No newline at end of file". CR before a newline is part of the line. The edits are those
// that made `after`, in order; none may take a newline away. Empty when there are none. Backwards: the
// difference that takes them back.
std::string unified_diff(std::string_view path, std::string_view before, const std::vector<document::FileEdit>& edits, bool backwards = false);

}  // namespace resole::rollout
