// SPDX-License-Identifier: Apache-2.0
// The actions of a run (pkg/action.hpp) in place of its packages' scripts: what comes before the files are unpacked, and what comes after.
#pragma once
#include <string>
#include <vector>

#include "pkg/deb/installed_system.hpp"
#include "pkg/deb/maintscript_moves.hpp"
#include "pkg/deb/preparation.hpp"
#include "pkg/family.hpp"
#include "rootfs/layer_draft.hpp"
#include "rootfs/tree.hpp"

namespace resole::deb {

// Of each item of the request, in its order. Error(input) for actions that no plan of ours has.
std::vector<HelperPlan> plan_helpers(const pkg::UpgradeRequest& request);

// What the helpers leave when the files are there: into the database layer, and `after` is given the same.
rootfs::Tree finish_helpers(const std::vector<HelperPlan>& plans, std::int64_t epoch, rootfs::Tree after, rootfs::LayerDraft& database);

// All other actions, package by package, on `after`. Returns what a person should know.
std::vector<std::string> apply_actions(const pkg::UpgradeRequest& request, const std::vector<PreparedPackage>& packages,
                                       const rootfs::Tree& after, rootfs::LayerDraft& database);

}  // namespace resole::deb
