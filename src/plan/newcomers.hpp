// SPDX-License-Identifier: Apache-2.0
// Which packages that are not installed could come in question for dependencies that are not met: by name and by what they provide, and in
// turn for theirs.
#pragma once
#include <vector>

#include "plan/planner.hpp"
#include "plan/world.hpp"

namespace resole::plan {

// narrow: only for dependencies that nothing in `reachable` (what is installed, as it is and as it could be) fulfils; nearly always enough.
// wide: for all dependencies of the newcomers, because what fulfils one now may have to go to a version that does not.
enum class Reach { narrow, wide };

// Breadth first, so that earlier alternatives stand before later ones. Only versions that the family's policy would install. Bounded: a
// hostile index cannot make this walk long.
std::vector<pkg::Candidate> newcomers(const Request& request, const World& reachable, const std::vector<Violation>& unmet, Reach reach);

}  // namespace resole::plan
