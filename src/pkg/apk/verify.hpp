// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "pkg/family.hpp"

namespace resole::apk {

// The database well formed, and the files of the packages against it, as far as the layers tell (inventory.hpp).
std::vector<pkg::VerifyFinding> verify(const rootfs::Tree& tree);

}  // namespace resole::apk
