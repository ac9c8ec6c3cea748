// SPDX-License-Identifier: Apache-2.0
// The first look: every installed package with the version it could go to.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "plan/planner.hpp"
#include "plan/slot.hpp"

namespace resole::plan {

struct Survey {
  std::vector<Slot> slots;                     // installed packages, sorted by name and architecture
  std::vector<pkg::Candidate> kept_additions;  // packages that an earlier run added: the original does not have them, the given image does
};

// Error(refused) when a floor can be reached by no offer.
Survey survey(const Request& request);

[[noreturn]] void throw_below_floor(const std::string& package, const std::string& floor, std::string_view problem);

// Does one of the globs match the package's name or its source's?
bool names_package(const std::vector<std::string>& globs, const pkg::Package& package);

}  // namespace resole::plan
