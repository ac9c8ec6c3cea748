// SPDX-License-Identifier: Apache-2.0
// A package whose every file and directory another one brings, or shares with a third, is no longer there: dpkg notes its disappearance and
// forgets it (src/main/unpack.c, pkg_disappear_others()), unless it has a diverted path or something that is installed depends on it. Its
// interest in triggers stays written, as dpkg leaves it.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "pkg/deb/installed_system.hpp"
#include "pkg/deb/preparation.hpp"

namespace resole::deb {

struct Disappearance {
  std::uint32_t stanza;         // of the package that goes
  const PreparedPackage* into;  // what has its files
};

// In the order of `packages`. Error(refused) for one with a postrm, which dpkg would run.
std::vector<Disappearance> find_disappearing(const InstalledSystem& system, const std::vector<PreparedPackage>& packages);

}  // namespace resole::deb
