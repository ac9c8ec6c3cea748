// SPDX-License-Identifier: Apache-2.0
// What the planner works on: one slot per installed package, with the version it could go to and what is known to stand in the way.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "advisory/finding.hpp"
#include "document/plan.hpp"
#include "pkg/package.hpp"

namespace resole::plan {

// Why a slot does not move.
struct Hold {
  document::HeldReason reason = document::HeldReason::hold;
  std::string detail;
  std::optional<std::size_t> blocker;  // the slot whose hold caused this one
  std::string rule = {};               // of the policy, when it decided
  std::int64_t until = 0;              // it ends by itself then; 0: it does not
};

struct Slot {
  const pkg::InstalledPackage* installed = nullptr;
  std::optional<pkg::Candidate> candidate;         // newer than what is there, of the package's own stream
  std::vector<pkg::Candidate> older;               // what the stream offers between this and what is there; the highest first
  std::optional<pkg::Candidate> younger;           // newer than the candidate, and not public for long enough (minReleaseAge): why, and until when
  Hold younger_hold = {};
  std::optional<Hold> obstacle;                    // known before anything is selected: holds, pins, local changes
  std::optional<pkg::Candidate> elsewhere;         // newer than both, in a suite of the stream that has no packages for this architecture
  bool security = false;                           // a newer version stands in a security archive
  bool offered = false;                            // some repository has the package, in whatever version
  bool noise = false;                              // kernel headers and the like
  bool data = false;                               // time zones, certificates
  std::string floor;                               // the given image has this newer version already; "" none
  std::optional<pkg::Candidate> floor_candidate;   // exactly that version, when it can be had
  std::vector<const advisory::Finding*> fixable;   // fixed by the candidate
  std::vector<const advisory::Finding*> waiting;   // fixed by the younger one only
  std::vector<const advisory::Finding*> at_floor;  // fixed by the floor already
  std::vector<const advisory::Finding*> beyond;    // fixed only by a version that the candidate does not reach
  // The policy's word (plan/policy/apply.hpp).
  bool allowed = false, exploited = false;         // limits of the policy do not apply; nor does --min-severity to what is known to be exploited
  std::string denied;                              // the rule for which the plan is refused should it move
  std::string rule;                                // which lets it move although a limit would hold it back

  // What stays when the slot does not move: never below the floor.
  const pkg::Package& rest() const { return floor_candidate ? static_cast<const pkg::Package&>(*floor_candidate) : *installed; }
  bool known_fix() const { return !fixable.empty() || security; }
};

}  // namespace resole::plan
