// SPDX-License-Identifier: Apache-2.0
#include "plan/select.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "plan/policy/apply.hpp"
#include "plan/survey.hpp"

namespace resole::plan {

namespace {

using document::Why;

bool says_security(std::string_view text) { return lower(text).find("security") != std::string::npos; }

// Is there a security archive among the repositories, even one that offers nothing for this image or could not be read?
bool has_security_archive(const Request& request, const std::vector<Slot>& slots) {
  if (std::any_of(slots.begin(), slots.end(), [](const Slot& slot) { return slot.security; })) return true;
  const auto labelled = [&](const std::string& word) {
    return says_security(word) ||
           (request.recipe && std::find(request.recipe->security_labels.begin(), request.recipe->security_labels.end(), word) !=
                                  request.recipe->security_labels.end());
  };
  if (std::any_of(slots.begin(), slots.end(), [](const Slot& slot) { return slot.elsewhere && slot.elsewhere->entry.security; })) return true;
  const auto& states = request.offers.repositories();
  const auto& failures = request.offers.failures();
  return std::any_of(states.begin(), states.end(),
                     [&](const auto& each) { return labelled(each.label) || labelled(each.origin) || labelled(each.suite); }) ||
         std::any_of(failures.begin(), failures.end(),
                     [&](const auto& each) { return says_security(each.suite) || says_security(each.uri); });
}

class Selector {
 public:
  Selector(const Request& request, const std::vector<Slot>& slots) : request_(request), slots_(slots), update_(request.policy.update) {}

  Selection run() {
    if (update_ == Update::security && !has_security_archive(request_, slots_)) {
      out_.notes.emplace_back(
          "no repository of the image is a security archive: every newer version of its own release is taken, as with --update all");
      update_ = Update::all;
    }
    if (!request_.policy.severities.empty() && request_.findings.empty()) {
      out_.notes.emplace_back("--min-severity has nothing to judge by: no report says how severe the outstanding fixes are");
    }
    note_unknown_names("--only", request_.policy.only);
    note_unknown_names("--hold", request_.policy.hold);
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      if (slots_[i].candidate) consider(i);
      if (slots_[i].elsewhere && misses(slots_[i])) out_.missed.insert(i);
      if (slots_[i].younger && waits(slots_[i])) out_.waiting.insert(i);
    }
    return std::move(out_);
  }

 private:
  void consider(std::size_t index) {
    const Slot& slot = slots_[index];
    const bool named = !request_.policy.only.empty() && names_package(request_.policy.only, *slot.installed);
    if (!slot.floor.empty() && !slot.floor_candidate) {
      if (!request_.policy.only.empty() && !named) {
        throw_below_floor(slot.installed->key(), slot.floor,
                          fmt::format("no repository offers it any longer, and --only leaves {} out", slot.candidate->version));
      }
      out_.wishes[index] = {Why::all, fmt::format("{} of the given image is no longer offered", slot.floor), slot.known_fix()};
      return;
    }
    const std::optional<Why> why = wanted(slot);
    if (!why) {
      // In an update by report, what a security archive has besides is a known fix as well.
      if (slot.known_fix()) out_.not_selected[index] = {"--update security"};
      return;
    }
    if (!severe_enough(slot, *why)) {
      out_.not_selected[index] = {"--min-severity " + lower(advisory::severity_name(highest_severity(slot.fixable)))};
      return;
    }
    if (leaves_below_floor(slot, *why)) {
      out_.not_selected[index] = {.option = {},
                                  .reason = document::HeldReason::policy,
                                  .detail = "less severe than the policy's floor, " + lower(advisory::severity_name(request_.rules->severity_floor)),
                                  .rule = request_.rules->limit("severityFloor")};
      return;
    }
    if (!request_.policy.only.empty() && !named) {
      if (slot.known_fix()) out_.not_selected[index] = {"--only " + slot.installed->name};
      return;
    }
    out_.wishes[index] = {*why, {}, named || slot.known_fix()};
  }

  // What would be wished for if there were packages for the architecture. Findings are looked at one by one (decide.cpp).
  bool misses(const Slot& slot) const {
    if (!request_.policy.only.empty() && !names_package(request_.policy.only, *slot.installed)) return false;
    if (!request_.policy.severities.empty() && !request_.findings.empty()) return false;
    return update_ == Update::all || (update_ == Update::security && (slot.elsewhere->entry.security || slot.data));
  }

  // What would be wished for if the younger version were old enough.
  bool waits(const Slot& slot) const {
    const Policy& policy = request_.policy;
    if (!policy.only.empty() && !names_package(policy.only, *slot.installed)) return false;
    if (policy.severities.empty() || request_.findings.empty()) return !slot.waiting.empty() || (update_ != Update::reported && slot.younger->entry.security);
    return std::any_of(slot.waiting.begin(), slot.waiting.end(), [&](const advisory::Finding* each) { return policy.severities.contains(each->severity); });
  }

  // A misspelt name would otherwise look like nothing to do.
  void note_unknown_names(std::string_view option, const std::vector<std::string>& globs) {
    for (const std::string& glob : globs) {
      if (std::none_of(slots_.begin(), slots_.end(), [&](const Slot& slot) { return names_package({glob}, *slot.installed); })) {
        out_.notes.push_back(fmt::format("{} {}: no installed package or source has this name", option, printable(glob)));
      }
    }
  }

  std::optional<Why> wanted(const Slot& slot) const {
    if (!slot.fixable.empty()) return Why::reported;
    if (update_ == Update::reported) return std::nullopt;
    if (slot.security) return Why::security;
    if (slot.data) return Why::data;
    return update_ == Update::all ? std::optional(Why::all) : std::nullopt;
  }

  // The filter judges findings; what is wanted for another reason than a fix has no severity to judge.
  bool severe_enough(const Slot& slot, Why why) const {
    const auto& severities = request_.policy.severities;
    if (severities.empty() || request_.findings.empty() || (why != Why::reported && why != Why::security) || slot.exploited) return true;
    if (slot.fixable.empty()) return severities.contains(advisory::Severity::unknown);
    return std::any_of(slot.fixable.begin(), slot.fixable.end(),
                       [&](const advisory::Finding* each) { return severities.contains(each->severity); });
  }

  bool leaves_below_floor(const Slot& slot, Why why) const {
    const bool for_a_fix = why == Why::reported || why == Why::security;
    return request_.rules != nullptr && for_a_fix && !slot.allowed && !slot.exploited && below_floor(*request_.rules, slot.fixable);
  }

  const Request& request_;
  const std::vector<Slot>& slots_;
  Update update_;
  Selection out_;
};

}  // namespace

advisory::Severity highest_severity(const std::vector<const advisory::Finding*>& findings) {
  advisory::Severity highest = advisory::Severity::unknown;
  for (const advisory::Finding* finding : findings) highest = std::max(highest, finding->severity);
  return highest;
}

Selection select(const Request& request, const std::vector<Slot>& slots) { return Selector(request, slots).run(); }

}  // namespace resole::plan
