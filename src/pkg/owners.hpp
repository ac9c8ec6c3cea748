// SPDX-License-Identifier: Apache-2.0
// User and group names of the image. Packages name owners; dpkg and apk look the name up first and fall back to the number (dpkg
// lib/dpkg/tarfn.c).
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "rootfs/tree.hpp"

namespace resole::pkg {

class Owners {
 public:
  static Owners read(const rootfs::Tree& tree);                          // etc/passwd and etc/group; absent files know nobody
  static Owners parse(std::string_view passwd, std::string_view group);  // lines that are not understood are skipped, as getpwnam(3) does
  std::uint32_t user(std::string_view name, std::uint32_t fallback) const;  // "" = the fallback
  std::uint32_t group(std::string_view name, std::uint32_t fallback) const;
  std::optional<std::uint32_t> find_user(std::string_view name) const;
  std::optional<std::uint32_t> find_group(std::string_view name) const;

 private:
  using Ids = std::map<std::string, std::uint32_t, std::less<>>;
  Ids users_, groups_;
};

}  // namespace resole::pkg
