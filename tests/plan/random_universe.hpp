// SPDX-License-Identifier: Apache-2.0
// Small random systems with tangled relations: what no hand-written case thinks of. Three of four are consistent to begin with, as real
// systems are.
#pragma once
#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "pkg/package.hpp"
#include "plan/version_order.hpp"
#include "plan/world.hpp"

namespace resole::plan {

class RandomUniverse final : public pkg::CandidateSource {
 public:
  explicit RandomUniverse(unsigned seed) : random_(seed) {
    inventory.family = "deb";
    inventory.os.id = "debian";
    inventory.arch = "amd64";
    inventory.foreign = {"i386"};
    const std::size_t count = 5 + below(9);
    for (std::size_t i = 0; i < count; ++i) {
      const std::string name = name_of(i);
      for (const char* arch : {"amd64", "i386"}) {
        if (arch == std::string("i386") && below(4) != 0) continue;
        add_package(name, arch);
      }
    }
    if (is_consistent = seed % 4 != 0; is_consistent) drop_broken_relations();
  }

  pkg::Offers offers(std::string_view name, std::string_view arch) const override {
    pkg::Offers offers;
    for (const pkg::Candidate& candidate : candidates_) {
      if (candidate.name == name && (candidate.arch == arch || candidate.arch == "all")) offers.all.push_back(candidate);
    }
    if (!offers.all.empty()) offers.chosen = 0;
    return offers;
  }
  std::vector<pkg::Candidate> providers(std::string_view name) const override {
    std::vector<pkg::Candidate> found;
    for (const pkg::Candidate& candidate : candidates_) {
      for (const pkg::Atom& provided : candidate.relations.provides) {
        if (provided.name == name) found.push_back(candidate);
      }
    }
    return found;
  }
  std::vector<std::string> names() const override { return {}; }
  const std::vector<pkg::RepositoryState>& repositories() const override { return states_; }
  const std::vector<pkg::RepositoryFailure>& failures() const override { return failures_; }

  pkg::Inventory inventory;
  bool is_consistent = false;
  // A package passes or not, always alike.
  pkg::Verdict verdict(const pkg::Candidate& candidate) const {
    const bool passes = candidate.entry.size % 8 != 0;
    return {passes ? pkg::VerdictKind::unchanged : pkg::VerdictKind::unknown, passes ? "" : "postinst differs", {}};
  }

 private:
  std::size_t below(std::size_t limit) { return random_() % limit; }
  std::string name_of(std::size_t i) const { return "pkg" + std::string(1, static_cast<char>('a' + i)); }
  std::string any_name() { return below(5) == 0 ? "virtual" : name_of(below(12)); }

  pkg::Atom any_atom() {
    pkg::Atom atom{.name = any_name(), .arch = below(12) == 0 ? "any" : "", .op = pkg::Operator::any, .version = {}};
    if (below(2) == 0) {
      atom.op = static_cast<pkg::Operator>(1 + below(5));
      atom.version = below(2) == 0 ? "1.0-1" : "1.0-2";
    }
    return atom;
  }

  void fill(pkg::Package& package, const std::string& name, const std::string& arch, const std::string& version, const std::string& source,
            const std::string& multi_arch) {
    package.name = name;
    package.arch = arch;
    package.version = version;
    package.source = {source, version};
    package.multi_arch = multi_arch;
    for (std::size_t i = below(3); i > 0; --i) {
      pkg::Alternatives alternatives{any_atom()};
      if (below(3) == 0) alternatives.push_back(any_atom());
      package.relations.depends.push_back(alternatives);
    }
    if (below(6) == 0) package.relations.breaks.push_back(any_atom());
    if (below(8) == 0) package.relations.conflicts.push_back(any_atom());
    if (below(5) == 0)
      package.relations.provides.push_back(
          {.name = "virtual", .arch = {}, .op = below(2) == 0 ? pkg::Operator::equal : pkg::Operator::any, .version = "1.0-2"});
  }

  // What does not hold among the installed packages is struck from them.
  void drop_broken_relations() {
    std::vector<const pkg::Package*> installed;
    for (const auto& package : inventory.packages) installed.push_back(&package);
    const VersionOrder family;
    const World world(installed, family, "amd64");
    std::map<std::string, std::vector<const void*>> broken;
    for (const Violation& violation : world.violations()) {
      if (violation.alternatives) broken[violation.package->key()].push_back(violation.alternatives);
      if (violation.atom) broken[violation.package->key()].push_back(violation.atom);
    }
    for (auto& package : inventory.packages) {
      const auto& bad = broken[package.key()];
      const auto strike = [&](auto& relations) {
        auto kept = relations;
        kept.clear();
        for (const auto& relation : relations) {
          if (std::find(bad.begin(), bad.end(), &relation) == bad.end()) kept.push_back(relation);
        }
        relations = std::move(kept);
      };
      strike(package.relations.depends);
      strike(package.relations.breaks);
      strike(package.relations.conflicts);
    }
  }

  void add_package(const std::string& name, const std::string& arch) {
    const std::string source = below(3) == 0 ? "shared-source" : name;
    const std::string multi_arch = std::vector<std::string>{"", "", "same", "foreign", "allowed"}[below(5)];
    const bool installed = below(5) < 3;
    if (installed) {
      pkg::InstalledPackage package;
      fill(package, name, arch, "1.0-1", source, multi_arch);
      package.hold = below(10) == 0;
      inventory.packages.push_back(package);
    }
    if (below(5) == 0) return;
    pkg::Candidate candidate;
    fill(candidate, name, arch, installed && below(4) == 0 ? "1.0-1" : "1.0-2", source, multi_arch);
    candidate.entry.origin = "Debian";
    candidate.entry.security = below(2) == 0;
    candidate.entry.sha256 = Digest::of(name + arch + candidate.version);
    candidate.entry.size = 1 + below(1000);
    candidates_.push_back(candidate);
  }

  std::mt19937 random_;
  std::vector<pkg::Candidate> candidates_;
  std::vector<pkg::RepositoryState> states_;
  std::vector<pkg::RepositoryFailure> failures_;
};

}  // namespace resole::plan
