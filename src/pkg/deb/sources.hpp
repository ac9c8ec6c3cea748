// SPDX-License-Identifier: Apache-2.0
// Where packages come from: the image's sources.list(5), one-line and deb822, and what the operator says instead or in addition.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pkg/resource.hpp"
#include "pkg/family.hpp"
#include "pkg/package.hpp"
#include "pkg/recipe.hpp"
#include "rootfs/tree.hpp"

namespace resole::deb {

// One release of one archive: all components that are wanted of it.
struct SourceEntry {
  std::string uri;    // as the image or the operator writes it, without trailing '/', userinfo and query
  std::string suite;  // "bookworm-security"; ends in '/' for flat repositories, then there are no components
  std::vector<std::string> components;
  std::vector<std::string> architectures;  // empty = native and foreign
  std::string signed_by;                   // path below the root, fingerprints, or an embedded key block; "" = the trusted keys
  std::string where;                       // "etc/apt/sources.list:3", "--package-repo"
  bool by_operator = false;

  bool is_flat() const { return suite.ends_with('/'); }
};

// The text of one file. Only binary package entries are kept; options that switch checks off (trusted, allow-insecure, check-valid-until)
// are read over. Error(input) names file and line where apt would refuse the file.
std::vector<SourceEntry> parse_one_line_sources(std::string_view text, std::string_view file, std::string_view arch);
std::vector<SourceEntry> parse_deb822_sources(std::string_view text, std::string_view file, std::string_view arch);

// "URI SUITE COMPONENT...", with or without "deb" and "[options]", as --package-repo takes it. Error(usage).
SourceEntry parse_operator_source(std::string_view line, std::string_view arch);

// All that the image names, in apt's order; entries of one URI, suite and key are joined.
std::vector<SourceEntry> read_sources(const rootfs::Tree& tree, std::string_view arch);

// For an image without sources: the suites of its release at the mirror that the operator gave for "*". Empty when there is none.
std::vector<SourceEntry> sources_of_recipe(const pkg::Recipe* recipe, const pkg::Release* release, std::string_view arch,
                                           const pkg::RepositoryOptions& options);

// The sources of an image as the operator's options leave them: the image's own (or the recipe's), then --package-repo. Error(refused) when
// there are none, with the lines that would help.
std::vector<SourceEntry> effective_sources(const rootfs::Tree& tree, const pkg::Inventory& inventory, const pkg::RecipeBook& recipes,
                                           const pkg::RepositoryOptions& options);

// Why a source cannot be used, in words; "" when it can be. `url` is what it became by the operator's mirrors.
std::string refusal_of(const SourceEntry& source, const std::string& url, bool mapped);

using pkg::apply_mirrors;

}  // namespace resole::deb
