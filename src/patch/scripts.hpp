// SPDX-License-Identifier: Apache-2.0
// Packages whose maintainer scripts run in the sandbox: whether they can here, and the upgrade around them.
#pragma once
#include <optional>

#include "build/scripted_upgrade.hpp"
#include "patch/view.hpp"
#include "plan/planner.hpp"

namespace resole::patch {

// Why scripts of this platform cannot run here; nullopt when they can.
std::optional<plan::SandboxObstacle> sandbox_obstacle(const PlatformView& view, const Tools& tools);

bool runs_scripts(const document::PlannedPackage& package);
bool runs_scripts(const document::PlatformPlan& plan);
// Error(refused) when the plan's scripts cannot run here: it may have been made on another machine.
void require_sandbox(const PlatformView& view, const document::PlatformPlan& plan, const Tools& tools);

// `wish` is the upgrade of the ground's tree, whose layers are the image's lowest.
build::ScriptedUpgrade upgrade_with_scripts(const ImageView& image, const PlatformView& view, const pkg::UpgradeRequest& wish, const build::LayerSettings& settings,
                                            const Tools& tools);

}  // namespace resole::patch
