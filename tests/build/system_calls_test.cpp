// SPDX-License-Identifier: Apache-2.0
// The filters, asked by a small machine for classic BPF; the tables of numbers against the kernel's own headers.
#include "build/system_calls.hpp"

#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>

#include "base/text.hpp"

namespace resole::build {
namespace RESOLE_TEST_FILE {

// Documentation/networking/filter.rst, as far as the filters go; anything else is a failure.
std::uint32_t ask(const std::vector<sock_filter>& program, const seccomp_data& data) {
  std::uint32_t accumulator = 0;
  for (std::size_t at = 0; at < program.size(); ++at) {
    const sock_filter& step = program[at];
    switch (step.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        if (step.k + 4 > sizeof(data) || step.k % 4 != 0) throw std::logic_error("a load outside the data");
        std::memcpy(&accumulator, reinterpret_cast<const char*>(&data) + step.k, 4);
        break;
      case BPF_ALU | BPF_AND | BPF_K:
        accumulator &= step.k;
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
        at += accumulator == step.k ? step.jt : step.jf;
        break;
      case BPF_JMP | BPF_JGE | BPF_K:
        at += accumulator >= step.k ? step.jt : step.jf;
        break;
      case BPF_JMP | BPF_JSET | BPF_K:
        at += (accumulator & step.k) != 0 ? step.jt : step.jf;
        break;
      case BPF_RET | BPF_K:
        return step.k;
      default:
        throw std::logic_error("an instruction that the filters should not have");
    }
  }
  throw std::logic_error("the program runs over its end");
}

constexpr std::uint32_t kAllow = SECCOMP_RET_ALLOW;
constexpr std::uint32_t error_answer(int error) { return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error); }

class Filters : public testing::TestWithParam<std::string> {
 protected:
  Machine machine() const { return *machine_of(GetParam()); }
  int number(std::string_view name) const {
    for (const CallNumber& call : call_numbers(machine())) {
      if (call.name == name) return call.number;
    }
    throw std::logic_error("no such call: " + std::string(name));
  }
  seccomp_data call(int nr, std::initializer_list<std::uint64_t> arguments = {}) const {
    seccomp_data data{};
    data.nr = nr;
    data.arch = machine().audit;
    std::copy(arguments.begin(), arguments.end(), data.args);
    return data;
  }
  std::uint32_t owners(const seccomp_data& data) const { return ask(tracing_filter(machine()), data); }
  std::uint32_t confined(const seccomp_data& data) const { return ask(confinement_filter(machine()), data); }
};

TEST_P(Filters, HandOverOwnersAndNewProcesses) {
  for (const CallNumber& each : call_numbers(machine())) {
    if (each.number < 0) continue;
    const bool starts = each.name == "fork" || each.name == "vfork" || each.name == "clone";
    const bool watched = starts || each.name.find("chown") != std::string_view::npos || each.name.find("stat") != std::string_view::npos;
    EXPECT_EQ(owners(call(each.number)), watched ? SECCOMP_RET_TRACE : kAllow) << each.name;
    if (watched) {
      EXPECT_EQ(confined(call(each.number)), kAllow) << each.name << ": an error answer would win over tracing";
    }
    EXPECT_EQ(watched_call(machine(), each.number) != Watched::none, watched) << each.name;
  }
}

TEST_P(Filters, PretendToChangeTheUser) {
  for (const char* name : {"setuid", "setgid", "setreuid", "setregid", "setgroups", "setresuid", "setresgid", "setfsuid", "setfsgid"}) {
    EXPECT_EQ(confined(call(number(name), {33})), error_answer(0)) << name;
  }
}

TEST_P(Filters, PretendToMakeDevicesButMakeFifos) {
  const auto at = [&](std::uint64_t mode) { return confined(call(number("mknodat"), {0, 0, mode})); };
  EXPECT_EQ(at(S_IFCHR | 0600), error_answer(0));
  EXPECT_EQ(at(S_IFBLK | 0600), error_answer(0));
  EXPECT_EQ(at(S_IFIFO | 0600), kAllow);
  EXPECT_EQ(at(0600), kAllow);
  EXPECT_EQ(at(S_IFSOCK | 0600), kAllow);
  if (number("mknod") < 0) return;
  EXPECT_EQ(confined(call(number("mknod"), {0, S_IFCHR | 0600, 0})), error_answer(0));
  EXPECT_EQ(confined(call(number("mknod"), {0, S_IFIFO | 0600, 0})), kAllow);
}

TEST_P(Filters, RefuseNamespacesButAllowProcesses) {
  EXPECT_EQ(confined(call(number("clone"), {17})), kAllow);  // fork(): SIGCHLD
  EXPECT_EQ(confined(call(number("clone"), {CLONE_VM | CLONE_FS | CLONE_THREAD | CLONE_SIGHAND})), kAllow);
  for (const std::uint64_t flag : {CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWNET, CLONE_NEWPID, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC}) {
    EXPECT_EQ(confined(call(number("clone"), {flag | 17})), error_answer(EPERM)) << flag;
  }
  EXPECT_EQ(confined(call(number("clone3"))), error_answer(ENOSYS));
  for (const char* name : {"unshare", "setns", "mount", "umount2", "pivot_root", "fsopen", "ptrace", "bpf", "keyctl", "userfaultfd"}) {
    EXPECT_EQ(confined(call(number(name))), error_answer(EPERM)) << name;
  }
}

TEST_P(Filters, RefuseBigSegmentsOfSharedMemory) {
  const auto asked = [&](std::uint64_t size) { return confined(call(number("shmget"), {0, size, 0600})); };
  EXPECT_EQ(asked(56), kAllow);
  EXPECT_EQ(asked(1u << 20), kAllow);
  EXPECT_EQ(asked((1u << 20) + 1), error_answer(EINVAL));
  EXPECT_EQ(asked(1ull << 32), error_answer(EINVAL)) << "the lower half alone is small";
}

TEST_P(Filters, KnowNoOtherArchitecture) {
  seccomp_data data = call(number("mount"));
  data.arch = AUDIT_ARCH_I386;
  EXPECT_EQ(confined(data), error_answer(ENOSYS));
  EXPECT_EQ(owners(data), kAllow);
  if (machine().architecture == "amd64") {
    EXPECT_EQ(confined(call(0x40000000 | number("chown"))), error_answer(ENOSYS));
  }
}

TEST_P(Filters, LetOrdinaryCallsPass) {
  for (const int nr : {0, 1, 2, 200, 437}) {
    EXPECT_EQ(confined(call(nr)), kAllow) << nr;
    EXPECT_EQ(owners(call(nr)), kAllow) << nr;
  }
}

// arch/x86 has a table of its own, arm64 the generic one.
TEST_P(Filters, HaveTheKernelsNumbers) {
  const bool amd64 = machine().architecture == "amd64";
  const std::string path = amd64 ? "/usr/include/x86_64-linux-gnu/asm/unistd_64.h" : "/usr/include/asm-generic/unistd.h";
  std::ifstream in(path);
  if (!in) GTEST_SKIP() << "needs " << path;
  std::stringstream text;
  text << in.rdbuf();
  std::map<std::string, int> defined;
  const std::string all = text.str();
  for (const auto line : lines(all)) {
    const auto words = split_words(line);
    if (words.size() < 3 || words[0] != "#define") continue;
    const auto value = parse_unsigned(words[2]);
    if (!value) continue;
    // The generic table names two calls for 32 and 64 bits; on 64 bits they are these.
    if (words[1] == "__NR3264_fstat") defined["fstat"] = static_cast<int>(*value);
    if (words[1] == "__NR3264_fstatat") defined["newfstatat"] = static_cast<int>(*value);
    if (words[1].starts_with("__NR_")) defined[std::string(words[1].substr(5))] = static_cast<int>(*value);
  }
  ASSERT_GT(defined.size(), 200u);
  for (const CallNumber& each : call_numbers(machine())) {
    const auto found = defined.find(std::string(each.name));
    if (found == defined.end() && each.number >= 0) continue;  // newer than the headers
    EXPECT_EQ(each.number, found == defined.end() ? -1 : found->second) << each.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Machines, Filters, testing::Values("amd64", "arm64"), [](const auto& each) { return each.param; });

TEST(Machines, OthersAreNotKnown) {
  EXPECT_FALSE(machine_of("s390x"));
  EXPECT_FALSE(machine_of(""));
}

}  // namespace
}  // namespace resole::build
