// SPDX-License-Identifier: Apache-2.0
// The one table of exit codes (product.md "Exit codes"); --help prints it, docs/commands.md repeats it, a test compares.
#pragma once
#include <string_view>
#include <vector>

namespace resole::cli {

struct ExitCodeRow { int code; std::string_view meaning; };
const std::vector<ExitCodeRow>& exit_code_table();

}  // namespace resole::cli
