// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/effects.hpp"
#include "pkg/package.hpp"

namespace resole::pkg {

// What to fetch for a package of a repository: its URLs, size and sha256. `places`: repositories to be asked before the one it was found in.
Resource resource_of(const Candidate& candidate, const std::vector<std::string>& places = {});
// FROM=TO of the longest FROM that begins the URI at a path boundary ("*" begins every one); the URI itself when none does.
std::string apply_mirrors(const std::string& uri, const std::vector<std::pair<std::string, std::string>>& mirrors, bool& mapped);
// Why packages are not taken from a place that an image names (or the operator, for whom more is allowed), in words; "" when they are. `where`: who names it.
std::string source_refusal(const std::string& url, bool by_operator, std::string_view where);
// URL of an index of a repository: below uri/dists/suite for a suite, below uri/suite for a flat repository (suite ends in '/').
std::string index_url(const RepositoryState& repository, const std::string& path);

}  // namespace resole::pkg
