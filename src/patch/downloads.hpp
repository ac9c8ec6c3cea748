// SPDX-License-Identifier: Apache-2.0
// Downloads that go on behind the work on what is here already: the wait for the network and the unpacking of packages overlap.
#pragma once
#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/effects.hpp"

namespace resole::patch {

class Downloads {
 public:
  // Starts at once, biggest first. `check` sees each resource when it has arrived (on several threads at once), before anybody else does; what it throws
  // ends all the downloads. `fetcher` must outlive this.
  Downloads(Fetcher& fetcher, std::vector<Resource> resources, std::function<void(std::size_t index)> check);
  ~Downloads();  // breaks off what still runs
  Downloads(const Downloads&) = delete;
  Downloads& operator=(const Downloads&) = delete;

  Blob get(std::size_t index);  // waits for it; throws what ended the downloads
  void finish();                // waits for all of them

 private:
  void run();

  Fetcher& fetcher_;
  const std::vector<Resource> resources_;
  const std::function<void(std::size_t)> check_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::optional<Blob>> here_;
  std::exception_ptr failure_;
  bool ended_ = false, broken_off_ = false;
  std::thread thread_;
};

}  // namespace resole::patch
