// SPDX-License-Identifier: Apache-2.0
// Configuration files: what an upgrade does with them when nobody is asked and the old one wins (dpkg --force-confold; dpkg
// src/main/configure.c).
//
//   disk      recorded   package        what happens
//   absent    unknown    new            installed
//   = new     any        new            nothing
//   other     unknown    new            disk stays, X.dpkg-dist is written
//   = rec     rec        = rec          nothing
//   = rec     rec        new            installed, with the mode and owner that the file has
//   edited    rec        = rec          disk stays
//   edited    rec        new            disk stays, X.dpkg-dist is written
//   deleted   rec        = rec          stays deleted
//   deleted   rec        new            stays deleted, X.dpkg-dist is written
//   a link    any        any            disk stays, X.dpkg-new is written
//
// Files that the new package no longer has stay, marked obsolete; "remove-on-upgrade" lines take them away, and leave what somebody edited as X.dpkg-old.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "pkg/deb/installed_system.hpp"
#include "pkg/deb/package_facts.hpp"
#include "pkg/deb/placement.hpp"

namespace resole::deb {

enum class ConffileAction : std::uint8_t { nothing, install, offer };  // offer: the package's version goes to X.dpkg-dist

// md5s in hex; disk "" = not there, recorded "" = not known to the database.
ConffileAction decide_conffile(std::string_view disk, std::string_view recorded, std::string_view fresh);

struct ConffilePut {
  tar::Header header;  // final path, mode and owner
  std::string content;
};

struct ConffileChanges {
  std::vector<Conffile> recorded;  // of the new status stanza, in its order
  std::vector<ConffilePut> puts;
  std::vector<std::string> removals;  // final paths
  std::vector<std::string> listed;    // absolute paths that stay in the .list although the package does not ship them
  std::vector<std::string> notes;
};

// Why a package cannot be upgraded without running anything: a file of its "remove-on-upgrade" lines was edited, and would be renamed though its bytes are
// not at hand; "" when there is none. `conffiles`: the new version's.
std::string retirement_obstacle(const rootfs::Tree& tree, const pkg::Package& installed, std::string_view conffiles);

ConffileChanges plan_conffiles(const InstalledSystem& system, const Incoming& incoming, const PackageFacts& facts,
                               const std::vector<Placement>& placements);

}  // namespace resole::deb
