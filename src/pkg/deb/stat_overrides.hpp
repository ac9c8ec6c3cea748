// SPDX-License-Identifier: Apache-2.0
// dpkg-statoverride's table (var/lib/dpkg/statoverride): lines "user group mode path" that win over what packages say.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "pkg/owners.hpp"
#include "rootfs/tree.hpp"

namespace resole::deb {

struct StatOverride {
  std::uint32_t uid = 0, gid = 0, mode = 0;
};

class StatOverrides {
 public:
  static StatOverrides read(const rootfs::Tree& tree, const pkg::Owners& owners);
  // Error(input) on a line that dpkg would refuse; a user or group that the image does not know makes dpkg refuse too.
  static StatOverrides parse(std::string_view text, const pkg::Owners& owners);
  const StatOverride* find(std::string_view path) const;  // absolute path as packages spell it

 private:
  std::map<std::string, StatOverride, std::less<>> by_path_;
};

}  // namespace resole::deb
