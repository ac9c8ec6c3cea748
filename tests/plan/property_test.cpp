// SPDX-License-Identifier: Apache-2.0
// What holds for every plan, tried on many small tangled systems.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "plan/planner.hpp"
#include "plan/random_universe.hpp"
#include "plan/version_order.hpp"
#include "plan/world.hpp"

namespace resole::plan {
namespace RESOLE_TEST_FILE {

constexpr unsigned kUniverses = 200;

struct Planned {
  Decision decision;
  int rounds = 0;
};

Planned plan_all(const RandomUniverse& universe, const std::vector<Floor>& floors = {}) {
  const VersionOrder family;
  Request request{.inventory = universe.inventory,
                  .offers = universe,
                  .family = family,
                  .recipe = nullptr,
                  .findings = {},
                  .floors = floors,
                  .policy = {.update = Update::all},
                  .verdicts = {}};
  for (Planned planned;;) {
    auto answer = make(request);
    ++planned.rounds;
    if (auto* decision = std::get_if<Decision>(&answer)) {
      planned.decision = std::move(*decision);
      return planned;
    }
    for (const auto& candidate : std::get<NeedControl>(answer).packages)
      request.verdicts[candidate.entry.sha256.text()] = universe.verdict(candidate);
  }
}

struct Sample {
  RandomUniverse universe;
  Planned planned;
};

// Planned once, looked at by all tests.
const std::vector<Sample>& samples() {
  static const std::vector<Sample> all = [] {
    std::vector<Sample> made;
    for (unsigned seed = 0; seed < kUniverses; ++seed) {
      RandomUniverse universe(seed);
      Planned planned = plan_all(universe);
      made.push_back({std::move(universe), std::move(planned)});
    }
    return made;
  }();
  return all;
}

// The system after the plan.
std::vector<pkg::Package> after(const RandomUniverse& universe, const Decision& decision) {
  std::vector<pkg::Package> packages(universe.inventory.packages.begin(), universe.inventory.packages.end());
  for (const auto& planned : decision.packages) {
    const pkg::Offers offers = universe.offers(planned.name, planned.arch);
    const auto same = [&](const pkg::Package& each) { return each.name == planned.name && each.arch == planned.arch; };
    std::erase_if(packages, same);
    packages.push_back(offers.all.at(offers.chosen.value()));
  }
  return packages;
}

// Relations that do not hold, by names alone: what was broken before may stay so.
std::set<std::string> broken(const std::vector<pkg::Package>& packages) {
  const VersionOrder family;
  std::vector<const pkg::Package*> pointers;
  for (const pkg::Package& package : packages) pointers.push_back(&package);
  std::set<std::string> out;
  for (const Violation& violation : World(pointers, family, "amd64").violations()) {
    std::vector<std::string> names;
    if (violation.alternatives)
      for (const pkg::Atom& atom : *violation.alternatives) names.push_back(atom.name);
    if (violation.atom) names.push_back(violation.atom->name);
    if (violation.other) names.push_back(violation.other->name);
    std::sort(names.begin(), names.end());
    std::string text = violation.package->key() + std::to_string(static_cast<int>(violation.kind));
    for (const std::string& name : names) text += " " + name;
    out.insert(text);
  }
  return out;
}

std::string summary(const Decision& decision) {
  std::string text;
  for (const auto& each : decision.packages)
    text += each.name + ":" + each.arch + " " + each.from + " " + each.to + " " + each.why_detail + "\n";
  for (const auto& each : decision.held)
    text += "held " + each.name + ":" + each.arch + " " + std::string(document::word(each.reason)) + " " + each.detail + "\n";
  return text;
}

TEST(EveryPlan, is_consistent_and_only_goes_up) {
  std::size_t upgraded = 0, added = 0, held = 0;
  const VersionOrder family;
  for (unsigned seed = 0; seed < kUniverses; ++seed) {
    const auto& [universe, planned] = samples()[seed];
    std::vector<pkg::Package> before(universe.inventory.packages.begin(), universe.inventory.packages.end());
    const auto old_breaks = broken(before), new_breaks = broken(after(universe, planned.decision));
    for (const std::string& text : new_breaks)
      ASSERT_TRUE(old_breaks.contains(text)) << "seed " << seed << ": " << text << "\n" << summary(planned.decision);
    for (const auto& package : planned.decision.packages) {
      if (package.from.empty()) {
        ++added;
        EXPECT_EQ(universe.inventory.find(package.name, package.arch), nullptr);
      } else {
        ++upgraded;
        EXPECT_LT(family.compare(package.from, package.to), 0);
      }
      EXPECT_TRUE(package.verdict.passes());
    }
    held += planned.decision.held.size();
  }
  EXPECT_GT(upgraded, kUniverses) << "the universes are too easy or too hard to say anything";
  EXPECT_GT(added, kUniverses / 20) << "too few new packages";
  EXPECT_GT(held, kUniverses / 2);
}

TEST(EveryPlan, accounts_for_every_newer_version) {
  for (unsigned seed = 0; seed < kUniverses; ++seed) {
    const RandomUniverse& universe = samples()[seed].universe;
    const Decision& decision = samples()[seed].planned.decision;
    std::set<std::string> named;
    for (const auto& each : decision.packages) EXPECT_TRUE(named.insert(each.name + ":" + each.arch).second) << "twice";
    for (const auto& each : decision.held) EXPECT_TRUE(named.insert(each.name + ":" + each.arch).second) << "taken and held";
    for (const auto& installed : universe.inventory.packages) {
      const pkg::Offers offers = universe.offers(installed.name, installed.arch);
      const bool newer = offers.chosen && offers.all[*offers.chosen].version != installed.version;
      EXPECT_EQ(named.contains(installed.key()), newer) << "seed " << seed << ": " << installed.key() << "\n" << summary(decision);
    }
  }
}

TEST(EveryPlan, moves_a_source_as_one) {
  for (unsigned seed = 0; seed < kUniverses; ++seed) {
    const Decision& decision = samples()[seed].planned.decision;
    std::map<std::string, std::set<bool>> moved;  // source -> does it move
    for (const auto& each : decision.packages)
      if (!each.from.empty()) moved[each.from_source.name].insert(true);
    for (const auto& each : decision.held) moved[each.source.name].insert(false);
    for (const auto& [source, ways] : moved) EXPECT_EQ(ways.size(), 1u) << "seed " << seed << ": " << source << "\n" << summary(decision);
  }
}

TEST(EveryPlan, is_reached_again_from_its_floors) {
  for (unsigned seed = 0; seed < kUniverses; ++seed) {
    const RandomUniverse& universe = samples()[seed].universe;
    const Decision& first = samples()[seed].planned.decision;
    if (!universe.is_consistent) continue;
    std::vector<Floor> floors;
    for (const auto& each : first.packages) floors.push_back({each.name, each.arch, each.to, {}});
    std::reverse(floors.begin(), floors.end());
    const Decision again = plan_all(universe, floors).decision;
    EXPECT_EQ(again.packages.size(), first.packages.size()) << "seed " << seed << "\n" << summary(first) << "---\n" << summary(again);
    for (std::size_t i = 0; i < again.packages.size() && again.packages.size() == first.packages.size(); ++i) {
      EXPECT_EQ(again.packages[i].name, first.packages[i].name);
      EXPECT_EQ(again.packages[i].to, first.packages[i].to);
      EXPECT_EQ(again.packages[i].why, document::Why::floor);
    }
  }
}

TEST(EveryPlan, does_not_depend_on_the_order_of_the_inventory_and_ends_soon) {
  for (unsigned seed = 0; seed < kUniverses / 5; ++seed) {
    const Planned& planned = samples()[seed].planned;
    EXPECT_LT(planned.rounds, 12);
    RandomUniverse universe(seed);
    std::reverse(universe.inventory.packages.begin(), universe.inventory.packages.end());
    EXPECT_EQ(summary(plan_all(universe).decision), summary(planned.decision)) << "seed " << seed;
  }
}

}  // namespace
}  // namespace resole::plan
