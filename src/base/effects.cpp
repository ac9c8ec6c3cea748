// SPDX-License-Identifier: Apache-2.0
#include "base/effects.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

namespace resole {

void Resource::add_url(std::string more) {
  if (url.empty()) {
    url = std::move(more);
  } else if (more != url && std::find(alternatives.begin(), alternatives.end(), more) == alternatives.end()) {
    alternatives.push_back(std::move(more));
  }
}

namespace {

// Indices are handed out in order and a failure only stops the handing out, so every index below a failed one has run:
// the lowest failure, the one rethrown, is the same for every number of threads.
class IndexedRun {
 public:
  IndexedRun(std::size_t count, const std::function<void(std::size_t)>& task) : count_(count), task_(task), failed_index_(count) {}

  void work() {
    while (!stop_) {
      const std::size_t index = next_++;
      if (index >= count_) return;
      try {
        task_(index);
      } catch (...) {
        fail(index, std::current_exception());
      }
    }
  }

  void rethrow() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  void fail(std::size_t index, std::exception_ptr failure) {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    if (index < failed_index_) {
      failed_index_ = index;
      failure_ = std::move(failure);
    }
  }

  const std::size_t count_;
  const std::function<void(std::size_t)>& task_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::size_t failed_index_;
  std::exception_ptr failure_;
};

}  // namespace

void parallel_for(std::size_t count, unsigned jobs, const std::function<void(std::size_t)>& task) {
  IndexedRun run(count, task);
  const std::size_t threads = std::min<std::size_t>(std::max(jobs, 1u), count);
  {
    std::vector<std::jthread> helpers;
    for (std::size_t i = 1; i < threads; ++i) helpers.emplace_back([&run] { run.work(); });
    run.work();
  }
  run.rethrow();
}

}  // namespace resole
