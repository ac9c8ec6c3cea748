// SPDX-License-Identifier: Apache-2.0
// From wishes to a set of packages that is consistent.
//
// A wished package takes the other binaries of its source with it (lockstep: a Debian library and its -dev package are never of two
// builds), then whatever its new dependencies need: first newer versions of packages that are installed, then, through the solver, packages
// that are new. What cannot be made consistent is held, with the reason, and the whole is tried again without it; in the end each that was
// held on the way gets a second chance, because what stood in its way may have been held after it. Nothing is ever removed.
#pragma once
#include "plan/board.hpp"

namespace resole::plan {

// `holds`: what is held anyway; what cannot be made consistent is added.
Settlement settle(const Board& board, Holds& holds);

}  // namespace resole::plan
