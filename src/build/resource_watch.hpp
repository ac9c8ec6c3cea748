// SPDX-License-Identifier: Apache-2.0
// Does a running sandbox stay within its limits? Control groups would tell, but nobody gives one to an ordinary user everywhere; limits of a process (rlimits)
// do not add up. So it is looked at, a few times a second.
#pragma once
#include <chrono>
#include <string>
#include <vector>

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
  // The first process of the sandbox, as soon as it is known.
  void begin(int first) { first_ = first; }
  // What is exceeded: "it wrote more than 2 GB"; "" while all is well.
  std::string exceeded();

 private:
  using Clock = std::chrono::steady_clock;
  std::vector<std::string> processes() const;  // /proc/NUMBER of all that run in the sandbox
  std::string open_files_exceeded(const std::vector<std::string>& processes);
  std::string tree_exceeded();

  const SandboxLimits limits_;
  const SandboxTree& tree_;
  const Clock::time_point deadline_;
  Clock::time_point next_glance_, next_look_;
  std::uint64_t free_at_look_ = 0;
  std::uint64_t nameless_ = 0;  // bytes of files that have no name, as of the last glance
  int first_ = 0;
};

}  // namespace resole::build
