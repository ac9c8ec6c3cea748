// SPDX-License-Identifier: Apache-2.0
// The kinds of documents that say which image runs. targets.cpp is the table, place/ has one file per kind; a target only finds, it never edits.
#pragma once
#include <string_view>
#include <vector>

#include "rollout/search.hpp"

namespace resole::rollout {

struct Target {
  std::string_view name;
  bool (*claims)(Search& search);   // is this document one of its kind?
  void (*find)(Search& search);     // adds the sites
  bool lines = false;               // not YAML: claims and find see the text of the file
};

const std::vector<Target>& targets();

// Does any target read files of this name, and is it one that is not YAML?
bool is_manifest_path(std::string_view path);
bool is_lines_path(std::string_view path);

// Sites of all targets in one document; those of several are found once.
std::vector<Site> find_sites(std::string_view path, std::string_view text, const yaml::Node& root, std::size_t document);

}  // namespace resole::rollout
