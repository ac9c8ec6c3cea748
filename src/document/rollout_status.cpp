// SPDX-License-Identifier: Apache-2.0
#include "document/rollout_status.hpp"

#include "document/describe_rollout_status.hpp"

namespace resole::document {

template <>
std::span<const RolloutState> all_values<RolloutState>() {
  static constexpr RolloutState kAll[] = {RolloutState::proposed, RolloutState::committed, RolloutState::synced, RolloutState::rolled,
                                          RolloutState::running,  RolloutState::failed,    RolloutState::unseen};
  return kAll;
}

std::string_view word(RolloutState state) {
  switch (state) {
    case RolloutState::proposed: return "proposed";
    case RolloutState::committed: return "committed";
    case RolloutState::synced: return "synced";
    case RolloutState::rolled: return "rolled";
    case RolloutState::running: return "running";
    case RolloutState::failed: return "failed";
    case RolloutState::unseen: return "unseen";
  }
  return "";
}

Json to_json(const RolloutStatus& status) { return document_json(status, kRolloutStatusSchema); }

std::string write_rollout_status(const RolloutStatus& status) { return dump_document(to_json(status)); }

RolloutStatus read_rollout_status(std::string_view text, std::string_view what) { return read_document<RolloutStatus>(text, kRolloutStatusSchema, what); }

}  // namespace resole::document
