// SPDX-License-Identifier: Apache-2.0
#include "cli/once_reporter.hpp"

#include <mutex>
#include <set>
#include <string>

namespace resole::cli {

namespace {

class OnceReporter : public Reporter {
 public:
  explicit OnceReporter(std::unique_ptr<Reporter> inner) : inner_(std::move(inner)) {}
  int begin(std::string_view phase, std::uint64_t total_bytes) override { return inner_->begin(phase, total_bytes); }
  void progress(int id, std::uint64_t bytes_done, std::string_view detail) override { inner_->progress(id, bytes_done, detail); }
  void end(int id) override { inner_->end(id); }
  void note(std::string_view message) override { inner_->note(message); }
  void debug(std::string_view message) override { inner_->debug(message); }
  void warn(std::string_view message) override {
    {
      const std::lock_guard lock(mutex_);
      if (!said_.emplace(message).second) return;
    }
    inner_->warn(message);
  }

 private:
  std::unique_ptr<Reporter> inner_;
  std::mutex mutex_;
  std::set<std::string> said_;
};

}  // namespace

std::unique_ptr<Reporter> warn_once(std::unique_ptr<Reporter> reporter) { return std::make_unique<OnceReporter>(std::move(reporter)); }

}  // namespace resole::cli
