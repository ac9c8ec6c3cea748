// SPDX-License-Identifier: Apache-2.0
// The progress of many downloads as one phase. It begins with the first byte from the network, so that a run with everything cached shows
// none.
#pragma once
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "base/effects.hpp"

namespace resole::io {

class Tally {
 public:
  Tally(Reporter& reporter, std::span<const Resource> resources);
  void progress(std::size_t index, std::uint64_t bytes);  // of this resource so far, from the network; may fall back after a restart
  void finished(std::size_t index, std::uint64_t bytes);  // wherever they came from

 private:
  void account(std::size_t index, std::uint64_t bytes);

  Reporter& reporter_;
  std::span<const Resource> resources_;
  std::mutex mutex_;
  std::vector<std::uint64_t> bytes_;
  std::uint64_t total_ = 0, done_ = 0;
  std::optional<Phase> phase_;
};

}  // namespace resole::io
