// SPDX-License-Identifier: Apache-2.0
// A process tree in which some system calls are answered by us: a filter names them (seccomp, SECCOMP_RET_TRACE), and the kernel stops who makes one until we
// have said what happens (ptrace(2)).
//
// The younger way, user notifications, was tried and is not fit for this: a process that waits for the answer can be interrupted by a signal, and then its
// stat() or fork() fails with EINTR, which no program expects (dash, whose SIGCHLD handler does not restart calls: "Cannot fork"). A stopped tracee is not.
//
// Tracing also tells exactly which processes there are, and the kernel kills them all when we die (PTRACE_O_EXITKILL).
#pragma once
#include <linux/filter.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "io/descriptor.hpp"

namespace resole::build {

struct TracedCall {
  pid_t task = 0;
  int number = 0;
  std::array<std::uint64_t, 6> arguments{};
};
struct TracedAnswer {
  bool by_kernel = true;   // as if nobody had asked
  std::int64_t value = 0;  // else this is the result; -errno for a failure
};

struct TracedRequest {
  std::vector<std::string> arguments;          // [0] is the program's path
  std::vector<std::string> environment;        // NAME=value, all of it
  std::vector<int> inherited;                  // descriptors that the program keeps, under their numbers; all others are closed
  std::vector<sock_filter> filter;             // with SECCOMP_RET_TRACE for what is asked here
  std::vector<std::pair<int, rlim_t>> limits;  // RLIMIT_*
  std::size_t tasks = 1024;                    // processes and threads; one more is EAGAIN, and full() is true from then on
  std::function<TracedAnswer(const TracedCall& call)> answer;  // called on a thread of its own, not at the same time
  std::function<bool(int number)> starts_task;                 // does this call make a process or a thread? `answer` is not asked then
};

class TracedProcess {
 public:
  // Error(input) naming the program or what the kernel refused.
  explicit TracedProcess(const TracedRequest& request);
  TracedProcess(const TracedProcess&) = delete;
  TracedProcess& operator=(const TracedProcess&) = delete;
  ~TracedProcess();  // kills

  int output() const { return output_.get(); }  // what it writes to its standard output and standard error
  int errors() const { return errors_.get(); }
  int ended() const { return ended_.get(); }    // readable when the program and everything that it left behind has ended
  bool full() const { return full_; }
  void kill();                                  // all of it
  int wait();                                   // until nothing is left; the program's exit code, 128 + signal when it was killed

 private:
  struct Preparation;
  void trace(const TracedRequest& request, Preparation& prepared);
  pid_t start(const TracedRequest& request, Preparation& prepared);
  void look_after(const TracedRequest& request, pid_t program);
  void stopped(const TracedRequest& request, pid_t task, int status);
  void answer(const TracedRequest& request, pid_t task);

  io::Descriptor output_, errors_, ended_, end_;
  std::mutex mutex_;
  io::Descriptor program_;
  std::atomic<bool> killing_ = false, full_ = false;
  std::set<pid_t> tasks_;  // of the tracing thread: stopped or running, and not yet reaped, so that no number can mean another process
  int exit_code_ = 0;
  std::exception_ptr failure_;
  std::thread thread_;
};

// Names a process that is not our child as well, so that it cannot become another one (pidfd_open(2)).
io::Descriptor process_handle(int pid);
void kill_process(const io::Descriptor& handle);

}  // namespace resole::build
