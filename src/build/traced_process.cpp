// SPDX-License-Identifier: Apache-2.0
// The thread that starts the program is the one that traces it: ptrace answers nobody else. It waits for its own children and tracees only (__WNOTHREAD), so
// that other threads may have children too.
//
// Between fork and exec only calls are made that a child of a process with several threads may make (signal-safety(7)): everything is prepared before.
#include "build/traced_process.hpp"

#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <linux/ptrace.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <memory>

#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::build {

namespace {

struct Ends {
  io::Descriptor ours, theirs;
};

[[noreturn]] void fail(int error, const TracedRequest& request) {
  throw Error(ErrorKind::input, fmt::format("cannot run {}: {}", printable(request.arguments.front()), std::generic_category().message(error)));
}

// 0, 1 and 2 are what the child's streams become; ours must not be among them when this process was started with one of them closed.
io::Descriptor above_standard(int number, const TracedRequest& request) {
  io::Descriptor low(number);
  if (number < 0) fail(errno, request);
  if (number > STDERR_FILENO) return low;
  io::Descriptor high(fcntl(number, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (!high) fail(errno, request);
  return high;
}

Ends make_pipe(const TracedRequest& request) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) fail(errno, request);
  return {above_standard(ends[0], request), above_standard(ends[1], request)};
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (const std::string& text : strings) result.push_back(const_cast<char*>(text.c_str()));  // NOLINT: what execve(2) takes
  result.push_back(nullptr);
  return result;
}

// glibc's ptrace() has variadic arguments and enumerations of its own.
long trace_call(unsigned request, pid_t task, std::uint64_t address, std::uint64_t data) { return syscall(SYS_ptrace, request, task, address, data); }
template <class T>
std::uint64_t address_of(T& object) {
  return reinterpret_cast<std::uint64_t>(&object);
}

// The stopped call is not made; its result is `value`.
void set_result(pid_t task, std::int64_t value) {
#if defined(__x86_64__)
  user_regs_struct registers{};
  iovec part{&registers, sizeof(registers)};
  if (trace_call(PTRACE_GETREGSET, task, NT_PRSTATUS, address_of(part)) != 0) return;
  registers.orig_rax = ~0ULL;
  registers.rax = static_cast<unsigned long long>(value);
  trace_call(PTRACE_SETREGSET, task, NT_PRSTATUS, address_of(part));
#elif defined(__aarch64__)
  int none = -1;
  iovec number{&none, sizeof(none)};
  if (trace_call(PTRACE_SETREGSET, task, NT_ARM_SYSTEM_CALL, address_of(number)) != 0) return;
  user_regs_struct registers{};
  iovec part{&registers, sizeof(registers)};
  if (trace_call(PTRACE_GETREGSET, task, NT_PRSTATUS, address_of(part)) != 0) return;
  registers.regs[0] = static_cast<unsigned long long>(value);
  trace_call(PTRACE_SETREGSET, task, NT_PRSTATUS, address_of(part));
#else
  (void)task, (void)value;  // no machine_of() this one, so that nothing is traced
#endif
}

}  // namespace

// What the child needs, laid out before it exists.
struct TracedProcess::Preparation {
  std::vector<char*> arguments, environment;
  std::vector<sock_filter> filter;
  sock_fprog program{};
  Ends output, errors, go, trouble;  // go: closed by us when it is traced; trouble: an errno, or nothing when the program runs
  io::Descriptor nothing;
};

namespace {

[[noreturn]] void become(const TracedRequest& request, const sock_fprog& program, char* const* arguments, char* const* environment, int input, int output, int errors,
                         int go, int trouble) {
  const auto give_up = [&] {
    const int error = errno;
    if (write(trouble, &error, sizeof(error)) < 0) _exit(126);
    _exit(127);
  };
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (int number = 1; number < NSIG; ++number) std::signal(number, SIG_DFL);
  char byte = 0;
  while (read(go, &byte, 1) < 0 && errno == EINTR) {
  }
  setpgid(0, 0);
  umask(022);
  if (dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 || dup2(errors, STDERR_FILENO) < 0) give_up();
  for (const auto& [resource, most] : request.limits) {
    rlimit limit{most, most}, before{};
    if (getrlimit(static_cast<__rlimit_resource_t>(resource), &before) == 0 && before.rlim_max < most) limit = {before.rlim_max, before.rlim_max};
    if (setrlimit(static_cast<__rlimit_resource_t>(resource), &limit) != 0) give_up();
  }
  // Everything else goes when the program starts; old kernels lack the call, and nothing here is open without the flag anyway.
  syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  for (const int descriptor : request.inherited) fcntl(descriptor, F_SETFD, 0);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) give_up();
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) give_up();
  execve(arguments[0], arguments, environment);
  give_up();
  __builtin_unreachable();
}

}  // namespace

TracedProcess::TracedProcess(const TracedRequest& request) {
  auto prepared = std::make_shared<Preparation>();
  prepared->arguments = pointers(request.arguments);
  prepared->environment = pointers(request.environment);
  prepared->filter = request.filter;
  prepared->program = {static_cast<unsigned short>(prepared->filter.size()), prepared->filter.data()};
  prepared->output = make_pipe(request);
  prepared->errors = make_pipe(request);
  prepared->go = make_pipe(request);
  prepared->trouble = make_pipe(request);
  prepared->nothing = above_standard(open("/dev/null", O_RDONLY | O_CLOEXEC), request);
  Ends end = make_pipe(request);
  ended_ = std::move(end.ours);
  end_ = std::move(end.theirs);
  for (Ends* stream : {&prepared->output, &prepared->errors, &prepared->trouble}) fcntl(stream->ours.get(), F_SETFL, O_NONBLOCK);
  output_ = std::move(prepared->output.ours);
  errors_ = std::move(prepared->errors.ours);
  // The request is copied: the thread outlives this call, not this object.
  thread_ = std::thread([this, prepared, request] { trace(request, *prepared); });
}

TracedProcess::~TracedProcess() {
  if (!thread_.joinable()) return;
  kill();
  thread_.join();
}

void TracedProcess::kill() {
  killing_ = true;
  // Wakes the thread that waits; it kills the rest.
  const std::lock_guard lock(mutex_);
  kill_process(program_);
}

int TracedProcess::wait() {
  if (thread_.joinable()) thread_.join();
  if (failure_) std::rethrow_exception(failure_);
  return exit_code_;
}

void TracedProcess::trace(const TracedRequest& request, Preparation& prepared) {
  try {
    const pid_t program = start(request, prepared);
    look_after(request, program);
    int error = 0;
    if (read(prepared.trouble.ours.get(), &error, sizeof(error)) == sizeof(error)) fail(error, request);
  } catch (...) {
    failure_ = std::current_exception();
  }
  end_.reset();
}

pid_t TracedProcess::start(const TracedRequest& request, Preparation& prepared) {
  const pid_t child = fork();
  if (child < 0) fail(errno, request);
  if (child == 0) {
    close(prepared.go.theirs.get());  // or it would wait for itself
    become(request, prepared.program, prepared.arguments.data(), prepared.environment.data(), prepared.nothing.get(), prepared.output.theirs.get(),
           prepared.errors.theirs.get(), prepared.go.ours.get(), prepared.trouble.theirs.get());
  }
  for (Ends* stream : {&prepared.output, &prepared.errors, &prepared.trouble}) stream->theirs.reset();
  {
    const std::lock_guard lock(mutex_);
    program_ = process_handle(child);
  }
  constexpr std::uint64_t kOptions =
      PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
  if (trace_call(PTRACE_SEIZE, child, 0, kOptions) != 0) {
    const int error = errno;
    ::kill(child, SIGKILL);
    while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
    fail(error, request);
  }
  tasks_.insert(child);
  prepared.go.theirs.reset();
  return child;
}

// Until there is nobody left to wait for.
void TracedProcess::look_after(const TracedRequest& request, pid_t program) {
  bool killed = false;
  for (;;) {
    int status = 0;
    const pid_t task = waitpid(-1, &status, __WALL | __WNOTHREAD);
    if (task < 0 && errno == EINTR) continue;
    if (task < 0) return;
    if (WIFEXITED(status) || WIFSIGNALED(status)) {
      tasks_.erase(task);
      if (task == program) {
        exit_code_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        killing_ = true;  // what it left behind
      }
    } else {
      tasks_.insert(task);
      if (killed) ::kill(task, SIGKILL);
      else if (!killing_) stopped(request, task, status);
    }
    if (!killing_ || killed) continue;
    killed = true;
    for (const pid_t each : tasks_) ::kill(each, SIGKILL);
  }
}

void TracedProcess::stopped(const TracedRequest& request, pid_t task, int status) {
  const int signal = WSTOPSIG(status);
  std::uint64_t message = 0;
  switch (status >> 16) {
    case PTRACE_EVENT_SECCOMP:
      answer(request, task);
      break;
    case PTRACE_EVENT_EXEC:
      // A thread that execs takes the number of its process; its own is nobody's any more.
      if (trace_call(PTRACE_GETEVENTMSG, task, 0, address_of(message)) == 0 && message != static_cast<std::uint64_t>(task)) tasks_.erase(static_cast<pid_t>(message));
      break;
    case PTRACE_EVENT_STOP:
      if (signal != SIGTRAP) {  // stopped by SIGSTOP or a terminal: it stays so
        trace_call(PTRACE_LISTEN, task, 0, 0);
        return;
      }
      break;
    case 0:
      trace_call(PTRACE_CONT, task, 0, static_cast<std::uint64_t>(signal));
      return;
    default:
      break;
  }
  trace_call(PTRACE_CONT, task, 0, 0);
}

void TracedProcess::answer(const TracedRequest& request, pid_t task) {
  ptrace_syscall_info info{};
  if (trace_call(PTRACE_GET_SYSCALL_INFO, task, sizeof(info), address_of(info)) <= 0 || info.op != PTRACE_SYSCALL_INFO_SECCOMP) return;
  TracedCall call{.task = task, .number = static_cast<int>(info.seccomp.nr)};
  std::copy(std::begin(info.seccomp.args), std::end(info.seccomp.args), call.arguments.begin());
  if (request.starts_task(call.number)) {
    if (tasks_.size() < request.tasks) return;
    full_ = true;
    return set_result(task, -EAGAIN);
  }
  const TracedAnswer answer = request.answer(call);
  if (!answer.by_kernel) set_result(task, answer.value);
}

io::Descriptor process_handle(int pid) {
  const long number = syscall(SYS_pidfd_open, pid, 0);  // close-on-exec by itself
  return io::Descriptor(number < 0 ? -1 : static_cast<int>(number));
}

void kill_process(const io::Descriptor& handle) {
  if (handle) syscall(SYS_pidfd_send_signal, handle.get(), SIGKILL, nullptr, 0);
}

}  // namespace resole::build
