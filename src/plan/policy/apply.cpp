// SPDX-License-Identifier: Apache-2.0
#include "plan/policy/apply.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "plan/survey.hpp"

namespace resole::plan {

namespace {

using advisory::Severity;
using document::HeldReason;

std::string reason_of_rule(const Rules& rules, const Rule& rule) {
  std::string text = rules.text_of(rule);
  if (!rule.reason.empty()) text += ": " + printable(rule.reason);
  if (rule.until != 0) text += " (until " + format_time(rule.until).substr(0, 10) + ")";
  return text;
}

// Days when it comes out even.
std::string age_in_words(std::int64_t seconds) {
  return seconds % 86400 == 0 ? fmt::format("{}d", seconds / 86400) : fmt::format("{}h", seconds / 3600);
}

// A version that has not been public long enough: when it was seen first, and when it may be taken.
std::optional<Hold> too_new(const Request& request, const pkg::Candidate& candidate) {
  const Rules& rules = *request.rules;
  if (rules.least_age == 0 || !request.public_since) return std::nullopt;
  const std::int64_t since = request.public_since(candidate), free = since + rules.least_age;
  if (request.now >= free) return std::nullopt;
  return Hold{.reason = HeldReason::too_new,
              .detail = fmt::format("{} is known since {}, and the policy wants {}", candidate.version, format_time(since), age_in_words(rules.least_age)),
              .blocker = {},
              .rule = rules.limit("minReleaseAge"),
              .until = free};
}

Hold held_by(const Rules& rules, const Rule& rule) {
  return {.reason = HeldReason::policy, .detail = reason_of_rule(rules, rule), .blocker = {}, .rule = rules.text_of(rule), .until = rule.until};
}

void set_obstacle(Slot& slot, Hold hold) {
  if (slot.obstacle) return;  // what the image or the command line says is the stronger word
  if (!slot.floor.empty() && !slot.floor_candidate) {
    throw_below_floor(slot.installed->key(), slot.floor,
                      fmt::format("no repository offers it any longer, and {} is held: {}", slot.candidate->version, hold.detail));
  }
  slot.obstacle = std::move(hold);
}

// The highest of the older offers that is old enough takes the place of one that is not.
bool give_way(const Request& request, Slot& slot, const Hold& young) {
  if (slot.obstacle) return false;
  const auto older = std::find_if(slot.older.begin(), slot.older.end(), [&](const pkg::Candidate& each) { return !too_new(request, each); });
  if (older == slot.older.end()) return false;
  slot.younger = std::exchange(slot.candidate, *older);
  slot.younger_hold = young;
  slot.security = std::any_of(older, slot.older.end(), [](const pkg::Candidate& each) { return each.entry.security; });
  return true;
}

// True: the slot has another candidate now.
bool apply_to(const Request& request, Slot& slot) {
  const Rules& rules = *request.rules;
  const Movement movement{slot.installed->name, slot.installed->source.name, slot.candidate->source.name, slot.fixable};
  const Rule* rule = first_fit(rules, movement, request.image_names, request.now);
  slot.exploited = rules.exploited_always && std::any_of(slot.fixable.begin(), slot.fixable.end(), [](const auto* each) { return each->known_exploited; });
  slot.allowed = rule != nullptr && rule->action == RuleAction::allow;
  if (rule != nullptr && rule->action == RuleAction::hold) {
    set_obstacle(slot, held_by(rules, *rule));
    return false;
  }
  if (rule != nullptr && rule->action == RuleAction::deny) slot.denied = reason_of_rule(rules, *rule);
  std::optional<Hold> young = too_new(request, *slot.candidate);
  if (slot.allowed || slot.exploited) {
    if (young || below_floor(rules, slot.fixable)) slot.rule = slot.allowed ? rules.text_of(*rule) : rules.limit("knownExploited");
  } else if (young) {
    if (give_way(request, slot, *young)) return true;
    set_obstacle(slot, *std::move(young));
  }
  return false;
}

[[noreturn]] void throw_denied(const pkg::Package& package, const std::string& what, const std::string& rule) {
  throw Error(ErrorKind::refused, fmt::format("the policy denies that {} {} {}: {}", package.key(), what, package.version, rule),
              "hold the package (--hold), or change the policy");
}

const Rule* rule_on_addition(const Request& request, const pkg::Candidate& candidate) {
  return first_fit(*request.rules, {candidate.name, candidate.source.name, candidate.source.name, {}}, request.image_names, request.now);
}

// Is it something that deserves a new digest? Security fixes of unknown weight are: nobody has said that they are unimportant.
bool is_worth_a_digest(const document::PlannedPackage& package, Severity least) {
  if (package.noise || package.why == document::Why::floor) return false;
  if (package.known_exploited || package.severity >= least) return true;
  return package.severity == Severity::unknown && (package.why == document::Why::security || package.why == document::Why::reported);
}

document::HeldPackage held_as_unimportant(const document::PlannedPackage& package, const Rules& rules) {
  document::HeldPackage held;
  held.name = package.name;
  held.arch = package.arch;
  held.installed = package.from;
  held.candidate = package.to;
  held.source = package.from_source;
  held.reason = HeldReason::unimportant;
  held.detail = fmt::format("nothing that could move fixes anything {} or worse", lower(advisory::severity_name(rules.new_digest_for)));
  held.rule = rules.limit("newDigestFor");
  held.fixes = package.fixes;
  held.inferred = package.inferred;
  held.severity = package.severity;
  held.noise = package.noise;
  return held;
}

}  // namespace

bool below_floor(const Rules& rules, const std::vector<const advisory::Finding*>& fixes) {
  return !fixes.empty() && std::all_of(fixes.begin(), fixes.end(), [&](const auto* each) {
    return each->severity != Severity::unknown && each->severity < rules.severity_floor;
  });
}

bool apply_rules(const Request& request, std::vector<Slot>& slots) {
  bool changed = false;
  if (request.rules == nullptr) return changed;
  for (Slot& slot : slots) {
    if (slot.candidate) changed = apply_to(request, slot) || changed;
  }
  return changed;
}

bool hold_additions(const Board& board, const Settlement& settlement, Holds& holds) {
  const Request& request = board.request;
  if (request.rules == nullptr) return false;
  const std::size_t before = holds.size();
  for (const Addition& addition : settlement.additions) {
    const Rule* rule = rule_on_addition(request, addition.candidate);
    std::optional<Hold> hold = rule == nullptr                      ? too_new(request, addition.candidate)
                               : rule->action == RuleAction::hold ? std::optional(held_by(*request.rules, *rule))
                                                                  : std::nullopt;
    if (!hold) continue;
    hold->detail = fmt::format("needs the new package {}: {}", addition.candidate.key(), hold->detail);
    // None needs it when an earlier run has added it: the given image has it.
    for (const std::size_t index : board.needing(settlement, addition.candidate)) board.hold(index, *hold, holds);
  }
  return holds.size() > before;
}

void refuse_denied(const Board& board, const Settlement& settlement) {
  const Request& request = board.request;
  if (request.rules == nullptr) return;
  for (const auto& [index, move] : settlement.moves) {
    const Slot& slot = board.slot(index);
    if (!slot.denied.empty()) throw_denied(*slot.candidate, "goes to", slot.denied);
  }
  for (const Addition& addition : settlement.additions) {
    const Rule* rule = rule_on_addition(request, addition.candidate);
    if (rule != nullptr && rule->action == RuleAction::deny && !board.needing(settlement, addition.candidate).empty())
      throw_denied(addition.candidate, "is installed at", reason_of_rule(*request.rules, *rule));
  }
}

bool leave_unimportant(document::Plan& plan, const Rules& rules) {
  if (rules.new_digest_for == Severity::unknown || !plan.changes()) return false;
  for (const auto& platform : plan.platforms) {
    if (std::any_of(platform.packages.begin(), platform.packages.end(), [&](const auto& each) { return is_worth_a_digest(each, rules.new_digest_for); })) return false;
  }
  for (auto& platform : plan.platforms) {
    for (const auto& package : platform.packages) {
      if (package.why != document::Why::floor && !package.from.empty()) platform.held.push_back(held_as_unimportant(package, rules));
    }
    std::stable_sort(platform.held.begin(), platform.held.end(), [](const auto& a, const auto& b) { return std::tie(a.name, a.arch) < std::tie(b.name, b.arch); });
    platform.packages.clear();
    platform.shadow_copies.clear();
    platform.stale_metadata.clear();
  }
  return true;
}

}  // namespace resole::plan
