// SPDX-License-Identifier: Apache-2.0
// From wishes to a set of packages that is consistent, or to one more package that has to stay.
//
// A wished package takes the other binaries of its source with it (lockstep: a Debian library and its -dev package are never of two builds), then whatever its
// new dependencies need: first newer versions of packages that are installed, then, through the solver, packages that are new. What cannot be made consistent
// is held, with the reason, and the whole is tried again without it. Held packages only become more, so this ends; nothing is ever removed.
#pragma once
#include "plan/board.hpp"

namespace resole::plan {

// Tries with these slots held, and holds what stands in the way until the rest is consistent: `holds` grows.
Settlement settle(const Board& board, Holds& holds);

}  // namespace resole::plan
