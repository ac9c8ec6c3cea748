// SPDX-License-Identifier: Apache-2.0
// Package URLs (package-url/purl-spec): "pkg:deb/debian/libc6@2.36-9%2Bdeb12u10?arch=amd64&distro=debian-12&epoch=1".
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace resole::advisory {

struct Purl {
  std::string type, ns, name, version;            // percent-decoded; type in lower case; ns "debian"
  std::map<std::string, std::string> qualifiers;  // keys in lower case
  std::string subpath;

  std::string qualifier(std::string_view key) const;  // "" when absent
  std::string full_version() const;                   // with the epoch that the qualifier carries and the version does not: "1:2.38.1-5"
};

// nullopt unless it is a package URL with a type and a name.
std::optional<Purl> parse_purl(std::string_view text);

// Types and scanners' words ("deb", "debian", "dpkg", "alpine", "os-pkgs" ...) of packages that a distribution's package manager installs.
bool is_distribution_type(std::string_view word);
// The package family of such a word: "deb", "rpm", "apk"; "" when it says only that it is a distribution's ("os-pkgs"), or nothing at all.
std::string_view family_of_type(std::string_view word);

}  // namespace resole::advisory
