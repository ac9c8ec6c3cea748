// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include "io/fetcher.hpp"

namespace resole::io {

namespace {

class SystemClock : public Clock {
 public:
  std::int64_t now() const override {
    return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  }
  double monotonic() const override { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }
};

}  // namespace

std::unique_ptr<Clock> system_clock() { return std::make_unique<SystemClock>(); }

}  // namespace resole::io
