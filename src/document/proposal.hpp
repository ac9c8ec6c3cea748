// SPDX-License-Identifier: Apache-2.0
// What propose did, resole/proposal/v1 (docs/schema/proposal.json).
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.hpp"
#include "base/json_fwd.hpp"

namespace resole::document {

inline constexpr std::string_view kProposalSchema = "resole/proposal/v1";

enum class ProposalOutcome {
  opened,      // a change request was opened
  updated,     // the one that was open has the new state, or new words
  unchanged,   // it was as it should be
  pushed,      // the branch only
  declined,    // somebody closed the one for this change set without merging it
  foreign,     // the branch has commits that are not ours
  deployed,    // the base has it already; an open one was closed
  nothing,     // no place in the base means one of the images
};
std::string_view word(ProposalOutcome outcome);

struct Proposal {
  ProposalOutcome outcome = ProposalOutcome::nothing;
  std::string change_set_id;
  std::string forge;                    // word of the table; "" = none
  std::string remote, branch, base;     // remote without credentials
  std::string base_commit, commit;      // of the remote; commit: of the branch
  std::uint64_t number = 0;             // of the change request
  std::string url;
  std::vector<std::string> files;       // that the commit changes, in the repository
  std::vector<std::string> warnings;    // what was asked for besides and could not be done
};

Json to_json(const Proposal& proposal);
std::string write_proposal(const Proposal& proposal);
Proposal read_proposal(std::string_view text, std::string_view what);

}  // namespace resole::document
