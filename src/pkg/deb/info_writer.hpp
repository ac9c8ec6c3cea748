// SPDX-License-Identifier: Apache-2.0
// The files below var/lib/dpkg/info of packages that were installed: control members, .list, md5sums (dpkg src/main/unpack.c,
// lib/dpkg/db-ctrl-*.c).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pkg/deb/installed_system.hpp"
#include "pkg/deb/preparation.hpp"
#include "rootfs/layer_draft.hpp"

namespace resole::deb {

// Puts and removes files of the draft. `gone`: stanzas of packages that disappear. `epoch` dates what dpkg itself writes.
void write_info(const InstalledSystem& system, const std::vector<const PreparedPackage*>& packages, const std::vector<std::uint32_t>& gone,
                std::int64_t epoch, rootfs::LayerDraft& draft);

// What dpkg generates when a package ships no md5sums: in the order of the package, conffiles included, filtered files not. nullopt when it
// ships its own.
std::optional<std::string> generated_md5sums(const PreparedPackage& package);

// A regular file with these bytes, root's, at a path whose parents may be links.
void put_file(rootfs::LayerDraft& draft, const rootfs::Tree& tree, const std::string& path, std::string content, std::uint32_t mode,
              std::int64_t mtime);

}  // namespace resole::deb
