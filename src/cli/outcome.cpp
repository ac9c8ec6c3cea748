// SPDX-License-Identifier: Apache-2.0
#include "cli/outcome.hpp"

#include "base/error.hpp"

namespace resole::cli {

int plan_exit_code(const Options& options, const document::Plan& plan) {
  if (plan.partial()) return kExitPartial;
  return options.detailed_exitcode && plan.changes() ? kExitChanges : kExitDone;
}

int result_exit_code(const document::Plan& plan) { return plan.partial() ? kExitPartial : kExitDone; }

void refuse_uncovered_scripts(const Options& options, const document::Plan& plan) {
  if (options.planning.scripts != "refuse") return;
  for (const auto& platform : plan.platforms) {
    for (const auto& held : platform.held) {
      if (held.reason != document::HeldReason::scripts) continue;
      throw Error(ErrorKind::refused, fmt::format("the maintainer scripts of {} {} are not covered: {}", held.name, held.candidate, held.detail),
                  "--scripts hold leaves such packages at their version");
    }
  }
}

}  // namespace resole::cli
