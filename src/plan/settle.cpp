// SPDX-License-Identifier: Apache-2.0
#include "plan/settle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <tuple>

#include "base/error.hpp"
#include "base/text.hpp"
#include "plan/newcomers.hpp"
#include "plan/solver.hpp"

namespace resole::plan {

namespace {

using document::HeldReason;
using document::Why;

std::string key_and_version(const pkg::Package& package) { return package.key() + " " + package.version; }

// One try from the start: either everything fits, or holds have been added and the next try begins.
class Attempt {
 public:
  Attempt(const Board& board, Holds& holds) : board_(board), holds_(holds) {}

  bool run() {
    for (const pkg::Candidate& kept : board_.survey.kept_additions) out_.additions.push_back({kept, {Why::floor, "in the given image"}});
    for (const auto& [slot, wish] : board_.selection.wishes) raise(slot, {wish.why, wish.detail});
    for (;;) {
      const World world = board_.world(out_);
      const auto violations = board_.violations(world);
      if (violations.empty()) break;
      bool repaired = false;
      for (const Violation& each : violations) repaired = repair(each) || repaired;
      if (repaired || bring_newcomers(violations)) continue;
      give_up(hopeless(violations));
      return false;
    }
    explain_additions();
    return true;
  }
  Settlement take() { return std::move(out_); }

 private:
  bool may_move(std::size_t slot) const { return board_.slot(slot).candidate && !holds_.contains(slot) && !out_.moves.contains(slot); }
  bool moved(std::size_t slot) const { return out_.moves.contains(slot); }

  // A slot goes to its candidate, and its source's other binaries with it.
  bool raise(std::size_t slot, Move move) {
    if (!may_move(slot)) return false;
    out_.moves.emplace(slot, std::move(move));
    for (const std::size_t member : board_.group(slot)) {
      if (!may_move(member)) continue;
      const auto wish = board_.selection.wishes.find(member);
      out_.moves.emplace(member, wish != board_.selection.wishes.end()
                                     ? Move{wish->second.why, wish->second.detail}
                                     : Move{Why::lockstep, "lockstep with " + board_.slot(slot).installed->name});
    }
    return true;
  }

  // ---- newer versions of what is installed

  // Has the package gone to its candidate since the violation was seen?
  bool changed_since(const pkg::Package* package) const {
    const auto slot = package ? board_.slot_of(*package) : std::nullopt;
    return slot && moved(*slot) && package != &*board_.slot(*slot).candidate;
  }

  bool repair(const Violation& violation) {
    if (changed_since(violation.package) || changed_since(violation.other)) return true;
    const auto why = [&](std::string_view relation) {
      return Move{Why::dependency, fmt::format("{} {} ({})", relation, violation.package->name, violation.text())};
    };
    const auto own = board_.slot_of(*violation.package);
    const auto other = violation.other ? board_.slot_of(*violation.other) : std::nullopt;
    switch (violation.kind) {
      case Violation::Kind::depends:
        for (const pkg::Atom& atom : *violation.alternatives) {
          for (const std::size_t slot : board_.candidates_for(atom, *violation.package)) {
            if (moved(slot) || raise(slot, why("needed by"))) return true;
          }
        }
        return own && raise(*own, {Why::dependency, fmt::format("what it depends on moves ({})", violation.text())});
      case Violation::Kind::breaks:
      case Violation::Kind::conflicts:
        if (other && raise(*other, why("its older version does not go with"))) return true;
        return own && raise(*own, {Why::dependency,
                                   fmt::format("its older version does not go with {} ({})", violation.other->name, violation.text())});
      case Violation::Kind::versions_differ:
        return (other && raise(*other, why("the same version as"))) || (own && raise(*own, why("the same version as")));
    }
    return false;
  }

  // ---- packages that are new

  std::vector<Violation> unmet_by_moves(const std::vector<Violation>& violations) const {
    std::vector<Violation> unmet;
    for (const Violation& each : violations) {
      const auto slot = board_.slot_of(*each.package);
      if (each.kind == Violation::Kind::depends && (!slot || moved(*slot))) unmet.push_back(each);
    }
    return unmet;
  }

  // Everything that is there or could be: what the solver chooses from.
  SolverInput solver_input(const std::vector<pkg::Candidate>& found) const {
    SolverInput input;
    for (std::size_t i = 0; i < board_.survey.slots.size(); ++i) {
      input.installed.push_back(&board_.slot(i).rest());
      if (board_.slot(i).candidate && !holds_.contains(i)) input.available.push_back(&*board_.slot(i).candidate);
    }
    for (const Addition& addition : out_.additions) input.available.push_back(&addition.candidate);
    for (const pkg::Candidate& candidate : found) input.available.push_back(&candidate);
    input.architectures = board_.request.inventory.foreign;
    input.architectures.insert(input.architectures.begin(), board_.request.inventory.arch);
    input.ignored = [this](const pkg::Package& package, const pkg::Alternatives& alternatives) {
      return board_.tolerated({.kind = Violation::Kind::depends, .package = &package, .alternatives = &alternatives});
    };
    return input;
  }

  std::vector<pkg::Candidate> find_newcomers(const std::vector<Violation>& unmet, Reach reach) const {
    const SolverInput there = solver_input({});
    std::vector<const pkg::Package*> reachable = there.installed;
    reachable.insert(reachable.end(), there.available.begin(), there.available.end());
    return newcomers(board_.request, World(std::move(reachable), board_.request.family, board_.request.inventory.arch), unmet, reach);
  }

  bool bring_newcomers(const std::vector<Violation>& violations) {
    const auto unmet = unmet_by_moves(violations);
    if (unmet.empty()) return false;
    for (const Reach reach : {Reach::narrow, Reach::wide}) {
      const auto found = find_newcomers(unmet, reach);
      if (found.empty()) continue;
      SolverInput input = solver_input(found);
      for (const auto& [slot, move] : out_.moves) input.wanted.push_back(&*board_.slot(slot).candidate);
      for (const Addition& addition : out_.additions) input.wanted.push_back(&addition.candidate);
      if (const auto answer = solve(input, board_.request.family)) return adopt(*answer, found);
    }
    return false;
  }

  bool adopt(const SolverAnswer& answer, const std::vector<pkg::Candidate>& found) {
    bool changed = false;
    for (const pkg::Package* package : answer.taken) {
      if (const auto slot = board_.slot_of(*package)) {
        changed = raise(*slot, {Why::dependency, "needed together with the new packages"}) || changed;
        continue;
      }
      const auto candidate = std::find_if(found.begin(), found.end(), [&](const pkg::Candidate& each) { return &each == package; });
      if (candidate == found.end()) continue;  // added before
      out_.additions.push_back({*candidate, {Why::dependency, {}}});
      changed = true;
    }
    return changed;
  }

  // The first dependency that only the addition fulfils.
  std::string reason_of(const pkg::Candidate& addition, const World& world) const {
    for (const pkg::Package* package : world.packages()) {
      for (const pkg::Alternatives& alternatives : package->relations.depends) {
        std::set<const pkg::Package*> satisfiers;
        for (const pkg::Atom& atom : alternatives) {
          const auto some = world.satisfiers(atom, *package);
          satisfiers.insert(some.begin(), some.end());
        }
        if (satisfiers == std::set<const pkg::Package*>{&addition})
          return fmt::format("needed by {} (Depends: {})", package->name, text_of(alternatives));
      }
    }
    return "needed by other new packages";
  }

  void explain_additions() {
    const World world = board_.world(out_);
    for (Addition& addition : out_.additions) {
      if (addition.move.detail.empty()) addition.move.detail = reason_of(addition.candidate, world);
    }
    const auto order = [](const Addition& a, const Addition& b) {
      return std::tie(a.candidate.name, a.candidate.arch) < std::tie(b.candidate.name, b.candidate.arch);
    };
    std::sort(out_.additions.begin(), out_.additions.end(), order);
  }

  // ---- what has to stay

  // The first that new packages would not mend either, were its package the only one to move.
  const Violation& hopeless(const std::vector<Violation>& violations) const {
    for (const Violation& each : violations) {
      if (unmet_by_moves({each}).empty() || !mendable(each)) return each;
    }
    return violations.front();
  }

  bool mendable(const Violation& unmet) const {
    for (const Reach reach : {Reach::narrow, Reach::wide}) {
      const auto found = find_newcomers({unmet}, reach);
      SolverInput input = solver_input(found);
      for (const std::size_t slot : moves_behind(*unmet.package)) {
        for (const std::size_t member : board_.group(slot)) input.wanted.push_back(&*board_.slot(member).candidate);
      }
      if (solve(input, board_.request.family)) return true;
    }
    return false;
  }

  void give_up(const Violation& violation) {
    const std::set<std::size_t> slots = culprits(violation);
    if (slots.empty()) {
      throw Error(ErrorKind::refused,
                  fmt::format("the versions of the given image do not fit together: {} has {}", key_and_version(*violation.package),
                              violation.text()),
                  "patch the original image");
    }
    const Hold hold = reason_for(violation, *slots.begin());
    for (const std::size_t slot : slots) board_.hold(slot, hold, holds_);
  }

  // The moves without which the relation would hold.
  std::set<std::size_t> culprits(const Violation& violation) const {
    if (violation.kind == Violation::Kind::depends) {
      const auto gone = moved_away(violation);
      return gone.empty() ? moves_behind(*violation.package) : gone;
    }
    const auto own = moves_behind(*violation.package);
    return own.empty() ? moves_behind(*violation.other) : own;
  }

  // What would fulfil the dependency had it not moved.
  std::set<std::size_t> moved_away(const Violation& violation) const {
    const World before = board_.world({});
    std::set<std::size_t> slots;
    for (const pkg::Atom& atom : *violation.alternatives) {
      for (const pkg::Package* package : before.satisfiers(atom, *violation.package)) {
        if (const auto slot = board_.slot_of(*package); slot && moved(*slot)) slots.insert(*slot);
      }
    }
    return slots;
  }

  std::set<std::size_t> moves_behind(const pkg::Package& package) const {
    const auto slot = board_.slot_of(package);
    if (!slot) return board_.needing(out_, package);
    return moved(*slot) ? std::set<std::size_t>{*slot} : std::set<std::size_t>{};
  }

  Hold reason_for(const Violation& violation, std::size_t culprit) const {
    if (violation.kind != Violation::Kind::depends) return staying_reason(violation);
    if (moved_away(violation).empty()) return unmet_reason(violation, culprit);
    const auto own = board_.slot_of(*violation.package);
    if (!own || moved(*own))
      return Hold{HeldReason::breaks_installed, fmt::format("{} has {}", key_and_version(*violation.package), violation.text())};
    return staying_reason(violation);
  }

  Hold unmet_reason(const Violation& violation, std::size_t culprit) const {
    for (const pkg::Atom& atom : *violation.alternatives) {
      for (const std::size_t slot : board_.candidates_for(atom, *violation.package)) {
        if (holds_.contains(slot)) return held_by(slot, fmt::format("needs {} ({})", board_.slot(slot).installed->key(), violation.text()));
      }
    }
    const auto removed = would_remove(culprit, violation);
    if (!removed.empty())
      return Hold{HeldReason::would_remove, fmt::format("{}; that would remove {}", violation.text(), join(removed, ", "))};
    return Hold{HeldReason::unsatisfiable, fmt::format("{} {}: no repository offers what fits", violation.package->name, violation.text())};
  }

  // Of two packages that do not go together, the one that stays.
  Hold staying_reason(const Violation& violation) const {
    const auto own = board_.slot_of(*violation.package);
    const bool own_stays = own && !moved(*own);
    const pkg::Package& staying = own_stays || !violation.other ? *violation.package : *violation.other;
    const std::string clash =
        &staying == violation.package
            ? fmt::format("{} stays, and it has {}", key_and_version(staying), violation.text())
            : fmt::format("{} stays, and {} has {}", key_and_version(staying), violation.package->name, violation.text());
    const auto slot = board_.slot_of(staying);
    if (slot && holds_.contains(*slot)) return held_by(*slot, clash);
    return Hold{HeldReason::breaks_installed, clash};
  }

  Hold held_by(std::size_t slot, const std::string& relation) const {
    const Hold& blocker = holds_.at(slot);
    return Hold{.reason = HeldReason::held_with,
                .detail = fmt::format("{}, which is held ({})", relation, document::word(blocker.reason)),
                .blocker = slot};
  }

  // What would have to go for this one alone; empty when that does not help either.
  std::vector<std::string> would_remove(std::size_t culprit, const Violation& violation) const {
    const auto found = find_newcomers({violation}, Reach::wide);
    SolverInput input = solver_input(found);
    for (const std::size_t member : board_.group(culprit)) input.wanted.push_back(&*board_.slot(member).candidate);
    input.allow_removal = true;
    std::vector<std::string> removed;
    if (const auto answer = solve(input, board_.request.family)) {
      for (const pkg::Package* package : answer->removed) removed.push_back(package->key());
    }
    return removed;
  }

  const Board& board_;
  Holds& holds_;
  Settlement out_;
};

// Every try that fails holds one more, so this ends.
Settlement try_until_consistent(const Board& board, Holds& holds) {
  for (;;) {
    Attempt attempt(board, holds);
    if (attempt.run()) return attempt.take();
  }
}

}  // namespace

Settlement settle(const Board& board, Holds& holds) {
  const Holds firm = holds;
  Settlement best = try_until_consistent(board, holds);
  const Holds found = holds;
  for (const auto& [slot, hold] : found) {
    if (firm.contains(slot) || !holds.contains(slot)) continue;
    Holds fewer = holds;
    for (const std::size_t member : board.group(slot)) fewer.erase(member);
    Settlement again = try_until_consistent(board, fewer);
    if (fewer.size() >= holds.size()) continue;
    holds = std::move(fewer);
    best = std::move(again);
  }
  return best;
}

}  // namespace resole::plan
