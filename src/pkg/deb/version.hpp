// SPDX-License-Identifier: Apache-2.0
// The order of Debian package versions, exactly dpkg's (deb-version(7), policy 5.6.12; dpkg lib/dpkg/version.c).
#pragma once
#include <string_view>

#include "pkg/package.hpp"

namespace resole::deb {

// "1:2.36-9+deb12u7": epoch up to the first ':', revision after the last '-'. Parts that are absent are empty.
struct VersionParts {
  std::string_view epoch, upstream, revision;
};
VersionParts split_version(std::string_view version);

// <0, 0, >0. A total order over any text: what dpkg would refuse or warn about is still ordered by the same rules, and two different texts of that kind are
// never equal.
int compare_versions(std::string_view a, std::string_view b);
bool satisfies(std::string_view version, pkg::Operator op, std::string_view wanted);

// The syntax that dpkg accepts: digits as epoch, upstream starting with a digit, the permitted characters.
bool is_version(std::string_view text);

// "7.88.1" of "1:7.88.1-10+deb12u8": tells a third party's upstream bump from a rebuild.
std::string_view upstream_part(std::string_view version);

}  // namespace resole::deb
