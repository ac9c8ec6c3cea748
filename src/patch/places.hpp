// SPDX-License-Identifier: Apache-2.0
// Where else the files of a plan may be: the operator's mirrors of the place they were found in, then the plan's other repositories (a package is looked up
// by sha256 in every known repository before it is called gone, product.md "The documents").
#pragma once
#include <string>
#include <vector>

#include "pkg/family.hpp"

namespace resole::patch {

// To be asked in this order; holds `uri` itself, behind its mirrors.
std::vector<std::string> places_of(const std::string& uri, const std::vector<pkg::RepositoryState>& repositories, const pkg::RepositoryOptions& options);

}  // namespace resole::patch
