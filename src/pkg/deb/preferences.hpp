// SPDX-License-Identifier: Apache-2.0
// The pins of the image: etc/apt/preferences, preferences.d/*, and APT::Default-Release of its apt.conf (apt_preferences(5)).
#pragma once
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pkg/deb/pattern.hpp"
#include "rootfs/tree.hpp"

namespace resole::deb {

inline constexpr int kNeverPriority = std::numeric_limits<short>::min();  // "Pin-Priority: never"

// What the pins can say about one Packages index, or about the installed packages ("now").
struct IndexTraits {
  std::string archive, codename, version, origin, label, component, architecture;
  std::string site;        // host of the source as the image names it, whatever mirror stands in for it
  int priority = 500;      // 100 and 1 for ButAutomaticUpgrades and NotAutomatic; 100 for the installed
  bool installed = false;  // dpkg's status: has no release, its archive is "now"
};

// "release a=stable, o=Debian", "origin host", "version 1.2*", "source-version 1.2*".
class PinTarget {
 public:
  enum class Kind { release, origin, version, source_version };

  PinTarget(Kind kind, std::string_view data);
  Kind kind() const { return kind_; }
  bool matches_index(const IndexTraits& index) const;    // release and origin
  bool matches_version(std::string_view version) const;  // version and source-version

 private:
  void read_release(std::string_view data);

  Kind kind_;
  bool everything_ = false;
  std::optional<Pattern> version_, origin_, archive_, codename_, label_, component_, architecture_, release_, site_;
  std::string prefix_;  // "1.2" of "version 1.2*"
  bool is_prefix_ = false;
};

struct Pin {
  std::optional<Pattern> name;  // absent: "Package: *", a rule for whole indexes
  bool of_source = false;       // "src:NAME"
  std::string arch;             // "", "any" or an architecture
  PinTarget target;
  int priority = 0;
};

struct Preferences {
  std::vector<Pin> pins;  // in the order in which apt applies them: the first that matches decides
  std::string default_release;
  bool waits_for_phases = false;      // apt_config.hpp
  std::vector<std::string> warnings;  // what apt would warn about and go on

  // (name, content) in apt's order. Error(input) names file and line where apt would refuse to work.
  static Preferences parse(const std::vector<std::pair<std::string, std::string>>& files);
  static Preferences read(const rootfs::Tree& tree);
};

}  // namespace resole::deb
