// SPDX-License-Identifier: Apache-2.0
#include "io/stall_watch.hpp"

namespace resole::io {

namespace {

constexpr std::chrono::seconds kWindow{60};
constexpr std::uint64_t kLeastInWindow = 60 * 128;

}  // namespace

bool StallWatch::look(Time now, std::uint64_t bytes, bool waiting_for_us) {
  if (waiting_for_us) {
    moved_at_ = now;
    window_begin_ += now - seen_;
  }
  seen_ = now;
  if (bytes != bytes_) moved_at_ = now;
  bytes_ = bytes;
  if (now - moved_at_ > timeout_) return true;
  if (now - window_begin_ < kWindow) return false;
  if (bytes - window_bytes_ < kLeastInWindow) return true;
  window_begin_ = now;
  window_bytes_ = bytes;
  return false;
}

}  // namespace resole::io
