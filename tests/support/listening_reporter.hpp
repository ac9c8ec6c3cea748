// SPDX-License-Identifier: Apache-2.0
// A Reporter that remembers what was said.
#pragma once
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/effects.hpp"

namespace resole::test {

class ListeningReporter : public Reporter {
 public:
  int begin(std::string_view, std::uint64_t) override { return 0; }
  void progress(int, std::uint64_t done, std::string_view) override {
    const std::lock_guard lock(mutex_);
    furthest = done;
  }
  void end(int) override {}
  void note(std::string_view message) override { remember(notes, message); }
  void warn(std::string_view message) override { remember(warnings, message); }
  void debug(std::string_view) override {}

  std::uint64_t furthest = 0;
  std::vector<std::string> warnings, notes;

 private:
  void remember(std::vector<std::string>& list, std::string_view message) {
    const std::lock_guard lock(mutex_);
    list.emplace_back(message);
  }
  std::mutex mutex_;
};

}  // namespace resole::test
