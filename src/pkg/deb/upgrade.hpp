// SPDX-License-Identifier: Apache-2.0
// An upgrade of Debian packages without running anything: what apt-get would leave behind, as layers.
#pragma once
#include "pkg/family.hpp"

namespace resole::deb {

// Errors: Error(input) for packages and databases that are damaged or hostile, Error(refused) where dpkg would refuse, Error(verification)
// for a package file that is not the planned package.
pkg::UpgradeResult upgrade(const pkg::UpgradeRequest& request);

}  // namespace resole::deb
