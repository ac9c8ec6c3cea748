// SPDX-License-Identifier: Apache-2.0
// What running the scripts of an upgrade would do, judged without running them. Of a package that is upgraded apk runs the new pre-upgrade and post-upgrade
// (pre-install and post-install of one that is new), and then the trigger of every package that watches a directory which the upgrade touched, be that
// package upgraded or not. A script passes when a recipe has reviewed this very text (by its sha256: docs/recipes.md), or when it is the one that the
// installed version has; a trigger, whose work depends on what it finds, only by a recipe.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "pkg/apk/script_store.hpp"
#include "pkg/family.hpp"

namespace resole::apk {

// What a judgement needs of a package file.
struct ScriptFacts {
  Digest sha256;                         // of the file
  ScriptTexts scripts;
  std::vector<std::string> triggers;
  std::vector<std::string> directories;  // that it has
};

struct ApkScriptCase {
  const rootfs::Tree& tree;
  const pkg::Recipe* recipe = nullptr;
  const pkg::Package& candidate;
  const ScriptFacts& fresh;
};

// Pure.
pkg::Verdict judge_scripts(const ApkScriptCase& each);

// Fetches the package, proves it by the index's checksum, and keeps what was found out. The digest of the file is part of the verdict.
pkg::Verdict judge(const rootfs::Tree& tree, const pkg::Inventory& inventory, const pkg::RecipeBook& recipes, const pkg::Candidate& candidate,
                   Fetcher& fetcher, Cache& cache);

}  // namespace resole::apk
