// SPDX-License-Identifier: Apache-2.0
// Which version apt would take, as `apt-cache policy` shows it (apt_preferences(5); pkgPolicy of libapt-pkg). Pure.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "pkg/deb/preferences.hpp"

namespace resole::deb {

// One version of a package, wherever it stands.
struct PolicyVersion {
  std::string version, source_version, source_name;
  std::vector<std::size_t> indexes;  // into the traits given to Policy
  bool installed = false;
};

class Policy {
 public:
  // `indexes`: one per Packages index, in the order of the sources. `native`: the image's architecture.
  Policy(const Preferences& preferences, std::vector<IndexTraits> indexes, std::string native);

  int index_priority(std::size_t index) const { return index_priorities_[index]; }
  int priority(std::string_view name, std::string_view arch, const PolicyVersion& version) const;
  // The one to install: highest priority, then highest version; nothing below the installed version unless its priority reaches 1000;
  // nothing at all when every version is pinned below 0. `versions` in any order; an index into them.
  std::optional<std::size_t> choose(std::string_view name, std::string_view arch, const std::vector<PolicyVersion>& versions) const;
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  void apply_default_release(const std::string& release);
  void apply_to_indexes(const PinTarget& target, int priority);
  const Pin* pin_for(std::string_view name, std::string_view arch, const PolicyVersion& version) const;

  std::vector<Pin> pins_;             // those that name packages
  std::vector<IndexTraits> indexes_;  // the last one stands for the installed packages
  std::vector<int> index_priorities_;
  std::vector<bool> fixed_;
  std::string native_;
  std::vector<std::string> warnings_;
};

}  // namespace resole::deb
