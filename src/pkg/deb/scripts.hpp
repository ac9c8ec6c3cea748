// SPDX-License-Identifier: Apache-2.0
// Maintainer scripts without running them: what they are, whether they are the ones that ran in this image before, and the verdict that
// follows.
#pragma once
#include <array>
#include <map>
#include <string>
#include <string_view>

#include "base/effects.hpp"
#include "pkg/deb/package_file.hpp"
#include "pkg/family.hpp"

namespace resole::deb {

// Scripts that run on an upgrade or an installation.
inline constexpr std::array<std::string_view, 5> kScriptNames = {"config", "postinst", "postrm", "preinst", "prerm"};

using Scripts = std::map<std::string, std::string, std::less<>>;  // name -> normalised text

// debhelper writes its own version into "# Automatically added by dh_installdeb/13.11.4", ca-certificates a list of its files into config:
// what differs in scripts that nobody changed.
std::string normalise_script(std::string_view text);
Scripts scripts_of(const ControlArchive& control);
Scripts installed_scripts(const rootfs::Tree& tree, const pkg::Package& package);
// sha256 of the normalised texts, each behind a line "== name ==", in the order of kScriptNames: what recipes are pinned to.
std::string scripts_sha256(const Scripts& scripts);

// Pure part of the judgement. `installed` null: a package that is not there yet.
pkg::Verdict judge_scripts(const rootfs::Tree& tree, const pkg::Recipe* recipe, const pkg::Package& candidate, const Scripts& fresh,
                           const Scripts* installed);

// Fetches only the control part (ranges). Scripts that were read before are kept in the cache room "verdict" by the package's sha256; when
// the whole package is at hand it is read instead, so that a build judges proven bytes.
pkg::Verdict judge(const rootfs::Tree& tree, const pkg::Inventory& inventory, const pkg::RecipeBook& recipes,
                   const pkg::Candidate& candidate, Fetcher& fetcher, Cache& cache);

}  // namespace resole::deb
