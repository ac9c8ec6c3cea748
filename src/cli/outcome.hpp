// SPDX-License-Identifier: Apache-2.0
// What the verbs share: exit codes from documents (product.md "Exit codes"), words of their last line.
#pragma once
#include <string>
#include <string_view>

#include "cli/options.hpp"
#include "document/plan.hpp"

namespace resole::cli {

std::string counted(std::size_t number, std::string_view noun);           // "1 file", "3 files"
int plan_exit_code(const Options& options, const document::Plan& plan);    // 0, 7, or 10 with --detailed-exitcode
int result_exit_code(const document::Plan& plan);                          // 0 or 7
// --scripts refuse: a package held for its scripts ends the run (exit 6) instead of standing in `held`.
void refuse_uncovered_scripts(const document::Plan& plan);
// onPartial: refuse of the policy: held fixes end the run (exit 6) before anything is built.
void refuse_partial(const document::Plan& plan);

}  // namespace resole::cli
