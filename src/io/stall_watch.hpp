// SPDX-License-Identifier: Apache-2.0
// Is the other side still there? Given up is one that moves nothing for the stall timeout, and one that moves less than 128 bytes a second
// over a minute: one byte a second would keep us for years. Time in which the transfer waits for us (a reader or writer that is slow)
// counts for neither. Pure: told the time.
#pragma once
#include <chrono>
#include <cstdint>

namespace resole::io {

class StallWatch {
 public:
  using Time = std::chrono::steady_clock::time_point;
  StallWatch(std::chrono::duration<double> timeout, Time now) : timeout_(timeout), seen_(now), moved_at_(now), window_begin_(now) {}

  // `bytes`: moved so far, in both directions. True: given up.
  bool look(Time now, std::uint64_t bytes, bool waiting_for_us);

 private:
  std::chrono::duration<double> timeout_;
  Time seen_, moved_at_, window_begin_;
  std::uint64_t bytes_ = 0, window_bytes_ = 0;
};

}  // namespace resole::io
