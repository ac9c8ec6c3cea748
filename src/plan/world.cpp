// SPDX-License-Identifier: Apache-2.0
#include "plan/world.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "plan/planner.hpp"

namespace resole::plan {

namespace {

using pkg::Operator;

std::string_view operator_text(Operator op) {
  switch (op) {
    case Operator::any:
      return "";
    case Operator::less:
      return "<<";
    case Operator::less_equal:
      return "<=";
    case Operator::equal:
      return "=";
    case Operator::greater_equal:
      return ">=";
    case Operator::greater:
      return ">>";
    case Operator::near:
      return "~";
    case Operator::near_or_less:
      return "<~";
    case Operator::near_or_greater:
      return ">~";
  }
  std::unreachable();
}

}  // namespace

std::string text_of(const pkg::Atom& atom) {
  const std::string name = atom.arch.empty() ? atom.name : atom.name + ":" + atom.arch;
  return atom.op == Operator::any ? name : fmt::format("{} ({} {})", name, operator_text(atom.op), atom.version);
}

std::string text_of(const pkg::Alternatives& alternatives) {
  std::string text;
  for (const pkg::Atom& atom : alternatives) text += (text.empty() ? "" : " | ") + text_of(atom);
  return text;
}

bool version_fits(const pkg::Atom& atom, std::string_view version, const pkg::Family& family) {
  return family.satisfies(version, atom.op, atom.version);
}

std::string Violation::text() const {
  switch (kind) {
    case Kind::depends:
      return "Depends: " + text_of(*alternatives);
    case Kind::breaks:
      return "Breaks: " + text_of(*atom);
    case Kind::conflicts:
      return "Conflicts: " + text_of(*atom);
    case Kind::versions_differ:
      return fmt::format("Multi-Arch: same, but {} is at {}", other->key(), other->version);
  }
  std::unreachable();
}

std::string identity_of(const Violation& violation, const std::string& native) {
  std::vector<std::string> names;
  if (violation.alternatives) {
    for (const pkg::Atom& atom : *violation.alternatives) names.push_back(atom.name);
  }
  if (violation.atom) names.push_back(violation.atom->name);
  if (violation.other) names.push_back(violation.other->name);
  std::sort(names.begin(), names.end());
  const std::string& arch = violation.package->arch == "all" ? native : violation.package->arch;
  return fmt::format("{}:{} {} {}", violation.package->name, arch, static_cast<int>(violation.kind), join(names, " "));
}

std::map<std::string, std::string> broken_relations(const pkg::Inventory& inventory, const pkg::Family& family) {
  std::vector<const pkg::Package*> installed;
  for (const auto& package : inventory.packages) {
    if (package.state != pkg::InstallState::removed) installed.push_back(&package);
  }
  std::map<std::string, std::string> broken;
  for (const Violation& violation : World(installed, family, inventory.arch).violations()) {
    broken.emplace(identity_of(violation, inventory.arch), fmt::format("{} {}: {}", violation.package->key(), violation.package->version, violation.text()));
  }
  return broken;
}

World::World(std::vector<const pkg::Package*> packages, const pkg::Family& family, std::string native)
    : packages_(std::move(packages)), family_(family), native_(std::move(native)) {
  offers_.reserve(packages_.size() * 2);
  for (const pkg::Package* package : packages_) {
    offers_[package->name].push_back({package, nullptr});
    for (const pkg::Atom& provided : package->relations.provides) offers_[provided.name].push_back({package, &provided});
  }
}

const std::vector<World::Offer>& World::offers_of(std::string_view name) const {
  static const std::vector<Offer> kNone;
  const auto found = offers_.find(name);
  return found == offers_.end() ? kNone : found->second;
}

// dpkg: without a qualifier the dependent's own architecture, or any when the target is Multi-Arch: foreign; ":any" only for Multi-Arch:
// allowed.
bool World::arch_fits_dependency(const pkg::Atom& atom, const pkg::Package& dependent, const pkg::Package& target) const {
  if (atom.arch.empty()) return target.multi_arch == "foreign" || arch_of(target) == arch_of(dependent);
  if (atom.arch == "any") return target.multi_arch == "allowed";
  return arch_of(target) == atom.arch;
}

// dpkg: Breaks and Conflicts without a qualifier mean every architecture (lib/dpkg/parse fields: the wildcard architecture).
bool World::arch_fits_conflict(const pkg::Atom& atom, const pkg::Package& target) const {
  return atom.arch.empty() || atom.arch == "any" || arch_of(target) == atom.arch;
}

// A provided name without a version fulfils no condition on versions (policy 7.5).
bool World::offers_fit(const pkg::Atom& atom, const Offer& offer) const {
  if (!offer.provided) return version_fits(atom, offer.package->version, family_);
  if (atom.op == Operator::any) return true;
  return offer.provided->op == Operator::equal && version_fits(atom, offer.provided->version, family_);
}

std::vector<const pkg::Package*> World::satisfiers(const pkg::Atom& atom, const pkg::Package& dependent) const {
  std::vector<const pkg::Package*> found;
  for (const Offer& offer : offers_of(atom.name)) {
    if (arch_fits_dependency(atom, dependent, *offer.package) && offers_fit(atom, offer)) found.push_back(offer.package);
  }
  return found;
}

bool World::satisfied(const pkg::Alternatives& alternatives, const pkg::Package& dependent) const {
  return std::any_of(alternatives.begin(), alternatives.end(), [&](const pkg::Atom& atom) {
    const auto& offers = offers_of(atom.name);
    return std::any_of(offers.begin(), offers.end(), [&](const Offer& offer) {
      return arch_fits_dependency(atom, dependent, *offer.package) && offers_fit(atom, offer);
    });
  });
}

// A package never conflicts with itself, with what it provides itself, or with its own instance of another architecture (policy 7.4).
void World::add_conflicts(Violation::Kind kind, const std::vector<pkg::Atom>& atoms, const pkg::Package& package,
                          std::vector<Violation>& out) const {
  for (const pkg::Atom& atom : atoms) {
    for (const Offer& offer : offers_of(atom.name)) {
      if (offer.package->name == package.name || !arch_fits_conflict(atom, *offer.package) || !offers_fit(atom, offer)) continue;
      out.push_back({.kind = kind, .package = &package, .atom = &atom, .other = offer.package});
    }
  }
}

// Instances of a Multi-Arch: same package share files, so dpkg wants one version of them.
void World::add_differing_versions(const pkg::Package& package, std::vector<Violation>& out) const {
  if (package.multi_arch != "same") return;
  for (const Offer& offer : offers_of(package.name)) {
    const bool other_instance = !offer.provided && offer.package->arch != package.arch && offer.package->multi_arch == "same";
    if (!other_instance || family_.compare(offer.package->version, package.version) == 0) continue;
    out.push_back({.kind = Violation::Kind::versions_differ, .package = &package, .other = offer.package});
  }
}

std::vector<Violation> World::violations() const {
  std::vector<Violation> out;
  for (const pkg::Package* package : packages_) {
    for (const pkg::Alternatives& alternatives : package->relations.depends) {
      if (!satisfied(alternatives, *package))
        out.push_back({.kind = Violation::Kind::depends, .package = package, .alternatives = &alternatives});
    }
    add_conflicts(Violation::Kind::breaks, package->relations.breaks, *package, out);
    add_conflicts(Violation::Kind::conflicts, package->relations.conflicts, *package, out);
    add_differing_versions(*package, out);
  }
  return out;
}

}  // namespace resole::plan
