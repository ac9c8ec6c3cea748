// SPDX-License-Identifier: Apache-2.0
// Since when a version is known to be public: since this cache has seen it first, or since the date of the signed release that has it, when that is earlier
// (the snapshot of a week ago proves a week). Nothing in a package says when it was published, so what is seen for the first time counts as new.
#pragma once
#include <cstdint>
#include <functional>

#include "base/effects.hpp"
#include "pkg/package.hpp"

namespace resole::patch {

// The arguments must outlive what is returned. It is safe to be called by several threads.
std::function<std::int64_t(const pkg::Candidate&)> first_seen(const pkg::CandidateSource& offers, Cache& cache, const Clock& clock);

}  // namespace resole::patch
