// SPDX-License-Identifier: Apache-2.0
// Does a running sandbox stay within its limits? Control groups would tell, but nobody gives one to an ordinary user everywhere; limits of a process (rlimits)
// do not add up. So it is looked at, a few times a second.
#pragma once
#include <chrono>
#include <string>

#include "build/sandbox.hpp"

namespace resole::build {

struct TreeUse {
  std::uint64_t bytes = 0, files = 0;
  bool too_deep = false;  // a path that is longer than paths can be
};
TreeUse measure(const io::RootedDirectory& tree);  // while others may be writing in it

class ResourceWatch {
 public:
  ResourceWatch(const SandboxLimits& limits, const SandboxTree& tree);
  // What is exceeded: "it started more than 512 processes"; "" while all is well. `first`: the first process of the sandbox, 0 while it is not known.
  std::string exceeded(int first);

 private:
  using Clock = std::chrono::steady_clock;
  std::string processes_exceeded(int first) const;
  std::string tree_exceeded();

  const SandboxLimits limits_;
  const SandboxTree& tree_;
  const Clock::time_point deadline_;
  Clock::time_point next_glance_, next_look_;
  std::uint64_t free_at_look_ = 0;
};

}  // namespace resole::build
