// SPDX-License-Identifier: Apache-2.0
// From wishes to a set of packages that is consistent, or to one more package that has to stay.
//
// A wished package takes the other binaries of its source with it (lockstep: a Debian library and its -dev package are never of two builds), then whatever its
// new dependencies need: first newer versions of packages that are installed, then, through the solver, packages that are new. What cannot be made consistent
// is held, with the reason, and the whole is tried again without it. Held packages only become more, so this ends; nothing is ever removed.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "plan/planner.hpp"
#include "plan/select.hpp"
#include "plan/slot.hpp"
#include "plan/survey.hpp"

namespace resole::plan {

using Holds = std::map<std::size_t, Hold>;  // by slot

struct Move {
  document::Why why = document::Why::all;
  std::string detail;
};

struct Addition {
  pkg::Candidate candidate;
  Move move;
};

struct Settlement {
  std::map<std::size_t, Move> moves;   // by slot: these go to their candidate
  std::vector<Addition> additions;     // newly installed, sorted by name and architecture
};

class Settler {
 public:
  Settler(const Request& request, const Survey& survey, const Selection& selection);

  // Tries with these slots held; holds what stands in the way until the rest is consistent. `holds` grows.
  Settlement settle(Holds& holds) const;
  // Holds the slot and what moves only together with it.
  void hold(std::size_t slot, Hold hold, Holds& holds) const;
  // Slots whose move made this addition necessary.
  std::vector<std::size_t> needing(const Settlement& settlement, const pkg::Candidate& addition) const;

 private:
  class Attempt;

  std::vector<const pkg::Package*> packages(const Settlement& settlement) const;  // what would be installed

  const Request& request_;
  const Survey& survey_;
  const Selection& selection_;
  std::vector<std::vector<std::size_t>> groups_;  // slots that move together
  std::vector<std::size_t> group_of_;             // by slot; npos without candidate
};

}  // namespace resole::plan
