// SPDX-License-Identifier: Apache-2.0
// The end of every telling of a plan: how many findings end where, and what to do about the rest.
#pragma once
#include <set>
#include <string>
#include <vector>

#include "document/plan.hpp"

namespace resole::plan {

// Advisories by where they can be ended; noise (kernel headers) apart. One may be in several sets: fixed in a library, open in an application.
struct Tally {
  std::set<std::string> here, held, rebase, application, not_yet, suppressed, already, absent;
};
Tally tally(const document::Plan& plan);

// "17 fixed here, 3 by a rebase to X, 2 need the application rebuilt, 4 have no fix yet", then one line per thing to do.
std::vector<std::string> next_steps(const document::Plan& plan);

}  // namespace resole::plan
