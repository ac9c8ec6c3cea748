// SPDX-License-Identifier: Apache-2.0
// A child process that starts under a seccomp filter of ours and hands us the filter's listener. Unlike io/process this child is looked after while it runs:
// its output, its notifications and its use of the machine are watched by one loop (bubblewrap.cpp).
#pragma once
#include <linux/filter.h>
#include <sys/resource.h>

#include <string>
#include <utility>
#include <vector>

#include "io/descriptor.hpp"

namespace resole::build {

struct ConfinedRequest {
  std::vector<std::string> arguments;          // [0] is the program's path
  std::vector<std::string> environment;        // NAME=value, all of it
  std::vector<int> inherited;                  // descriptors that the program keeps, under their numbers; all others are closed
  std::vector<sock_filter> filter;             // loaded with a listener
  std::vector<std::pair<int, rlim_t>> limits;  // RLIMIT_*
};

class ConfinedProcess {
 public:
  // Error(input) naming the program or what the kernel refused.
  explicit ConfinedProcess(const ConfinedRequest& request);
  ConfinedProcess(const ConfinedProcess&) = delete;
  ConfinedProcess& operator=(const ConfinedProcess&) = delete;
  ~ConfinedProcess();  // kills and reaps

  int output() const { return output_.get(); }      // what it writes to its standard output and standard error
  int errors() const { return errors_.get(); }
  int listener() const { return listener_.get(); }
  int ended() const { return handle_.get(); }       // readable when it has ended
  void kill();
  int reap();                                       // waits; 128 + signal when killed

 private:
  int pid_ = -1;
  io::Descriptor output_, errors_, listener_, handle_;
};

// Names a process that is not our child as well, so that it cannot become another one (pidfd_open(2)).
io::Descriptor process_handle(int pid);
void kill_process(const io::Descriptor& handle);

}  // namespace resole::build
