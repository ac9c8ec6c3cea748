// SPDX-License-Identifier: Apache-2.0
#include "patch/first_seen.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace resole::patch {

namespace {

constexpr std::string_view kFirstSeenRoom = "first-seen";  // identity of a package file -> RFC 3339

std::int64_t seen_since(const pkg::Candidate& candidate, Cache& cache, std::int64_t now) {
  const std::string key = candidate.entry.identity();
  if (const auto known = cache.get(kFirstSeenRoom, key)) {
    if (const auto time = parse_time(known->bytes())) return std::min(*time, now);
  }
  cache.put(kFirstSeenRoom, key, format_time(now));
  return now;
}

}  // namespace

std::function<std::int64_t(const pkg::Candidate&)> first_seen(const pkg::CandidateSource& offers, Cache& cache, const Clock& clock) {
  return [&](const pkg::Candidate& candidate) {
    std::int64_t since = seen_since(candidate, cache, clock.now());
    for (const pkg::RepositoryState& state : offers.repositories()) {
      if (state.release == candidate.entry.release && state.date > 0) since = std::min(since, state.date);
    }
    return since;
  };
}

}  // namespace resole::patch
