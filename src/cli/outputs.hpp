// SPDX-License-Identifier: Apache-2.0
// Outputs that will fail must fail before any work is done, not after an image was published.
#pragma once
#include "cli/options.hpp"

namespace resole::cli {

// Every file that the verb will write can be created where it should be, and none of them is an input or another output. Error(input), or Error(usage) when two
// options name one file. Creates nothing.
void check_outputs(const Options& options);

}  // namespace resole::cli
