// SPDX-License-Identifier: Apache-2.0
// A set of packages that are (or would be) installed together, and whether their relations hold: Debian policy chapter 7, the multiarch
// rules of dpkg (lib/dpkg/depcon.c, deparchsatisfied). The planner's own judge: also of what the solver answers.
#pragma once
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "pkg/family.hpp"

namespace resole::plan {

std::string text_of(const pkg::Atom& atom);                  // "libfoo (>= 2)"
std::string text_of(const pkg::Alternatives& alternatives);  // "libfoo (>= 2) | libbar"

// Does this version fulfil the atom's condition on versions?
bool version_fits(const pkg::Atom& atom, std::string_view version, const pkg::Family& family);

struct Violation {
  enum class Kind { depends, breaks, conflicts, versions_differ };
  Kind kind = Kind::depends;
  const pkg::Package* package = nullptr;            // whose relation does not hold
  const pkg::Alternatives* alternatives = nullptr;  // depends
  const pkg::Atom* atom = nullptr;                  // breaks, conflicts
  const pkg::Package* other = nullptr;              // breaks, conflicts, versions_differ (Multi-Arch: same)
  std::string text() const;                         // "Depends: libfoo (>= 2)", "Breaks: bar (<< 3)"
};

// Names alone, without versions: a dependency that the old version could not fulfil is not held against the new one either. Images are
// often stripped (distroless has libc6 without libgcc-s1), and patching them must not make them grow.
std::string identity_of(const Violation& violation, const std::string& native);

class World {
 public:
  // The packages must outlive the world. `native`: what "all" counts as.
  World(std::vector<const pkg::Package*> packages, const pkg::Family& family, std::string native);

  std::vector<const pkg::Package*> satisfiers(const pkg::Atom& atom, const pkg::Package& dependent) const;
  bool satisfied(const pkg::Alternatives& alternatives, const pkg::Package& dependent) const;
  std::vector<Violation> violations() const;  // of all packages, in their order
  const std::vector<const pkg::Package*>& packages() const { return packages_; }

 private:
  struct Offer {
    const pkg::Package* package;
    const pkg::Atom* provided;  // nullptr: the package itself
  };
  const std::vector<Offer>& offers_of(std::string_view name) const;
  const std::string& arch_of(const pkg::Package& package) const { return package.arch == "all" ? native_ : package.arch; }
  bool arch_fits_dependency(const pkg::Atom& atom, const pkg::Package& dependent, const pkg::Package& target) const;
  bool arch_fits_conflict(const pkg::Atom& atom, const pkg::Package& target) const;
  bool offers_fit(const pkg::Atom& atom, const Offer& offer) const;
  void add_conflicts(Violation::Kind kind, const std::vector<pkg::Atom>& atoms, const pkg::Package& package,
                     std::vector<Violation>& out) const;
  void add_differing_versions(const pkg::Package& package, std::vector<Violation>& out) const;

  std::vector<const pkg::Package*> packages_;
  const pkg::Family& family_;
  std::string native_;
  std::unordered_map<std::string_view, std::vector<Offer>> offers_;
};

}  // namespace resole::plan
