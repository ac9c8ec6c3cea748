// SPDX-License-Identifier: Apache-2.0
// Packages that dpkg never configured: entries of status.d (distroless) and slices (Chisel). Their files were laid down by a build tool, their
// maintainer scripts never ran in the image, and there is no shell to run them. So a new version's scripts have nothing to repeat; what an
// image of that kind has of their results (a bundle of certificates) is made again from the files.
#pragma once
#include <optional>

#include "pkg/package.hpp"
#include "pkg/verdict.hpp"
#include "rootfs/tree.hpp"

namespace resole::deb {

// nullopt: dpkg's own status has the package, or would get it; its scripts are to be judged.
std::optional<pkg::Verdict> unscripted_verdict(const rootfs::Tree& tree, const pkg::Package& candidate);

}  // namespace resole::deb
