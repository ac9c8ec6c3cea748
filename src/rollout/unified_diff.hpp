// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>

namespace resole::rollout {

// What `git apply` takes: a/PATH and b/PATH, three lines of context, "\ No newline at end of file". Made for edits within lines: `before` and `after` have the
// same number of lines (Error(internal) otherwise). CR before a newline is part of the line. Empty when nothing differs.
std::string unified_diff(std::string_view path, std::string_view before, std::string_view after);

}  // namespace resole::rollout
