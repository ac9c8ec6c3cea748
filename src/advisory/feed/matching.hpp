// SPDX-License-Identifier: Apache-2.0
// What the feeds say about the packages of an image: findings as a scanner's report has them, without a scanner.
#pragma once
#include <string>
#include <vector>

#include "advisory/feed/index.hpp"
#include "advisory/finding.hpp"
#include "pkg/package.hpp"

namespace resole::advisory::feed {

struct NamedIndex {
  std::string name;  // of the feed, goes to Finding::origin
  const Index& index;
};

// Is the release of this image in the feed?
bool covers(const Index& index, const pkg::OsRelease& os);

// What is open for the installed packages, sorted by package, architecture and id. A fix that the installed version has is no finding, nor is what does not affect
// it; a vulnerability that several advisories name is one finding with the highest fix.
std::vector<Finding> match_feeds(const std::vector<NamedIndex>& feeds, const pkg::Inventory& inventory);

// Adds what the feeds know of attacks (EPSS, KEV) to findings, whoever made them.
void add_attributes(std::vector<Finding>& findings, const std::vector<NamedIndex>& feeds);

}  // namespace resole::advisory::feed
