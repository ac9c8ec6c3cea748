// SPDX-License-Identifier: Apache-2.0
// What the reports say, distributed over the installed packages. Fixes are compared with SOURCE versions on both sides, never with a
// binary's.
#pragma once
#include <vector>

#include "document/plan.hpp"
#include "plan/planner.hpp"
#include "plan/slot.hpp"

namespace resole::plan {

struct Distributed {
  std::vector<document::UnfixedFinding> unfixed;   // sorted
  std::vector<document::NotInImage> not_in_image;  // sorted
  std::vector<document::AlreadyFixed> already_fixed;  // the installed version has the fix; sorted
  std::size_t inferred = 0;                        // from a report of another platform
};

// Fills `fixable`, `at_floor`, `waiting` and `beyond` of the slots; what stood there is forgotten. The findings must outlive the slots.
Distributed distribute(const std::vector<advisory::Finding>& findings, std::vector<Slot>& slots, const pkg::Family& family);

}  // namespace resole::plan
