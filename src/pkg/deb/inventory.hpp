// SPDX-License-Identifier: Apache-2.0
// The installed packages of a tree, with what the image did to their files.
#pragma once
#include <string_view>
#include <vector>

#include "oci/descriptor.hpp"
#include "pkg/deb/status.hpp"
#include "pkg/package.hpp"
#include "rootfs/tree.hpp"

namespace resole::deb {

bool has_database(const rootfs::Tree& tree);
// The native architecture is that of the package dpkg, else the one that most packages have, else the first of dpkg's arch file, else the
// platform's; "" when none of them knows.
pkg::Inventory read_inventory(const rootfs::Tree& tree, const pkg::OsRelease& os, const oci::Platform& platform = {});
// dpkg's name of an OCI platform (GOARCH and GOARM); "" for one that dpkg has none for.
std::string_view architecture_of(const oci::Platform& platform);

// Without a tree: packages and architectures from stanzas alone (`foreign`: dpkg's arch file, may be empty).
pkg::Inventory inventory_from(std::vector<StatusStanza> stanzas, const pkg::OsRelease& os, std::string_view architectures);

}  // namespace resole::deb
