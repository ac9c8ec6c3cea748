// SPDX-License-Identifier: Apache-2.0
#include "patch/downloads.hpp"

#include <utility>

#include "base/error.hpp"

namespace resole::patch {

Downloads::Downloads(Fetcher& fetcher, std::vector<Resource> resources, std::function<void(std::size_t)> check)
    : fetcher_(fetcher), resources_(std::move(resources)), check_(std::move(check)), here_(resources_.size()), thread_([this] { run(); }) {}

Downloads::~Downloads() {
  {
    const std::lock_guard lock(mutex_);
    broken_off_ = true;
  }
  thread_.join();
}

void Downloads::run() {
  std::exception_ptr failure;
  try {
    fetcher_.fetch_all(resources_, [this](std::size_t index, Blob bytes) {
      {
        const std::lock_guard lock(mutex_);
        if (broken_off_) throw Error(ErrorKind::interrupted, "the downloads were broken off");
      }
      check_(index);
      const std::lock_guard lock(mutex_);
      here_[index] = std::move(bytes);
      changed_.notify_all();
    });
  } catch (...) {
    failure = std::current_exception();
  }
  const std::lock_guard lock(mutex_);
  failure_ = std::move(failure);
  ended_ = true;
  changed_.notify_all();
}

Blob Downloads::get(std::size_t index) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return ended_ || here_[index]; });
  if (!here_[index]) std::rethrow_exception(failure_);
  return *here_[index];
}

void Downloads::finish() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return ended_; });
  if (failure_) std::rethrow_exception(failure_);
}

}  // namespace resole::patch
