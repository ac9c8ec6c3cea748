// SPDX-License-Identifier: Apache-2.0
// Package URLs (ECMA-427): "pkg:deb/debian/curl@7.88.1-10%2Bdeb12u8?arch=amd64&distro=debian-12".
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace resole::advisory {

struct PackageUrl {
  std::string type, space, name, version;         // decoded; type in lower case; space: "debian", "github.com/team", "" none
  std::map<std::string, std::string> qualifiers;  // names in lower case

  static std::optional<PackageUrl> parse(std::string_view text);  // nullopt: it is none
  std::string_view qualifier(std::string_view name) const;       // "" when absent
};

// A '%' that begins no escape stands for itself, as in many documents.
std::string percent_decoded(std::string_view text);

}  // namespace resole::advisory
