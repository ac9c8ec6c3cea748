// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/disappearance.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <unordered_set>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/deb/control.hpp"
#include "pkg/deb/relations.hpp"
#include "pkg/deb/version.hpp"

namespace resole::deb {
namespace {

using Paths = std::unordered_set<std::string_view>;

class Finder {
 public:
  Finder(const InstalledSystem& system, const std::vector<PreparedPackage>& packages)
      : system_(system), packages_(packages), lists_(packages.size()), packages_of_(system.stanzas.size(), nullptr) {
    for (std::size_t i = 0; i < packages.size(); ++i) {
      lists_[i].insert(packages[i].list.begin(), packages[i].list.end());
      if (packages[i].incoming.old != InstalledSystem::npos) packages_of_[packages[i].incoming.old] = &packages[i];
    }
  }

  std::vector<Disappearance> find() {
    // First what was taken over, so that it is told of the package that did it; then what only has directories that others have too.
    for (const bool taken : {true, false}) {
      for (std::size_t i = 0; i < packages_.size(); ++i) {
        for (std::uint32_t other = 0; other < system_.stanzas.size(); ++other) {
          if (may_disappear(other, i) && (!taken || takes_from(i, other)) && is_covered(other, i) && !is_needed(other)) add(other, i);
        }
      }
    }
    return std::move(found_);
  }

 private:
  bool is_gone(std::uint32_t stanza) const {
    return system_.stanzas[stanza].package.state == pkg::InstallState::removed || gone_.contains(stanza);
  }

  bool may_disappear(std::uint32_t other, std::size_t into) const {
    const StatusStanza& stanza = system_.stanzas[other];
    const pkg::Package& fresh = packages_[into].incoming.package;
    if (is_gone(other) || packages_of_[other] || !stanza.is_ordinary()) return false;
    if (stanza.package.name == fresh.name && stanza.package.multi_arch == "same" && fresh.multi_arch == "same") return false;
    return std::ranges::any_of(system_.files.of(other), [](std::string_view path) { return path != "/."; });
  }

  bool takes_from(std::size_t into, std::uint32_t other) const {
    return std::ranges::any_of(packages_[into].placements, [&](const Placement& placement) {
      return std::ranges::find(placement.taken_from, other) != placement.taken_from.end();
    });
  }

  // Nothing of it is its own any more.
  bool is_covered(std::uint32_t other, std::size_t into) const {
    return std::ranges::all_of(system_.files.of(other), [&](std::string_view path) {
      if (is_diverted_by(path, system_.stanzas[other].package.name) || is_diverted_by(path, packages_[into].incoming.package.name)) return false;
      return lists_[into].contains(path) || is_listed_by_third(path, other, into);
    });
  }

  bool is_diverted_by(std::string_view path, const std::string& package) const {
    const auto diverted = system_.diversions.all().find(path);
    return diverted != system_.diversions.all().end() && diverted->second.package == package;
  }

  bool is_listed_by_third(std::string_view path, std::uint32_t other, std::size_t into) const {
    const bool installed = std::ranges::any_of(
        system_.files.owners(path), [&](std::uint32_t owner) { return owner != other && !packages_of_[owner] && !is_gone(owner); });
    if (installed) return true;
    for (std::size_t i = 0; i < lists_.size(); ++i) {
      if (i != into && lists_[i].contains(path)) return true;
    }
    return false;
  }

  // ---- dependencies, as they will be

  template <class Visit>
  void each_package(const Visit& visit) const {
    for (std::uint32_t i = 0; i < system_.stanzas.size(); ++i) {
      if (!is_gone(i) && !packages_of_[i]) visit(system_.stanzas[i].package, system_.stanzas[i].text, i);
    }
    for (const PreparedPackage& package : packages_) {
      visit(package.incoming.package, package.facts.control.text("control"), static_cast<std::uint32_t>(InstalledSystem::npos));
    }
  }

  static bool gives(const pkg::Package& package, const pkg::Atom& atom) {
    if (package.name == atom.name) return atom.op == pkg::Operator::any || satisfies(package.version, atom.op, atom.version);
    return std::ranges::any_of(package.relations.provides, [&](const pkg::Atom& provided) {
      if (provided.name != atom.name) return false;
      return atom.op == pkg::Operator::any || (provided.op != pkg::Operator::any && satisfies(provided.version, atom.op, atom.version));
    });
  }

  static bool fits(const pkg::Package& given, const pkg::Package& asking) {
    return given.arch == asking.arch || given.arch == "all" || asking.arch == "all" || given.multi_arch == "foreign" || given.multi_arch == "allowed";
  }

  bool is_met_without(const pkg::Alternatives& alternatives, const pkg::Package& asking, std::uint32_t without) const {
    bool met = false;
    each_package([&](const pkg::Package& package, std::string_view, std::uint32_t number) {
      if (number == without || met) return;
      met = std::ranges::any_of(alternatives, [&](const pkg::Atom& atom) { return gives(package, atom) && fits(package, asking); });
    });
    return met;
  }

  // Does a Depends, Pre-Depends or Recommends speak of it (or of what it provides) that nothing else meets? A wish that is not met now counts
  // too, as in dpkg.
  bool is_needed(std::uint32_t other) const {
    const pkg::Package& candidate = system_.stanzas[other].package;
    std::set<std::string_view> names = {candidate.name};
    for (const pkg::Atom& provided : candidate.relations.provides) names.insert(provided.name);
    bool needed = false;
    each_package([&](const pkg::Package& package, std::string_view text, std::uint32_t number) {
      if (needed || number == other) return;
      const auto speaks_and_fails = [&](const pkg::Alternatives& alternatives) {
        const bool speaks = std::ranges::any_of(alternatives, [&](const pkg::Atom& atom) { return names.contains(atom.name); });
        return speaks && !is_met_without(alternatives, package, other);
      };
      const std::string what = fmt::format("control file of {}", printable(package.name));
      const auto recommends = text.empty() ? std::vector<pkg::Alternatives>() : parse_alternatives(read_single_paragraph(text, what).get("Recommends"), what);
      needed = std::ranges::any_of(package.relations.depends, speaks_and_fails) || std::ranges::any_of(recommends, speaks_and_fails);
    });
    return needed;
  }

  void add(std::uint32_t other, std::size_t into) {
    const pkg::Package& package = system_.stanzas[other].package;
    if (system_.tree.resolve(info_path(package, "postrm"), true).node) {
      throw Error(ErrorKind::refused,
                  fmt::format("{} {} takes over all files of {}, which then disappears and whose postrm would run",
                              printable(packages_[into].incoming.package.name), printable(packages_[into].incoming.package.version),
                              printable(package.name)),
                  fmt::format("hold it with --hold {}", printable(packages_[into].incoming.package.name)));
    }
    gone_.insert(other);
    found_.push_back({other, &packages_[into]});
  }

  const InstalledSystem& system_;
  const std::vector<PreparedPackage>& packages_;
  std::vector<Paths> lists_;                          // new lists, by package
  std::vector<const PreparedPackage*> packages_of_;  // by stanza: what replaces it
  std::set<std::uint32_t> gone_;
  std::vector<Disappearance> found_;
};

}  // namespace

std::vector<Disappearance> find_disappearing(const InstalledSystem& system, const std::vector<PreparedPackage>& packages) {
  return Finder(system, packages).find();
}

}  // namespace resole::deb
