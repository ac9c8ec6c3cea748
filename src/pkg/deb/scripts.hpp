// SPDX-License-Identifier: Apache-2.0
// Maintainer scripts without running them: are they the ones that ran in this image before, or made of parts that are known, or reviewed by
// a recipe? The verdict that follows, and what is done in their place.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/effects.hpp"
#include "pkg/deb/control_source.hpp"
#include "pkg/family.hpp"

namespace resole::deb {

// sha256 of the normalised texts, each behind a line "== name ==", in the order of kScriptNames: what recipes are pinned to.
std::string scripts_sha256(const Scripts& scripts);

// What two versions' scripts are to each other, without any image.
struct Comparison {
  enum class Kind : std::uint8_t { none, unchanged, recognised, unknown } kind = Kind::unknown;
  std::string reason;
  std::vector<pkg::Action> actions;  // of the known snippets, also of unchanged scripts; not of unknown ones
};
// `installed` null: a package that is not there yet.
Comparison compare_scripts(std::string_view package, const Scripts& fresh, const Scripts* installed);

// The content of a file of the new package, by its path without the first '/'; nullopt when it has none. May fetch the package.
using PayloadReader = std::function<std::optional<std::string>(const std::string& path)>;

// A package of an image and its candidate, as far as scripts go.
struct ScriptCase {
  const rootfs::Tree& tree;
  const pkg::Recipe* recipe = nullptr;
  const pkg::Package& candidate;
  const pkg::Package* installed = nullptr;  // null: not there yet
  const ControlFacts& fresh;
  const ControlFacts* before = nullptr;  // of the installed package
  PayloadReader read = {};               // empty: what depends on the content of the new package's files is not known
};
// Pure part of the judgement.
pkg::Verdict judge_scripts(const ScriptCase& each);

// Fetches what judge_scripts wants. `installed_offer`: see Family::judge.
pkg::Verdict judge(const rootfs::Tree& tree, const pkg::Inventory& inventory, const pkg::RecipeBook& recipes,
                   const pkg::Candidate& candidate, const pkg::Candidate* installed_offer, Fetcher& fetcher, Cache& cache);

}  // namespace resole::deb
