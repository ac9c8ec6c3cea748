// SPDX-License-Identifier: Apache-2.0
#include "plan/decide.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <tuple>

#include "base/text.hpp"
#include "plan/out_of_reach.hpp"

namespace resole::plan {

namespace {

using advisory::Finding;
using document::HeldPackage;
using document::HeldReason;
using document::PlannedPackage;
using document::Scope;
using document::Why;

std::vector<std::string> ids_of(const std::vector<const Finding*>& findings) {
  std::set<std::string> ids;
  for (const Finding* finding : findings) ids.insert(finding->id);
  return {ids.begin(), ids.end()};
}

// Those that nobody has seen here, only on another platform of the image.
std::vector<std::string> inferred_of(const std::vector<const Finding*>& findings) {
  std::set<std::string> inferred, seen;
  for (const Finding* finding : findings) (finding->inferred ? inferred : seen).insert(finding->id);
  std::vector<std::string> ids;
  std::set_difference(inferred.begin(), inferred.end(), seen.begin(), seen.end(), std::back_inserter(ids));
  return ids;
}

bool any_exploited(const std::vector<const Finding*>& findings) {
  return std::any_of(findings.begin(), findings.end(), [](const Finding* each) { return each->known_exploited; });
}

class Decider {
 public:
  Decider(const Board& board, const Settlement& settlement, const Holds& holds) : board_(board), settlement_(settlement), holds_(holds) {}

  Decision run(Distributed distributed) {
    for (std::size_t i = 0; i < board_.survey.slots.size(); ++i) add_planned(i);
    for (const Addition& addition : settlement_.additions) add_addition(addition);
    for (const std::size_t slot : held_slots()) add_held(slot);
    for (const auto& [slot, left] : board_.selection.not_selected) add_not_selected(slot, left);
    for (std::size_t i = 0; i < board_.survey.slots.size(); ++i) {
      if (!add_missed(i)) add_beyond(i, board_.slot(i).beyond);
      if (board_.selection.waiting.contains(i)) add_waiting(i);
    }
    const auto order = [](const auto& a, const auto& b) { return std::tie(a.name, a.arch) < std::tie(b.name, b.arch); };
    std::sort(out_.packages.begin(), out_.packages.end(), order);
    std::stable_sort(out_.held.begin(), out_.held.end(), order);
    out_.unfixed = std::move(distributed.unfixed);
    out_.not_in_image = std::move(distributed.not_in_image);
    out_.already_fixed = std::move(distributed.already_fixed);
    out_.notes = board_.selection.notes;
    note_lacking_suites();
    if (distributed.inferred > 0) {
      out_.notes.push_back(fmt::format("{} finding{} inferred, by source package, from a report of another platform", distributed.inferred,
                                       distributed.inferred == 1 ? "" : "s"));
    }
    return std::move(out_);
  }

 private:
  const pkg::Verdict& verdict_of(const pkg::Candidate& candidate) const {
    return board_.request.verdicts.at(candidate.entry.identity());
  }

  PlannedPackage planned(const pkg::Candidate& candidate, const Move& move) const {
    PlannedPackage package;
    package.name = candidate.name;
    package.arch = candidate.arch;
    package.to = candidate.version;
    package.source = candidate.source;
    package.repository = candidate.entry;
    package.why = move.why;
    package.why_detail = move.detail;
    package.verdict = verdict_of(candidate);
    if (package.repository.sha256.empty()) package.repository.sha256 = package.verdict.sha256;
    if (!package.verdict.passes()) {  // only --scripts sandbox lets these through
      package.verdict.kind = pkg::VerdictKind::sandbox;
      package.reproducible = false;
    }
    return package;
  }

  void add_planned(std::size_t index) {
    const Slot& slot = board_.slot(index);
    const auto move = settlement_.moves.find(index);
    const bool moves = move != settlement_.moves.end();
    if (!moves && !slot.floor_candidate) return;
    PlannedPackage package =
        moves ? planned(*slot.candidate, move->second) : planned(*slot.floor_candidate, {Why::floor, "in the given image"});
    package.from = slot.installed->version;
    package.from_source = slot.installed->source;
    package.noise = slot.noise;
    std::vector<const Finding*> fixed = slot.at_floor;
    if (moves) fixed.insert(fixed.end(), slot.fixable.begin(), slot.fixable.end());
    const bool keeps_files = board_.request.policy.on_modified == OnModified::keep && !slot.installed->modified.empty();
    if (keeps_files && moves && slot.known_fix()) add_kept(slot, package);
    package.fixes = keeps_files ? std::vector<std::string>{} : ids_of(fixed);
    package.inferred = keeps_files ? std::vector<std::string>{} : inferred_of(fixed);
    package.severity = keeps_files ? advisory::Severity::unknown : highest_severity(fixed);
    package.known_exploited = !keeps_files && any_exploited(fixed);
    if (moves) package.rule = slot.rule;
    // Below a floor there is nothing to hold back any more: the given image has the new files already.
    (board_.request.policy.on_modified == OnModified::keep ? package.keep : package.overwrite) = slot.installed->modified;
    out_.packages.push_back(std::move(package));
  }

  // The package moves but for files that stay as the image has them: whether the fix is in those is not known, so it is not claimed.
  void add_kept(const Slot& slot, const PlannedPackage& moving) {
    HeldPackage package = held(slot);
    package.reason = HeldReason::locally_modified;
    package.detail = fmt::format("goes to {}, but stays as it is: {}", moving.to, join(slot.installed->modified, ", "));
    package.option = document::option_for(HeldReason::locally_modified);
    package.requested = true;
    out_.held.push_back(std::move(package));
  }

  void add_addition(const Addition& addition) { out_.packages.push_back(planned(addition.candidate, addition.move)); }

  HeldPackage held(const Slot& slot) const {
    HeldPackage package;
    package.name = slot.installed->name;
    package.arch = slot.installed->arch;
    package.installed = slot.rest().version;
    package.candidate = slot.candidate ? slot.candidate->version : "";
    package.source = slot.installed->source;
    package.noise = slot.noise;
    leave_open(package, slot.fixable);
    return package;
  }

  static void leave_open(HeldPackage& package, const std::vector<const Finding*>& findings) {
    package.fixes = ids_of(findings);
    package.inferred = inferred_of(findings);
    package.severity = highest_severity(findings);
    package.known_exploited = any_exploited(findings);
  }

  // What was wished for, and whatever it is held for in turn.
  std::set<std::size_t> held_slots() const {
    std::set<std::size_t> slots;
    for (const auto& [wish, reason] : board_.selection.wishes) {
      for (auto hold = holds_.find(wish); hold != holds_.end() && slots.insert(hold->first).second;) {
        if (!hold->second.blocker) break;
        hold = holds_.find(*hold->second.blocker);
      }
    }
    return slots;
  }

  void add_held(std::size_t index) {
    const Hold& hold = holds_.at(index);
    const auto wish = board_.selection.wishes.find(index);
    HeldPackage package = held(board_.slot(index));
    package.reason = hold.reason;
    package.detail = hold.detail;
    package.option = document::option_for(hold.reason);
    package.rule = hold.rule;
    if (hold.until != 0) package.until = format_time(hold.until);
    if (hold.reason == HeldReason::phased) package.option += " " + package.name;
    package.requested = wish != board_.selection.wishes.end() && wish->second.requested;
    out_.held.push_back(std::move(package));
  }

  void add_not_selected(std::size_t index, const Left& left) {
    if (settlement_.moves.contains(index)) return;  // it moves along with others
    HeldPackage package = held(board_.slot(index));
    package.reason = left.reason;
    package.option = left.option;
    package.detail = left.detail;
    package.rule = left.rule;
    out_.held.push_back(std::move(package));
  }

  // What the newest version has, which is too young, while an older one could be taken.
  void add_waiting(std::size_t index) {
    const Slot& slot = board_.slot(index);
    HeldPackage package = held(slot);
    leave_open(package, slot.waiting);
    package.candidate = slot.younger->version;
    package.reason = slot.younger_hold.reason;
    package.detail = slot.younger_hold.detail;
    if (settlement_.moves.contains(index)) package.detail += fmt::format("; until then it goes to {}", slot.candidate->version);
    package.rule = slot.younger_hold.rule;
    package.until = format_time(slot.younger_hold.until);
    package.requested = true;
    out_.held.push_back(std::move(package));
  }

  // Fixes that the candidate does not reach: the feed is ahead of the repositories, or they are another release's or a subscription's.
  void add_beyond(std::size_t index, const std::vector<const Finding*>& beyond) {
    const Slot& slot = board_.slot(index);
    if (beyond.empty()) return;
    HeldPackage package = held(slot);
    leave_open(package, beyond);
    const std::string needed = fmt::format("needs {} {}", slot.installed->source.name, highest_fix(beyond));
    if (const pkg::RepositoryFailure* failure = failure_behind(slot)) {
      package.reason = HeldReason::repository_unverified;
      package.detail = fmt::format("{}; {} {}: {}", needed, printable(failure->uri), printable(failure->suite), failure->message);
      package.requested = true;
    } else {
      package.reason = out_of_reach(highest_fix(beyond), slot, board_.request.inventory.os);
      package.scope = package.reason == HeldReason::upstream_bump ? Scope::rebase : Scope::not_yet;  // another release has it
      package.detail = needed + offered_instead(slot);
    }
    out_.held.push_back(std::move(package));
  }

  // What a suite has for other architectures only: by a report, or because it would have been taken. Not a part that is left undone, as it cannot be done.
  bool add_missed(std::size_t index) {
    const Slot& slot = board_.slot(index);
    if (!slot.elsewhere) return false;
    std::vector<const Finding*> reached, beyond;
    for (const Finding* finding : slot.beyond)
      (board_.request.family.compare(slot.elsewhere->source.version, finding->fixed) >= 0 ? reached : beyond).push_back(finding);
    if (reached.empty() && !board_.selection.missed.contains(index)) return false;
    const pkg::Candidate& elsewhere = *slot.elsewhere;
    HeldPackage package = held(slot);
    package.candidate = elsewhere.version;
    leave_open(package, reached);
    package.reason = HeldReason::architecture_not_in_suite;
    package.scope = Scope::rebase;
    package.detail = fmt::format("{} has no packages for {}; for {} it has {} {}", printable(elsewhere.entry.suite, 80), arch_of(slot), elsewhere.arch,
                                 elsewhere.source.name, elsewhere.source.version);
    out_.held.push_back(std::move(package));
    add_beyond(index, beyond);
    return true;
  }

  const std::string& arch_of(const Slot& slot) const {
    return slot.installed->arch == "all" ? board_.request.inventory.arch : slot.installed->arch;
  }

  void note_lacking_suites() {
    for (const pkg::RepositoryState& state : board_.request.offers.repositories()) {
      if (!state.lacking.empty()) {
        out_.notes.push_back(fmt::format("{} {} has no packages for {}: fixes in it are not for this image", printable(state.uri),
                                         printable(state.suite, 80), printable(join(state.lacking, ", "), 80)));
      }
    }
  }

  std::string highest_fix(const std::vector<const Finding*>& findings) const {
    const Finding* highest = findings.front();
    for (const Finding* each : findings) {
      if (board_.request.family.compare(each->fixed, highest->fixed) > 0) highest = each;
    }
    return printable(highest->fixed, 80);
  }

  static std::string offered_instead(const Slot& slot) {
    if (!slot.candidate)
      return slot.offered ? ", and the repositories have nothing newer than what is installed"
                          : ", and no repository of the image has the package";
    const pkg::SourceRef& source = slot.candidate->source;
    const bool other = source.name != slot.installed->source.name;
    return fmt::format(", the repositories offer {} {}{}", source.name, source.version, other ? ", another source" : "");
  }

  // The repository that would have to have it could not be read: the package's own, or a security archive.
  const pkg::RepositoryFailure* failure_behind(const Slot& slot) const {
    for (const pkg::RepositoryFailure& failure : board_.request.offers.failures()) {
      const std::string name = lower(failure.suite + " " + failure.uri);
      if (!slot.offered || name.find("security") != std::string::npos) return &failure;
    }
    return nullptr;
  }

  const Board& board_;
  const Settlement& settlement_;
  const Holds& holds_;
  Decision out_;
};

}  // namespace

Decision decide(const Board& board, const Settlement& settlement, const Holds& holds, Distributed distributed) {
  return Decider(board, settlement, holds).run(std::move(distributed));
}

}  // namespace resole::plan
