// SPDX-License-Identifier: Apache-2.0
// Between fork and exec only calls are made that a child of a process with several threads may make (signal-safety(7)): everything is prepared before.
//
// The listener cannot be made by the parent, since filters are put on by a thread on itself. The child sends it over a socket pair before it becomes the
// program; what goes wrong until then is sent over the same socket as an errno.
#include "build/confined_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::build {

namespace {

constexpr int kNice = 10;  // whoever looks after it must not have to wait for it

struct Pair {
  io::Descriptor ours, theirs;
};

[[noreturn]] void fail(int error, const ConfinedRequest& request) {
  throw Error(ErrorKind::input, fmt::format("cannot run {}: {}", printable(request.arguments.front()), std::generic_category().message(error)));
}

// 0, 1 and 2 are what the child's streams become; ours must not be among them when this process was started with one of them closed.
io::Descriptor above_standard(int number, const ConfinedRequest& request) {
  io::Descriptor low(number);
  if (number > STDERR_FILENO) return low;
  io::Descriptor high(fcntl(number, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (!high) fail(errno, request);
  return high;
}

Pair make_pipe(const ConfinedRequest& request) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) fail(errno, request);
  Pair made{above_standard(ends[0], request), above_standard(ends[1], request)};
  fcntl(made.ours.get(), F_SETFL, O_NONBLOCK);
  return made;
}

Pair make_socket(const ConfinedRequest& request) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) fail(errno, request);
  return {above_standard(ends[0], request), above_standard(ends[1], request)};
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (const std::string& text : strings) result.push_back(const_cast<char*>(text.c_str()));  // NOLINT: what execve(2) takes
  result.push_back(nullptr);
  return result;
}

// One message: an errno (0: all is well), and with it a descriptor or none.
struct Message {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  int error = 0;
  iovec part{&error, sizeof(error)};
  msghdr header{};
  Message() {
    header.msg_iov = &part;
    header.msg_iovlen = 1;
  }
};

void send_message(int socket, int error, int descriptor) {
  Message message;
  message.error = error;
  if (descriptor >= 0) {
    message.header.msg_control = message.control.data();
    message.header.msg_controllen = message.control.size();
    cmsghdr* control = CMSG_FIRSTHDR(&message.header);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(control), &descriptor, sizeof(int));
  }
  while (sendmsg(socket, &message.header, MSG_NOSIGNAL) < 0 && errno == EINTR) {
  }
}

// What the child needs, laid out before it exists.
struct Preparation {
  std::vector<char*> arguments, environment;
  sock_fprog program{};
  int input = -1, output = -1, errors = -1, socket = -1;
};

[[noreturn]] void become(const ConfinedRequest& request, const Preparation& prepared) {
  const auto give_up = [&] {
    send_message(prepared.socket, errno, -1);
    _exit(127);
  };
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (int number = 1; number < NSIG; ++number) std::signal(number, SIG_DFL);
  setpgid(0, 0);
  umask(022);
  setpriority(PRIO_PROCESS, 0, kNice);
  if (dup2(prepared.input, STDIN_FILENO) < 0 || dup2(prepared.output, STDOUT_FILENO) < 0 || dup2(prepared.errors, STDERR_FILENO) < 0) give_up();
  for (const auto& [resource, most] : request.limits) {
    rlimit limit{most, most}, before{};
    if (getrlimit(static_cast<__rlimit_resource_t>(resource), &before) == 0 && before.rlim_max < most) limit = {before.rlim_max, before.rlim_max};
    if (setrlimit(static_cast<__rlimit_resource_t>(resource), &limit) != 0) give_up();
  }
  // Everything else goes when the program starts; old kernels lack the call, and nothing here is open without the flag anyway.
  syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  for (const int descriptor : request.inherited) fcntl(descriptor, F_SETFD, 0);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) give_up();
  const long listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &prepared.program);
  if (listener < 0) give_up();
  send_message(prepared.socket, 0, static_cast<int>(listener));
  execve(prepared.arguments.front(), prepared.arguments.data(), prepared.environment.data());
  give_up();
  __builtin_unreachable();
}

// The listener. A second message, instead of the end of the stream, says that the program could not be started.
io::Descriptor receive(int socket, const ConfinedRequest& request) {
  io::Descriptor listener;
  for (;;) {
    Message message;
    message.header.msg_control = message.control.data();
    message.header.msg_controllen = message.control.size();
    const ssize_t got = recvmsg(socket, &message.header, MSG_CMSG_CLOEXEC);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(errno, request);
    if (got == 0) break;
    if (message.error != 0) fail(message.error, request);
    if (const cmsghdr* control = CMSG_FIRSTHDR(&message.header)) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(control), sizeof(int));
      listener.reset(number);
    }
  }
  if (!listener) fail(ESRCH, request);
  return listener;
}

}  // namespace

ConfinedProcess::ConfinedProcess(const ConfinedRequest& request) {
  Pair out = make_pipe(request), err = make_pipe(request), socket = make_socket(request);
  const io::Descriptor nothing = above_standard(open("/dev/null", O_RDONLY | O_CLOEXEC), request);
  std::vector<sock_filter> filter = request.filter;
  Preparation prepared;
  prepared.arguments = pointers(request.arguments);
  prepared.environment = pointers(request.environment);
  prepared.program = {static_cast<unsigned short>(filter.size()), filter.data()};
  prepared.input = nothing.get();
  prepared.output = out.theirs.get();
  prepared.errors = err.theirs.get();
  prepared.socket = socket.theirs.get();

  pid_ = fork();
  if (pid_ < 0) fail(errno, request);
  if (pid_ == 0) become(request, prepared);
  output_ = std::move(out.ours);
  errors_ = std::move(err.ours);
  socket.theirs.reset();
  try {
    handle_ = process_handle(pid_);
    if (!handle_) fail(errno, request);
    listener_ = receive(socket.ours.get(), request);
  } catch (...) {
    ::kill(pid_, SIGKILL);
    reap();
    throw;
  }
}

ConfinedProcess::~ConfinedProcess() {
  if (pid_ < 0) return;
  kill();
  reap();
}

void ConfinedProcess::kill() {
  if (pid_ > 0) ::kill(-pid_, SIGKILL);
  if (pid_ > 0) ::kill(pid_, SIGKILL);
}

int ConfinedProcess::reap() {
  if (pid_ < 0) return 0;
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

io::Descriptor process_handle(int pid) {
  const long number = syscall(SYS_pidfd_open, pid, 0);  // close-on-exec by itself
  return io::Descriptor(number < 0 ? -1 : static_cast<int>(number));
}

void kill_process(const io::Descriptor& handle) {
  if (handle) syscall(SYS_pidfd_send_signal, handle.get(), SIGKILL, nullptr, 0);
}

}  // namespace resole::build
