// SPDX-License-Identifier: Apache-2.0
// The order of rpm versions, exactly rpm's (rpmio/rpmvercmp.c, rpmio/rpmver.c; rpm-version(7)).
#pragma once
#include <optional>
#include <string_view>

namespace resole::rpm {

// "1:3.0.7-27.el9": epoch before the first ':', release after the last '-'. No data pointer: the part is absent.
struct VersionParts {
  std::string_view epoch, version, release;
};
VersionParts split_version(std::string_view text);

// One part against one part: <0, 0, >0. Separators do not count: "1.0" and "1_0" are the same to rpm.
int compare_parts(std::string_view a, std::string_view b);

// Epoch (absent = 0), version, release (absent before any). No text is invalid to rpm here: what is neither digit, letter, '~' nor '^' separates.
int compare_versions(std::string_view a, std::string_view b);

// Is `installed` at least `fix`? A fix that names no release (some OVAL) is reached by any release of its version, as a dependency on it would be.
bool reaches(std::string_view installed, std::string_view fix);

// "openssl-libs-1:3.0.7-27.el9.x86_64", as repositories and advisories name packages; no arch when nothing after the last '.' looks like one.
struct Nevra {
  std::string_view name, evr, arch;
};
std::optional<Nevra> split_nevra(std::string_view text);

}  // namespace resole::rpm
