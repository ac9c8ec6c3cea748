// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace resole::cli {

// Parses, runs the verb, and turns whatever leaves it into a message on standard error and an exit code: the only catch.
int run(int argc, const char* const* argv);

}  // namespace resole::cli
