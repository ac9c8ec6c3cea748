// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "base/effects.hpp"
#include "pkg/package.hpp"

namespace resole::pkg {

// What to fetch for a package of a repository: its URL, size and sha256.
Resource resource_of(const Candidate& candidate);
// URL of an index of a repository: below uri/dists/suite for a suite, below uri/suite for a flat repository (suite ends in '/').
std::string index_url(const RepositoryState& repository, const std::string& path);

}  // namespace resole::pkg
