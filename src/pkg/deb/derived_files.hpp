// SPDX-License-Identifier: Apache-2.0
// Files that no package ships but that scripts and triggers make from what packages ship: ld.so.cache, the certificates' bundle and links.
// The list is closed; what else watches directories that change is told (triggers of other packages).
#pragma once
#include <string>
#include <vector>

#include "pkg/deb/installed_system.hpp"
#include "pkg/deb/preparation.hpp"
#include "pkg/family.hpp"
#include "rootfs/layer_draft.hpp"
#include "rootfs/tree.hpp"

namespace resole::deb {

struct DerivedInput {
  const pkg::UpgradeRequest& request;
  const InstalledSystem& system;
  const std::vector<PreparedPackage>& packages;
  const std::vector<std::string>& touched;  // final paths written or removed
  const rootfs::Tree& after;
};

// Puts what changes into `draft`; returns notes.
std::vector<std::string> derive_files(const DerivedInput& input, rootfs::LayerDraft& draft);

}  // namespace resole::deb
