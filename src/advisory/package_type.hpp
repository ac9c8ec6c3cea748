// SPDX-License-Identifier: Apache-2.0
// What scanners call the kinds of packages: the types of package URLs, and the names of distributions used as types.
#pragma once
#include <string>
#include <string_view>

#include "advisory/package_url.hpp"

namespace resole::advisory {

// "deb", "debian", "dpkg", "alpine", "os-pkgs" ...: packages that a distribution's package manager installs.
bool is_distribution_type(std::string_view word);
// The package family of such a word: "deb", "rpm", "apk"; "" when it says only that it is a distribution's ("os-pkgs"), or nothing at all.
std::string_view family_of_type(std::string_view word);

// The version with the epoch, which Trivy writes as a qualifier: "bsdutils@2.37.2-4?epoch=1" -> "1:2.37.2-4".
std::string full_version(const PackageUrl& url);

}  // namespace resole::advisory
