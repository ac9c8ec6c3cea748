// SPDX-License-Identifier: Apache-2.0
// Two threads that want the same download: the second waits for the first and then finds it in the cache.
#pragma once
#include <condition_variable>
#include <mutex>
#include <set>
#include <string>

namespace resole::io {

class SingleFlight {
 public:
  class Turn {
   public:
    Turn(SingleFlight& flights, std::string key) : flights_(flights), key_(std::move(key)) {
      std::unique_lock lock(flights_.mutex_);
      flights_.landed_.wait(lock, [&] { return !flights_.keys_.contains(key_); });
      flights_.keys_.insert(key_);
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() {
      const std::lock_guard lock(flights_.mutex_);
      flights_.keys_.erase(key_);
      flights_.landed_.notify_all();
    }

   private:
    SingleFlight& flights_;
    std::string key_;
  };

 private:
  std::mutex mutex_;
  std::condition_variable landed_;
  std::set<std::string> keys_;
};

}  // namespace resole::io
