// SPDX-License-Identifier: Apache-2.0
// dpkg-divert's table (var/lib/dpkg/diversions): triples of lines "from, to, package"; package ":" is the administrator's.
#pragma once
#include <map>
#include <string>
#include <string_view>

#include "rootfs/tree.hpp"

namespace resole::deb {

struct Diversion {
  std::string to, package;
};

class Diversions {
 public:
  static Diversions parse(std::string_view text, std::string_view what);  // Error(input) on a broken triple
  static Diversions read(const rootfs::Tree& tree);

  bool empty() const { return by_path_.empty(); }
  // Where a file of `package` really goes: the diverted name, unless the package is the one that diverts. Absolute paths.
  std::string_view redirect(std::string_view path, std::string_view package) const;
  const std::map<std::string, Diversion, std::less<>>& all() const { return by_path_; }
  std::string text() const;  // canonical, for fingerprints

 private:
  std::map<std::string, Diversion, std::less<>> by_path_;
};

}  // namespace resole::deb
