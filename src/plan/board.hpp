// SPDX-License-Identifier: Apache-2.0
// The slots with everything about them that does not change while the planner tries: what moves together, what was broken before, who could
// fulfil what.
#pragma once
#include <deque>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "plan/planner.hpp"
#include "plan/select.hpp"
#include "plan/slot.hpp"
#include "plan/survey.hpp"
#include "plan/world.hpp"

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
  std::map<std::size_t, Move> moves;  // by slot: these go to their candidate
  std::deque<Addition> additions;     // newly installed; addresses stay while it grows
};

class Board {
 public:
  Board(const Request& request, const Survey& survey, const Selection& selection);

  const Request& request;
  const Survey& survey;
  const Selection& selection;

  const Slot& slot(std::size_t index) const { return survey.slots[index]; }
  std::optional<std::size_t> slot_of(const pkg::Package& package) const;  // whether installed, candidate or floor
  const std::vector<std::size_t>& group(std::size_t slot) const;          // slots that move together, itself included
  std::vector<std::size_t> candidates_for(const pkg::Atom& atom,
                                          const pkg::Package& dependent) const;  // slots whose candidate would fulfil it
  bool tolerated(const Violation& violation) const;                              // it was not fulfilled in the image either, or is of a part
  World world(const Settlement& settlement) const;                               // what would be installed
  std::vector<Violation> violations(const World& world) const;                   // those that are not tolerated

  Holds initial_holds() const;                                 // the obstacles
  void hold(std::size_t slot, Hold hold, Holds& holds) const;  // and what moves only together with it
  // The slots whose move makes this addition necessary.
  std::set<std::size_t> needing(const Settlement& settlement, const pkg::Package& addition) const;

 private:
  bool of_slices(const Violation& violation) const;
  std::vector<std::vector<std::size_t>> groups_;
  std::vector<std::size_t> group_of_;
  std::unordered_map<const pkg::Package*, std::size_t> slots_;
  std::unordered_multimap<std::string, std::size_t> candidates_;  // by name and by provided name
  std::set<std::string> broken_before_;
};

}  // namespace resole::plan
