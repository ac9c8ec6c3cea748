// SPDX-License-Identifier: Apache-2.0
// An upgrade around which maintainer scripts run. The files and the database are made without executing anything, as always; the scripts see a tree on disk:
//
//   given tree                    on disk; the scripts that come before the files run; what they changed: A
//   given + A                     the upgrade is made for this tree, so that it knows what the scripts did (diversions, conffiles moved away)
//   given + A + payload + base    on disk; the scripts that come after the files run, then triggers; what they changed: C
//   outcome                       given + A + payload + base + C
//
// The payload layer is the same as without scripts. The database layer is the difference between the given tree with the payload, and the outcome.
#pragma once
#include <string>
#include <vector>

#include "build/layers.hpp"
#include "build/script_tree.hpp"

namespace resole::build {

struct ScriptedUpgrade {
  pkg::UpgradeResult upgrade;
  std::vector<BuiltLayer> layers;
  std::vector<std::string> scripts;  // that ran, in order: "curl postinst configure 7.88.1-10"
};

struct ScriptedRequest {
  const pkg::Family& family;
  pkg::UpgradeRequest upgrade;         // some of its items have run_scripts
  LayerOpener open_layer;              // of upgrade.tree
  LayerSettings settings;              // its epoch is used where the packages tell none
  io::Path scratch;                    // the tree is unpacked here
};

// Error(input): a script failed, with what it said at the end; the image's tree cannot be unpacked. Error(refused): a script went beyond the limits.
ScriptedUpgrade upgrade_with_scripts(const ScriptedRequest& request, Sandbox& sandbox);

}  // namespace resole::build
