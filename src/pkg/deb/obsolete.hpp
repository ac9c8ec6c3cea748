// SPDX-License-Identifier: Apache-2.0
// What the old packages had and the new ones have not: files that go, and directories that go when nothing is left in them (dpkg
// src/main/unpack.c, pkg_remove_old_files()).
#pragma once
#include <string>
#include <vector>

#include "pkg/deb/installed_system.hpp"
#include "pkg/deb/preparation.hpp"
#include "rootfs/tree.hpp"

namespace resole::deb {

struct Obsolete {
  std::vector<std::string> files;        // final paths, sorted
  std::vector<std::string> directories;  // final paths of directories that go if they are empty then, deepest first
};

Obsolete find_obsolete(const InstalledSystem& system, const std::vector<PreparedPackage>& packages);

// Those of `candidates` (deepest first) that are empty in `after`, or become so because others of them, or those of `leaving`, go.
std::vector<std::string> empty_directories(const rootfs::Tree& after, const std::vector<std::string>& candidates,
                                           const std::vector<std::string>& leaving);

}  // namespace resole::deb
