// SPDX-License-Identifier: Apache-2.0
#include "cli/exit_codes.hpp"

#include "base/error.hpp"

namespace resole::cli {

const std::vector<ExitCodeRow>& exit_code_table() {
  static const std::vector<ExitCodeRow> table = {
      {kExitDone, "done, or nothing to do"},
      {exit_code(ErrorKind::internal), "internal error (a bug)"},
      {exit_code(ErrorKind::usage), "usage"},
      {exit_code(ErrorKind::input), "bad input: image, report, plan, manifest; report of another image"},
      {exit_code(ErrorKind::verification), "verification failed: digest, signature, plan not met"},
      {exit_code(ErrorKind::network), "network or registry"},
      {exit_code(ErrorKind::refused), "refused: policy, end of life when asked, unprovable plan"},
      {kExitPartial, "done in part: something requested and fixable was held"},
      {exit_code(ErrorKind::unsupported), "unsupported: no package database, unknown os"},
      {kExitChanges, "changes pending (only with --detailed-exitcode)"},
      {exit_code(ErrorKind::throttled), "try again (throttled)"},
      {exit_code(ErrorKind::interrupted), "interrupted"},
  };
  return table;
}

}  // namespace resole::cli
