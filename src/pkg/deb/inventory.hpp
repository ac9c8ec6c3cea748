// SPDX-License-Identifier: Apache-2.0
// The installed packages of a tree, with what the image did to their files.
#pragma once
#include <vector>

#include "pkg/deb/status.hpp"
#include "pkg/package.hpp"
#include "rootfs/tree.hpp"

namespace resole::deb {

bool has_database(const rootfs::Tree& tree);
pkg::Inventory read_inventory(const rootfs::Tree& tree, const pkg::OsRelease& os);

// Without a tree: packages and architectures from stanzas alone (`foreign`: dpkg's arch file, may be empty).
pkg::Inventory inventory_from(std::vector<StatusStanza> stanzas, const pkg::OsRelease& os, std::string_view architectures);

}  // namespace resole::deb
