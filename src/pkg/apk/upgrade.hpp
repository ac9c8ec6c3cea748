// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include "pkg/family.hpp"

namespace resole::apk {

// Error(input), Error(verification) for a package that is damaged or not what the plan says, Error(refused) for what apk would refuse.
pkg::UpgradeResult upgrade(const pkg::UpgradeRequest& request);

// The scripts of the items with run_scripts, in apk's order.
std::unique_ptr<pkg::ScriptOrder> script_order(const pkg::UpgradeRequest& request);

}  // namespace resole::apk
