// SPDX-License-Identifier: Apache-2.0
// Where packages come from: etc/apk/repositories and repositories.d/*.list, a URL a line, "@tag URL" for one whose packages are taken only where they are
// asked for by the tag; and what the operator says instead or in addition.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "pkg/family.hpp"

namespace resole::apk {

struct RepositorySource {
  std::string uri;    // as the image or the operator writes it, without trailing '/', userinfo and query: "https://mirror.example.org/alpine/v3.20/main"
  std::string tag;    // "edge"; "" for most
  std::string where;  // "etc/apk/repositories:1", "--package-repo"
  bool by_operator = false;
};

// The text of one file; comments and empty lines are passed over. Error(input) names file and line.
std::vector<RepositorySource> parse_repositories(std::string_view text, std::string_view file);

// The image's own, or the recipe's at the operator's mirror for "*", then --package-repo. Error(refused) when there are none.
std::vector<RepositorySource> effective_repositories(const rootfs::Tree& tree, const pkg::Inventory& inventory, const pkg::RecipeBook& recipes,
                                                     const pkg::RepositoryOptions& options);

// Its URL after the operator's mirrors. Error(refused) for one that an image may not name.
std::string url_of(const RepositorySource& source, const pkg::RepositoryOptions& options);

}  // namespace resole::apk
