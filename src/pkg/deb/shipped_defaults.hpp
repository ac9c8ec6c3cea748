// SPDX-License-Identifier: Apache-2.0
// Defaults that a postinst hands to ucf(1), as debhelper hands conffiles to dpkg: the file below /usr/share is the package's, the one below /etc is made
// from it, and again when a new version brings another default and nobody edited the old one. So a postinst that has not changed does something all the same.
#pragma once
#include <string>
#include <string_view>

#include "pkg/deb/watched_paths.hpp"
#include "rootfs/tree.hpp"

namespace resole::deb {

// Why the postinst has to run; "" when no default that it names changes, or the image has nothing that ucf made.
std::string changed_default(const rootfs::Tree& tree, std::string_view postinst, const PayloadChange& change);

}  // namespace resole::deb
