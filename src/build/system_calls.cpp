// SPDX-License-Identifier: Apache-2.0
#include "build/system_calls.hpp"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include <array>
#include <cerrno>
#include <cstddef>

namespace resole::build {

namespace {

constexpr std::array<Machine, 2> kMachines = {{{"amd64", AUDIT_ARCH_X86_64, 0}, {"arm64", AUDIT_ARCH_AARCH64, 1}}};

enum class Answer : std::uint8_t { trace, pretend, pretend_device, refuse, refuse_namespaces, refuse_big, absent };

struct Row {
  std::string_view name;
  std::array<int, 2> numbers;  // amd64, arm64; -1: there is none
  Answer answer;
  std::uint8_t argument = 0;   // that decides: the mode of mknod, the flags of clone, the size of shmget
  Watched watched = Watched::none;
};

// Numbers: arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h of Linux.
constexpr Row kCalls[] = {
    {"chown", {92, -1}, Answer::trace, 0, Watched::chown},
    {"fchown", {93, 55}, Answer::trace, 0, Watched::fchown},
    {"lchown", {94, -1}, Answer::trace, 0, Watched::lchown},
    {"fchownat", {260, 54}, Answer::trace, 0, Watched::fchownat},
    {"stat", {4, -1}, Answer::trace, 0, Watched::stat},
    {"fstat", {5, 80}, Answer::trace, 0, Watched::fstat},
    {"lstat", {6, -1}, Answer::trace, 0, Watched::lstat},
    {"newfstatat", {262, 79}, Answer::trace, 0, Watched::fstatat},
    {"statx", {332, 291}, Answer::trace, 0, Watched::statx},
    {"fork", {57, -1}, Answer::trace, 0, Watched::start},
    {"vfork", {58, -1}, Answer::trace, 0, Watched::start},

    {"setuid", {105, 146}, Answer::pretend},
    {"setgid", {106, 144}, Answer::pretend},
    {"setreuid", {113, 145}, Answer::pretend},
    {"setregid", {114, 143}, Answer::pretend},
    {"setgroups", {116, 159}, Answer::pretend},
    {"setresuid", {117, 147}, Answer::pretend},
    {"setresgid", {119, 149}, Answer::pretend},
    {"setfsuid", {122, 151}, Answer::pretend},
    {"setfsgid", {123, 152}, Answer::pretend},
    {"mknod", {133, -1}, Answer::pretend_device, 1},
    {"mknodat", {259, 33}, Answer::pretend_device, 2},

    {"shmget", {29, 194}, Answer::refuse_big, 1},
    {"clone", {56, 220}, Answer::refuse_namespaces, 0, Watched::start},
    {"clone3", {435, 435}, Answer::absent},  // its flags lie in memory, where no filter reads; the C library then uses clone
    {"unshare", {272, 97}, Answer::refuse},
    {"setns", {308, 268}, Answer::refuse},
    {"mount", {165, 40}, Answer::refuse},
    {"umount2", {166, 39}, Answer::refuse},
    {"pivot_root", {155, 41}, Answer::refuse},
    {"open_tree", {428, 428}, Answer::refuse},
    {"move_mount", {429, 429}, Answer::refuse},
    {"fsopen", {430, 430}, Answer::refuse},
    {"fsconfig", {431, 431}, Answer::refuse},
    {"fsmount", {432, 432}, Answer::refuse},
    {"fspick", {433, 433}, Answer::refuse},
    {"mount_setattr", {442, 442}, Answer::refuse},
    {"open_by_handle_at", {304, 265}, Answer::refuse},
    {"ptrace", {101, 117}, Answer::refuse},
    {"process_vm_writev", {311, 271}, Answer::refuse},
    {"add_key", {248, 217}, Answer::refuse},
    {"request_key", {249, 218}, Answer::refuse},
    {"keyctl", {250, 219}, Answer::refuse},
    {"bpf", {321, 280}, Answer::refuse},
    {"perf_event_open", {298, 241}, Answer::refuse},
    {"userfaultfd", {323, 282}, Answer::refuse},
    {"io_uring_setup", {425, 425}, Answer::absent},
};

constexpr std::uint32_t kNamespaces =
    CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
// Shared memory that is attached nowhere belongs to no process, so nobody would see how much there is: segments are small. The kernel allows 4096 of them
// (kernel.shmmni): together no more than SandboxLimits::memory. PostgreSQL asks for 56 bytes.
constexpr std::uint32_t kBiggestSegment = 1u << 20;
constexpr std::uint32_t kX32 = 0x40000000;  // the bit of x86's third set of numbers

constexpr std::uint32_t kAllow = SECCOMP_RET_ALLOW;
constexpr std::uint32_t error_answer(int error) { return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error); }

sock_filter statement(unsigned code, std::uint32_t value) { return {static_cast<std::uint16_t>(code), 0, 0, value}; }
sock_filter jump(unsigned code, std::uint32_t value, unsigned yes, unsigned no) {
  return {static_cast<std::uint16_t>(code), static_cast<std::uint8_t>(yes), static_cast<std::uint8_t>(no), value};
}
sock_filter load(std::size_t offset) { return statement(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)); }
sock_filter answer(std::uint32_t value) { return statement(BPF_RET | BPF_K, value); }
sock_filter unless_equal(std::uint32_t value, unsigned skip) { return jump(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip); }

// The lower half of an argument; both machines are little-endian.
sock_filter load_argument(unsigned index) { return load(offsetof(seccomp_data, args) + sizeof(std::uint64_t) * index); }

sock_filter load_upper_half(unsigned index) { return load(offsetof(seccomp_data, args) + sizeof(std::uint64_t) * index + sizeof(std::uint32_t)); }

void begin(const Machine& machine, std::uint32_t foreign, std::vector<sock_filter>& program) {
  program.push_back(load(offsetof(seccomp_data, arch)));
  program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, machine.audit, 1, 0));
  program.push_back(answer(foreign));
  program.push_back(load(offsetof(seccomp_data, nr)));
}

void append(const Row& row, std::uint32_t number, std::vector<sock_filter>& program) {
  const auto add = [&](std::initializer_list<sock_filter> more) { program.insert(program.end(), more); };
  switch (row.answer) {
    case Answer::trace:
      return;  // the other filter's
    case Answer::pretend:
      return add({unless_equal(number, 1), answer(error_answer(0))});
    case Answer::refuse:
      return add({unless_equal(number, 1), answer(error_answer(EPERM))});
    case Answer::absent:
      return add({unless_equal(number, 1), answer(error_answer(ENOSYS))});
    case Answer::pretend_device:  // fifos, sockets and files are made
      return add({unless_equal(number, 6), load_argument(row.argument), statement(BPF_ALU | BPF_AND | BPF_K, S_IFMT),
                  jump(BPF_JMP | BPF_JEQ | BPF_K, S_IFCHR, 1, 0), unless_equal(S_IFBLK, 1), answer(error_answer(0)), answer(kAllow)});
    case Answer::refuse_namespaces:
      return add({unless_equal(number, 4), load_argument(row.argument), jump(BPF_JMP | BPF_JSET | BPF_K, kNamespaces, 0, 1),
                  answer(error_answer(EPERM)), answer(kAllow)});
    case Answer::refuse_big:
      return add({unless_equal(number, 6), load_upper_half(row.argument), unless_equal(0, 2), load_argument(row.argument),
                  jump(BPF_JMP | BPF_JGE | BPF_K, kBiggestSegment + 1, 0, 1), answer(error_answer(EINVAL)), answer(kAllow)});
  }
}

}  // namespace

std::optional<Machine> machine_of(std::string_view architecture) {
  for (const Machine& machine : kMachines) {
    if (machine.architecture == architecture) return machine;
  }
  return std::nullopt;
}

std::string_view host_architecture() {
  utsname name{};
  uname(&name);
  const std::string_view machine = name.machine;
  return machine == "x86_64" ? "amd64" : machine == "aarch64" ? "arm64" : "";
}

Watched watched_call(const Machine& machine, int number) {
  for (const Row& row : kCalls) {
    if (row.numbers[machine.column] == number && number >= 0) return row.watched;
  }
  return Watched::none;
}

std::vector<sock_filter> tracing_filter(const Machine& machine) {
  std::vector<sock_filter> program;
  begin(machine, kAllow, program);  // what is foreign is the other filter's to refuse
  for (const Row& row : kCalls) {
    const int number = row.numbers[machine.column];
    if (number < 0 || row.watched == Watched::none) continue;
    program.push_back(unless_equal(static_cast<std::uint32_t>(number), 1));
    program.push_back(answer(SECCOMP_RET_TRACE));
  }
  program.push_back(answer(kAllow));
  return program;
}

std::vector<sock_filter> confinement_filter(const Machine& machine) {
  std::vector<sock_filter> program;
  begin(machine, error_answer(ENOSYS), program);
  if (machine.architecture == "amd64") {
    program.push_back(jump(BPF_JMP | BPF_JGE | BPF_K, kX32, 0, 1));
    program.push_back(answer(error_answer(ENOSYS)));
  }
  for (const Row& row : kCalls) {
    const int number = row.numbers[machine.column];
    if (number >= 0 && row.answer != Answer::trace) append(row, static_cast<std::uint32_t>(number), program);
  }
  program.push_back(answer(kAllow));
  return program;
}

std::vector<CallNumber> call_numbers(const Machine& machine) {
  std::vector<CallNumber> numbers;
  for (const Row& row : kCalls) numbers.push_back({row.name, row.numbers[machine.column]});
  return numbers;
}

}  // namespace resole::build
