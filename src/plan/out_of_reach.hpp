// SPDX-License-Identifier: Apache-2.0
// Why a fix that is said to exist cannot be had from the image's repositories, read off the versions.
#pragma once
#include <string_view>

#include "document/plan.hpp"
#include "plan/slot.hpp"

namespace resole::plan {

// `fixed`: a version that the slot's candidate does not reach.
document::HeldReason out_of_reach(std::string_view fixed, const Slot& slot, const pkg::OsRelease& os);

}  // namespace resole::plan
