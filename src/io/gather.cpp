// SPDX-License-Identifier: Apache-2.0
#include "io/gather.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace resole::io {

namespace {

class Run {
 public:
  Run(const Gathering& gathering, std::atomic<bool>& stop) : gathering_(gathering), stop_(stop), unused_(gathering.order.size()) {}

  void get_all() {
    guarded([&] {
      while (const auto index = next_index()) hand_over(*index, gathering_.get(*index));
    });
  }

  void use_all() {
    guarded([&] {
      while (auto got = next_got()) gathering_.use(got->first, std::move(got->second));
    });
  }

  void rethrow() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  using Got = std::pair<std::size_t, Blob>;

  template <class Work>
  void guarded(Work&& work) {
    try {
      work();
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
      stop_ = true;
      changed_.notify_all();
    }
  }

  std::optional<std::size_t> next_index() {
    const std::lock_guard lock(mutex_);
    if (stop_ || next_ == gathering_.order.size()) return std::nullopt;
    return gathering_.order[next_++];
  }

  void hand_over(std::size_t index, Blob bytes) {
    const std::lock_guard lock(mutex_);
    ready_.emplace_back(index, std::move(bytes));
    changed_.notify_one();
  }

  std::optional<Got> next_got() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return stop_ || !ready_.empty() || unused_ == 0; });
    if (stop_ || ready_.empty()) return std::nullopt;
    Got got = std::move(ready_.front());
    ready_.pop_front();
    if (--unused_ == 0) changed_.notify_all();
    return got;
  }

  const Gathering& gathering_;
  std::atomic<bool>& stop_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Got> ready_;
  std::size_t next_ = 0, unused_;
  std::exception_ptr failure_;
};

}  // namespace

void gather(const Gathering& gathering, std::atomic<bool>& stop) {
  Run run(gathering, stop);
  {
    const std::size_t count = gathering.order.size();
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < std::min<std::size_t>(std::max(gathering.getters, 1u), count); ++i)
      threads.emplace_back([&] { run.get_all(); });
    for (std::size_t i = 0; i < std::min<std::size_t>(std::max(gathering.users, 1u), count); ++i)
      threads.emplace_back([&] { run.use_all(); });
  }
  run.rethrow();
}

}  // namespace resole::io
