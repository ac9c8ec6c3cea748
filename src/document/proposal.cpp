// SPDX-License-Identifier: Apache-2.0
#include "document/proposal.hpp"

#include "document/describe_proposal.hpp"

#include <array>
#include <utility>

namespace resole::document {

namespace {

constexpr std::array<std::pair<ProposalOutcome, std::string_view>, 8> kOutcomeWords = {{
    {ProposalOutcome::opened, "opened"},
    {ProposalOutcome::updated, "updated"},
    {ProposalOutcome::unchanged, "unchanged"},
    {ProposalOutcome::pushed, "pushed"},
    {ProposalOutcome::declined, "declined"},
    {ProposalOutcome::foreign, "foreign"},
    {ProposalOutcome::deployed, "deployed"},
    {ProposalOutcome::nothing, "nothing"},
}};

}  // namespace

template <>
std::span<const ProposalOutcome> all_values<ProposalOutcome>() {
  static constexpr auto kAll = [] {
    std::array<ProposalOutcome, kOutcomeWords.size()> all{};
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = kOutcomeWords[i].first;
    return all;
  }();
  return kAll;
}

std::string_view word(ProposalOutcome outcome) {
  for (const auto& [value, text] : kOutcomeWords) {
    if (value == outcome) return text;
  }
  return "";
}

Json to_json(const Proposal& proposal) { return document_json(proposal, kProposalSchema); }

std::string write_proposal(const Proposal& proposal) { return dump_document(to_json(proposal)); }

Proposal read_proposal(std::string_view text, std::string_view what) { return read_document<Proposal>(text, kProposalSchema, what); }

}  // namespace resole::document
