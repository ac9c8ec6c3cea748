// SPDX-License-Identifier: Apache-2.0
#include "plan/board.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/text.hpp"

namespace resole::plan {

Board::Board(const Request& given, const Survey& surveyed, const Selection& selected)
    : request(given), survey(surveyed), selection(selected), group_of_(surveyed.slots.size()) {
  // Lockstep: installed from one source, and going to one version of that source.
  std::map<std::tuple<std::string_view, std::string_view, std::string_view>, std::size_t> known;
  for (std::size_t i = 0; i < survey.slots.size(); ++i) {
    const Slot& each = survey.slots[i];
    slots_[each.installed] = i;
    if (each.floor_candidate) slots_[&*each.floor_candidate] = i;
    if (each.candidate) {
      slots_[&*each.candidate] = i;
      candidates_.emplace(each.candidate->name, i);
      for (const pkg::Atom& provided : each.candidate->relations.provides) candidates_.emplace(provided.name, i);
    }
    std::size_t group = groups_.size();
    if (each.candidate)
      group = known.try_emplace({each.installed->source.name, each.candidate->source.name, each.candidate->source.version}, group)
                  .first->second;
    if (group == groups_.size()) groups_.emplace_back();
    groups_[group].push_back(i);
    group_of_[i] = group;
  }
  std::vector<const pkg::Package*> installed;
  for (const Slot& each : survey.slots) installed.push_back(each.installed);
  for (const Violation& violation : World(installed, request.family, request.inventory.arch).violations())
    broken_before_.insert(identity_of(violation, request.inventory.arch));
}

std::optional<std::size_t> Board::slot_of(const pkg::Package& package) const {
  const auto found = slots_.find(&package);
  return found == slots_.end() ? std::nullopt : std::optional(found->second);
}

const std::vector<std::size_t>& Board::group(std::size_t index) const { return groups_[group_of_[index]]; }

std::vector<std::size_t> Board::candidates_for(const pkg::Atom& atom, const pkg::Package& dependent) const {
  std::vector<std::size_t> found;
  const auto [begin, end] = candidates_.equal_range(atom.name);
  for (auto each = begin; each != end; ++each) {
    const pkg::Package* candidate = &*slot(each->second).candidate;
    if (!World({candidate}, request.family, request.inventory.arch).satisfiers(atom, dependent).empty()) found.push_back(each->second);
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

bool Board::tolerated(const Violation& violation) const {
  return (!broken_before_.empty() && broken_before_.contains(identity_of(violation, request.inventory.arch))) || of_slices(violation);
}

// Parts of a package may do without what the whole depends on: whoever cut them chose what is there.
bool Board::of_slices(const Violation& violation) const {
  const auto number = violation.kind == Violation::Kind::depends ? slot_of(*violation.package) : std::nullopt;
  if (!number || !slot(*number).installed->sliced) return false;
  return std::ranges::none_of(*violation.alternatives, [&](const pkg::Atom& atom) {
    return std::ranges::any_of(survey.slots, [&](const Slot& each) { return each.installed->name == atom.name; });
  });
}

World Board::world(const Settlement& settlement) const {
  std::vector<const pkg::Package*> packages;
  packages.reserve(survey.slots.size() + settlement.additions.size());
  for (std::size_t i = 0; i < survey.slots.size(); ++i)
    packages.push_back(settlement.moves.contains(i) ? &*slot(i).candidate : &slot(i).rest());
  for (const Addition& addition : settlement.additions) packages.push_back(&addition.candidate);
  return World(std::move(packages), request.family, request.inventory.arch);
}

std::vector<Violation> Board::violations(const World& world) const {
  std::vector<Violation> all = world.violations();
  std::erase_if(all, [&](const Violation& violation) { return tolerated(violation); });
  return all;
}

Holds Board::initial_holds() const {
  Holds holds;
  for (std::size_t i = 0; i < survey.slots.size(); ++i) {
    if (slot(i).obstacle) holds.emplace(i, *slot(i).obstacle);
  }
  const Holds obstacles = holds;
  for (const auto& [index, obstacle] : obstacles) hold(index, obstacle, holds);
  return holds;
}

void Board::hold(std::size_t index, Hold given, Holds& holds) const {
  holds.emplace(index, given);
  for (const std::size_t member : group(index)) {
    if (!slot(member).floor.empty() && !slot(member).floor_candidate) {
      throw_below_floor(
          slot(member).installed->key(), slot(member).floor,
          fmt::format("no repository offers it any longer, and {} is held: {}", slot(member).candidate->version, given.detail));
    }
    holds.try_emplace(member, Hold{.reason = document::HeldReason::held_with,
                                   .detail = fmt::format("moves together with {}, of the same source, which is held ({})",
                                                         slot(index).installed->key(), document::word(given.reason)),
                                   .blocker = index});
  }
}

// Without the addition, whose dependencies would not be met? Additions among those are followed to what needs them.
std::set<std::size_t> Board::needing(const Settlement& settlement, const pkg::Package& addition) const {
  std::set<std::size_t> slots;
  std::set<const pkg::Package*> without{&addition};
  const World whole = world(settlement);
  for (bool grown = true; grown;) {
    grown = false;
    std::vector<const pkg::Package*> rest;
    for (const pkg::Package* package : whole.packages()) {
      if (!without.contains(package)) rest.push_back(package);
    }
    for (const Violation& violation : violations(World(std::move(rest), request.family, request.inventory.arch))) {
      if (violation.kind != Violation::Kind::depends) continue;
      if (const auto index = slot_of(*violation.package)) {
        if (settlement.moves.contains(*index)) slots.insert(*index);
      } else {
        grown = without.insert(violation.package).second || grown;
      }
    }
  }
  return slots;
}

}  // namespace resole::plan
