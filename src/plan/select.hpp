// SPDX-License-Identifier: Apache-2.0
// Which packages are wanted, by --update, --only and --min-severity, and why.
#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "plan/planner.hpp"
#include "plan/slot.hpp"

namespace resole::plan {

struct Wish {
  document::Why why = document::Why::all;
  std::string detail;
  bool requested = false;  // reported, security or named: when it is held, the outcome is partial
};

// A known fix that is left out.
struct Left {
  std::string option;                                      // that would take it; "" none
  document::HeldReason reason = document::HeldReason::not_selected;
  std::string detail = {}, rule = {};                      // of the policy, when it decided
};

struct Selection {
  std::map<std::size_t, Wish> wishes;               // by slot; each has a candidate
  std::map<std::size_t, Left> not_selected;         // slots with a known fix that options or policy leave out
  std::set<std::size_t> missed;                     // slots for which a suite has something newer, but not for their architecture
  std::set<std::size_t> waiting;                    // slots whose younger version would be wished for
  std::vector<std::string> notes;
};

Selection select(const Request& request, const std::vector<Slot>& slots);

advisory::Severity highest_severity(const std::vector<const advisory::Finding*>& findings);

}  // namespace resole::plan
