// SPDX-License-Identifier: Apache-2.0
// What holds between options, whose values are good each for itself.
#pragma once
#include "cli/options.hpp"

namespace resole::cli {

// {snapshot} in the repositories' URLs. A mirror with it counts only under --snapshot, and then before the others; so it can stand in the configuration file.
void fill_in_snapshot(PlanningOptions& planning);
void require_together(const Options& options);  // Error(usage)

}  // namespace resole::cli
