// SPDX-License-Identifier: Apache-2.0
#include "io/process.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "io/fetching.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

using io::ProcessResult;
using io::run_process;

// Only here: the product never starts a shell.
ProcessResult shell(const std::string& script, double timeout = 20) {
  return run_process({.arguments = {"sh", "-c", script}, .timeout = timeout});
}

double seconds_of(const std::function<void()>& body) {
  const auto begin = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

bool is_alive(pid_t process) { return kill(process, 0) == 0; }

// A killed process may need a moment to go, and is a zombie until init has seen it.
bool ends_soon(pid_t process) {
  for (int i = 0; i < 200 && is_alive(process); ++i) {
    std::string stat;
    try {
      stat = io::read_file("/proc/" + std::to_string(process) + "/stat", 4096);
    } catch (const Error&) {
      return true;
    }
    if (contains(stat, ") Z ")) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return !is_alive(process);
}

TEST(Process, OutputErrorAndExitCode) {
  const ProcessResult result = shell("echo out; echo err >&2; exit 7");
  EXPECT_EQ(result.out, "out\n");
  EXPECT_EQ(result.err, "err\n");
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_FALSE(result.timed_out);
}

TEST(Process, ArgumentsAreNotInterpreted) {
  EXPECT_EQ(run_process({.arguments = {"printf", "%s|", "a b", "$HOME", "*", ""}}).out, "a b|$HOME|*||");
}

TEST(Process, Signal) { EXPECT_EQ(shell("kill -TERM $$").exit_code, 128 + SIGTERM); }

TEST(Process, Input) {
  const std::string input = noise(1 << 20);
  EXPECT_EQ(run_process({.arguments = {"cat"}, .input = input}).out, input);
  EXPECT_EQ(run_process({.arguments = {"cat"}}).out, "");
  EXPECT_EQ(run_process({.arguments = {"true"}, .input = input}).exit_code, 0);  // nobody reads it
}

TEST(Process, CleanEnvironment) {
  setenv("RESOLE_TEST_SECRET", "s3cret", 1);
  EXPECT_EQ(run_process({.arguments = {"env"}}).out, "PATH=" + std::string(std::getenv("PATH")) + "\nLC_ALL=C\n");
  EXPECT_EQ(run_process({.arguments = {"env"}, .environment = {"A=1"}}).out, "A=1\n");
  unsetenv("RESOLE_TEST_SECRET");
}

TEST(Process, Directory) {
  const io::TemporaryDirectory directory;
  EXPECT_EQ(run_process({.arguments = {"pwd"}, .directory = directory.path()}).out, directory.path().native() + "\n");
  const Error error = error_of([&] { run_process({.arguments = {"pwd"}, .directory = directory.path() / "absent"}); });
  EXPECT_TRUE(contains(error.message(), "absent")) << error.message();
}

TEST(Process, AbsentProgram) {
  const Error error = error_of([] { run_process({.arguments = {"no-such-program-anywhere"}}); });
  EXPECT_EQ(error.kind(), ErrorKind::input);
  EXPECT_TRUE(contains(error.message(), "no-such-program-anywhere"));
  EXPECT_FALSE(error.hint().empty());
}

TEST(Process, OutputIsBounded) {
  const ProcessResult result = run_process({.arguments = {"sh", "-c", "head -c 3000000 /dev/zero; echo end >&2"}, .output_limit = 1000});
  EXPECT_EQ(result.out.size(), 1000u);
  EXPECT_EQ(result.err, "end\n");
  EXPECT_EQ(result.exit_code, 0);
}

TEST(Process, EndlessOutputEndsWithTheTimeout) {
  const ProcessResult result = run_process({.arguments = {"yes"}, .timeout = 0.2, .output_limit = 1000});
  EXPECT_TRUE(result.timed_out);
  EXPECT_EQ(result.out.size(), 1000u);
}

TEST(Process, TimeoutEndsTheWholeGroupAndNothingElse) {
  const pid_t bystander = fork();
  if (bystander == 0) {
    ::pause();
    _exit(0);
  }
  ProcessResult result;
  EXPECT_LT(seconds_of([&] { result = shell("sleep 30 & echo $!; trap '' TERM; sleep 30", 0.2); }), 10);
  EXPECT_TRUE(result.timed_out);
  EXPECT_EQ(result.exit_code, 128 + SIGKILL);
  EXPECT_TRUE(ends_soon(static_cast<pid_t>(std::stol(result.out))));
  EXPECT_TRUE(is_alive(bystander));
  kill(bystander, SIGKILL);
  waitpid(bystander, nullptr, 0);
}

TEST(Process, LeftoverChildrenAreNotWaitedFor) {
  ProcessResult result;
  EXPECT_LT(seconds_of([&] { result = shell("sleep 30 & echo $!"); }), 10);
  EXPECT_FALSE(result.timed_out);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_TRUE(ends_soon(static_cast<pid_t>(std::stol(result.out))));
}

// Neither blocked signals nor open files of ours reach the child.
TEST(Process, NothingLeaksIntoTheChild) {
  sigset_t blocked, before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  EXPECT_EQ(shell("kill -TERM $$; echo survived").out, "");
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  const int open_file = open("/dev/null", O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(shell("ls /proc/self/fd | wc -l").out, "4\n");  // 0, 1, 2 and the directory itself
  close(open_file);
}

}  // namespace
}  // namespace resole::test
