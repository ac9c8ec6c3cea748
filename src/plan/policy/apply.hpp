// SPDX-License-Identifier: Apache-2.0
// The policy's word on what could move. Rules come first, in their order; then the limits: what is too young waits, what is below the floor is no reason to
// move (plan/select.cpp). Instead of what is too young, an older version that has been public for long enough is taken, where one is offered. What is known to be exploited, and what a rule allows, passes the limits.
#pragma once
#include <string>
#include <vector>

#include "plan/board.hpp"
#include "plan/planner.hpp"
#include "plan/slot.hpp"

namespace resole::plan {

// Fills obstacle, rule, denied, allowed and exploited of the slots. After the findings were distributed; true: some candidates gave way to older ones that have been
// public for long enough, so that the findings have to be distributed again.
bool apply_rules(const Request& request, std::vector<Slot>& slots);

// All that the candidate fixes is less severe than the policy's floor. What has no severity is not.
bool below_floor(const Rules& rules, const std::vector<const advisory::Finding*>& fixes);

// Rules on packages that would be newly installed: holds what needs them. False when nothing had to be held.
bool hold_additions(const Board& board, const Settlement& settlement, Holds& holds);

// Error(refused) when something moves or comes that a rule denies.
void refuse_denied(const Board& board, const Settlement& settlement);

// "No new digest for only unimportant findings": without a fix that is worth one, nothing moves and everything is held. True: that was so.
bool leave_unimportant(document::Plan& plan, const Rules& rules);

}  // namespace resole::plan
