// SPDX-License-Identifier: Apache-2.0
// Enumerations as they stand in documents. The lists are closed: docs/schema/*.json repeats them, and a test compares both.
#pragma once
#include <optional>
#include <span>
#include <string_view>

#include "document/plan.hpp"
#include "document/proposal.hpp"
#include "document/rollout.hpp"
#include "document/rollout_status.hpp"

namespace resole::document {

// Every value of an enumeration, in the order of its declaration.
template <class E>
std::span<const E> all_values();
template <>
std::span<const Why> all_values<Why>();
template <>
std::span<const Scope> all_values<Scope>();
template <>
std::span<const HeldReason> all_values<HeldReason>();
template <>
std::span<const UnfixedReason> all_values<UnfixedReason>();
template <>
std::span<const OnPartial> all_values<OnPartial>();
template <>
std::span<const LeftReason> all_values<LeftReason>();
template <>
std::span<const ProposalOutcome> all_values<ProposalOutcome>();
template <>
std::span<const RolloutState> all_values<RolloutState>();
template <>
std::span<const advisory::Severity> all_values<advisory::Severity>();
template <>
std::span<const pkg::VerdictKind> all_values<pkg::VerdictKind>();

inline std::string_view word(advisory::Severity severity) { return advisory::severity_name(severity); }
inline std::string_view word(pkg::VerdictKind kind) { return pkg::verdict_name(kind); }

template <class E>
std::optional<E> parse_word(std::string_view text) {
  for (const E value : all_values<E>()) {
    if (word(value) == text) return value;
  }
  return std::nullopt;
}

}  // namespace resole::document
