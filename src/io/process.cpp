// SPDX-License-Identifier: Apache-2.0
// The child gets a process group of its own, so that a timeout ends it together with what it started, and nothing else. Its input is an
// unlinked file in memory, not a pipe: nobody has to feed it while its output is read, and a child that does not read its input cannot
// raise SIGPIPE here.
//
// The end, in this order: the child exits (seen without reaping it, so that its number cannot be given to another process), what it left
// behind in its group is killed, the pipes run dry, the child is reaped.
#include "io/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>

#include "base/error.hpp"
#include "base/text.hpp"
#include "io/descriptor.hpp"

namespace resole::io {

namespace {

using Seconds = std::chrono::duration<double>;
using SteadyClock = std::chrono::steady_clock;

constexpr int kPollMilliseconds = 20;

[[noreturn]] void fail(const ProcessRequest& request, int error) {
  const std::string program = printable(request.arguments.front());
  if (error == ENOENT) {
    throw Error(ErrorKind::input, fmt::format("the program {} is not installed (not found in PATH)", program),
                fmt::format("install {}", program));
  }
  throw Error(ErrorKind::input, fmt::format("cannot run {}: {}", program, std::generic_category().message(error)));
}

// 0, 1 and 2 are what the child's streams are moved to; ours must not be among them when this process was started with one of them closed.
Descriptor above_standard(int number, const ProcessRequest& request) {
  Descriptor low(number);
  if (number < 0) fail(request, errno);
  if (number > 2) return low;
  Descriptor high(fcntl(number, F_DUPFD_CLOEXEC, 3));
  if (!high) fail(request, errno);
  return high;
}

struct Pipe {
  Descriptor read_end, write_end;
};

Pipe make_pipe(const ProcessRequest& request) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) fail(request, errno);
  Pipe made{above_standard(ends[0], request), above_standard(ends[1], request)};
  fcntl(made.read_end.get(), F_SETFL, O_NONBLOCK);
  return made;
}

Descriptor input_file(const ProcessRequest& request) {
  if (request.input.empty()) return above_standard(open("/dev/null", O_RDONLY | O_CLOEXEC), request);
  Descriptor file = above_standard(memfd_create("resole-input", MFD_CLOEXEC), request);
  write_fully(file.get(), request.input, "the input of a program");
  lseek(file.get(), 0, SEEK_SET);
  return file;
}

class SpawnPlan {
 public:
  SpawnPlan() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  void close_others() { posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1); }
  void stream(const Descriptor& from, int to) { posix_spawn_file_actions_adddup2(&actions_, from.get(), to); }
  void directory(const std::string& path) { posix_spawn_file_actions_addchdir_np(&actions_, path.c_str()); }
  int run(pid_t& child, char* const* arguments, char* const* environment) {
    return posix_spawnp(&child, arguments[0], &actions_, &attributes_, arguments, environment);
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (std::string& text : strings) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

std::vector<std::string> environment_of(const ProcessRequest& request) {
  if (!request.environment.empty()) return request.environment;
  const char* path = std::getenv("PATH");
  return {fmt::format("PATH={}", path != nullptr ? path : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"), "LC_ALL=C"};
}

pid_t spawn(const ProcessRequest& request, const Descriptor& in, const Descriptor& out, const Descriptor& err) {
  SpawnPlan plan;
  plan.stream(in, STDIN_FILENO);
  plan.stream(out, STDOUT_FILENO);
  plan.stream(err, STDERR_FILENO);
  plan.close_others();
  if (!request.directory.empty()) {
    if (access(request.directory.c_str(), X_OK) != 0)
      throw_errno(errno, "enter", request.directory);  // or ENOENT would seem to be the program's
    plan.directory(request.directory);
  }
  std::vector<std::string> arguments = request.arguments, environment = environment_of(request);
  pid_t child = 0;
  if (const int error = plan.run(child, pointers(arguments).data(), pointers(environment).data()); error != 0) fail(request, error);
  return child;
}

// One output stream. More than the limit is read and dropped, so that the child does not hang in write().
class Capture {
 public:
  Capture(Descriptor descriptor, std::string& text, std::size_t limit) : descriptor_(std::move(descriptor)), text_(text), limit_(limit) {}

  bool open() const { return static_cast<bool>(descriptor_); }
  int descriptor() const { return descriptor_.get(); }  // -1 when closed, which poll(2) ignores

  void drain() {
    std::array<char, 65536> buffer;
    while (open()) {
      const ssize_t count = read(descriptor_.get(), buffer.data(), buffer.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && errno == EAGAIN) return;
      if (count <= 0) return descriptor_.reset();
      text_.append(buffer.data(), std::min(static_cast<std::size_t>(count), limit_ - text_.size()));
    }
  }

 private:
  Descriptor descriptor_;
  std::string& text_;
  std::size_t limit_;
};

bool has_exited(pid_t child) {
  siginfo_t info{};
  return waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == child;
}

int reap(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

ProcessResult run_process(const ProcessRequest& request) {
  if (request.arguments.empty()) throw Error(ErrorKind::internal, "a process needs a program");
  Pipe out = make_pipe(request), err = make_pipe(request);
  const pid_t child = spawn(request, input_file(request), out.write_end, err.write_end);
  out.write_end.reset();
  err.write_end.reset();

  ProcessResult result;
  Capture captures[] = {{std::move(out.read_end), result.out, request.output_limit},
                        {std::move(err.read_end), result.err, request.output_limit}};
  const auto deadline = SteadyClock::now() + std::chrono::duration_cast<SteadyClock::duration>(Seconds(request.timeout));
  while (!has_exited(child)) {
    if (SteadyClock::now() >= deadline) {
      result.timed_out = true;
      kill(-child, SIGKILL);
    }
    pollfd watched[] = {{captures[0].descriptor(), POLLIN, 0}, {captures[1].descriptor(), POLLIN, 0}};
    poll(watched, 2, captures[0].open() || captures[1].open() ? kPollMilliseconds : 1);
    for (Capture& capture : captures) capture.drain();
  }
  kill(-child, SIGKILL);
  // A process that left the group may still hold the pipes; its output is not waited for.
  for (Capture& capture : captures) capture.drain();
  result.exit_code = reap(child);
  return result;
}

}  // namespace resole::io
