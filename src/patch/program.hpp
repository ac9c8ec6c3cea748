// SPDX-License-Identifier: Apache-2.0
// Which program this is: what another one kept of its own conclusions is not taken over.
#pragma once
#include <string>

namespace resole::patch {

// The version, and size and time of the executable, which tell builds of one version apart.
std::string program_identity();

}  // namespace resole::patch
