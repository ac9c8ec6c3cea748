// SPDX-License-Identifier: Apache-2.0
// The planner's answer in the words of the plan document.
#pragma once
#include "plan/board.hpp"
#include "plan/findings.hpp"
#include "plan/planner.hpp"

namespace resole::plan {

Decision decide(const Board& board, const Settlement& settlement, const Holds& holds, Distributed distributed);

}  // namespace resole::plan
