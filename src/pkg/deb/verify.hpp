// SPDX-License-Identifier: Apache-2.0
// Is the package database of a tree whole, and are the packages' files what it says? As dpkg --audit and --verify ask, and ldconfig -p
// beside the libraries.
#pragma once
#include <vector>

#include "pkg/family.hpp"

namespace resole::deb {

// `inventory` tells the architecture. Sorted by path.
std::vector<pkg::VerifyFinding> verify(const rootfs::Tree& tree, const pkg::Inventory& inventory);

}  // namespace resole::deb
