// SPDX-License-Identifier: Apache-2.0
// Following links that packages and administrators made: a circle leads nowhere, as for a program that opens it, and is no reason to refuse
// an image.
#pragma once
#include <string_view>

#include "rootfs/tree.hpp"

namespace resole::deb {

// Tree::resolve with the last component followed; without a node when the links form a circle.
rootfs::Resolved follow(const rootfs::Tree& tree, std::string_view path);

}  // namespace resole::deb
