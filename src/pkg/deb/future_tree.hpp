// SPDX-License-Identifier: Apache-2.0
// The tree as it will be when the packages are unpacked: what derived files (ld.so.cache, certificates, bytecode) are computed from, before
// any layer exists.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "pkg/deb/installed_system.hpp"
#include "pkg/deb/preparation.hpp"
#include "rootfs/layer_index.hpp"
#include "rootfs/tree.hpp"

namespace resole::deb {

// New directories, segments, conffiles, without `removed` (final paths). Content facts come with the packages.
rootfs::Tree future_tree(const InstalledSystem& system, const std::vector<PreparedPackage>& packages,
                         const std::vector<std::string>& removed);

}  // namespace resole::deb
