// SPDX-License-Identifier: Apache-2.0
// Proves planned packages again: a plan is reviewed, not trusted (product.md "The documents").
#pragma once
#include <string>
#include <vector>

#include "pkg/deb/repository.hpp"

namespace resole::deb {

// One proof per package. Each candidate's entry names the release and the index that the plan was made from.
std::vector<pkg::Proof> prove(const RepositoryContext& context, const std::vector<pkg::Candidate>& packages);

}  // namespace resole::deb
