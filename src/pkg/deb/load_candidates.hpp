// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include "pkg/deb/repository.hpp"
#include "pkg/package.hpp"

namespace resole::deb {

// Reads every repository of the image and offers its packages. A repository that cannot be used (network, signature, hash, age) becomes a
// failure, except that these end the run: all of them failed; it is the distribution's own for a suite of the image's release, and no other
// stands in.
std::unique_ptr<pkg::CandidateSource> load_candidates(const RepositoryContext& context, Reporter& reporter);

}  // namespace resole::deb
