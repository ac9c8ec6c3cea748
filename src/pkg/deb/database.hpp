// SPDX-License-Identifier: Apache-2.0
// The package database after a run: status, info/*, triggers, apt's marks; for distroless images the entries of status.d.
#pragma once
#include "pkg/deb/disappearance.hpp"
#include "pkg/deb/installed_system.hpp"
#include "pkg/deb/preparation.hpp"
#include "pkg/family.hpp"
#include "rootfs/layer_draft.hpp"

namespace resole::deb {

void write_database(const pkg::UpgradeRequest& request, const InstalledSystem& system, const std::vector<PreparedPackage>& packages,
                    const std::vector<Disappearance>& disappearing, rootfs::LayerDraft& draft);

}  // namespace resole::deb
