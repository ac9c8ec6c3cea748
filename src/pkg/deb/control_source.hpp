// SPDX-License-Identifier: Apache-2.0
// What a judgement needs of a package's control part: its scripts, its files and their sums, what triggers it activates. Fetched by ranges,
// kept in the cache.
#pragma once
#include <array>
#include <map>
#include <string>
#include <string_view>

#include "base/effects.hpp"
#include "pkg/deb/package_file.hpp"
#include "pkg/package.hpp"
#include "rootfs/tree.hpp"

namespace resole::deb {

// Scripts that run on an upgrade or an installation.
inline constexpr std::array<std::string_view, 5> kScriptNames = {"config", "postinst", "postrm", "preinst", "prerm"};

using Scripts = std::map<std::string, std::string, std::less<>>;  // name -> normalised text

struct ControlFacts {
  Scripts scripts;
  std::string md5sums, triggers, conffiles;  // conffiles: of a package, not of what is installed
};

ControlFacts facts_of(const ControlArchive& control);
ControlFacts installed_facts(const rootfs::Tree& tree, const pkg::Package& package);
// Does the image still have what dpkg files of a package? "Never had scripts" and "info/ was deleted" look alike otherwise.
bool has_info(const rootfs::Tree& tree, const pkg::Package& package);

// Only the control part is fetched (ranges). Facts that were read before are kept in the cache room "verdict" by the package's sha256; when
// the whole package is at hand it is read instead, so that a build judges proven bytes.
ControlFacts fetch_facts(const pkg::Candidate& candidate, Fetcher& fetcher, Cache& cache);

}  // namespace resole::deb
