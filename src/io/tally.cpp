// SPDX-License-Identifier: Apache-2.0
#include "io/tally.hpp"

#include <algorithm>

namespace resole::io {

Tally::Tally(Reporter& reporter, std::span<const Resource> resources)
    : reporter_(reporter), resources_(resources), bytes_(resources.size()) {
  for (const Resource& resource : resources) total_ += static_cast<std::uint64_t>(std::max<std::int64_t>(resource.size, 0));
}

void Tally::progress(std::size_t index, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (!phase_) phase_.emplace(reporter_, "downloading", total_);
  account(index, bytes);
  phase_->progress(done_, resources_[index].what);
}

void Tally::finished(std::size_t index, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  account(index, bytes);
  if (phase_) phase_->progress(done_, {});
}

void Tally::account(std::size_t index, std::uint64_t bytes) {
  done_ += bytes - bytes_[index];  // modulo 2^64: a restart takes away
  bytes_[index] = bytes;
}

}  // namespace resole::io
