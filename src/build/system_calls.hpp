// SPDX-License-Identifier: Apache-2.0
// What the kernel says to a maintainer script: two small programs of classic BPF (seccomp(2), Documentation/userspace-api/seccomp_filter.rst).
//
// In the sandbox one user of this machine is mapped to root, and no other user exists. A chown to www-data would fail there, and with it most scripts.
// So nothing is done, success is answered, and what was asked is remembered:
//
//   chown and its kin                          handed to us (ptrace): recorded as the owner that the file will have in the layer
//   stat and its kin                           handed to us: programs copy owners from what they see (sed -i, cp -p, passwd)
//   new processes and threads                  handed to us: counted, and refused beyond the limit. A limit of the kernel that holds for root too does
//                                              not exist for ordinary users; and who multiplies waits for us, not we for him
//   set*id, setgroups, mknod of a device       answered with success, not done: there is only one user, and layers carry no devices from scripts
//   big segments of System V shared memory     refused: what is attached nowhere cannot be counted
//   namespaces, mounts, tracing, keys, BPF,
//   io_uring                                   refused: nothing that a script of a package needs, much of what attacks on kernels need
//   system calls of another architecture       as if they did not exist: their numbers would mean other calls
//   everything else                            done
//
// The first filter says what is handed to us, and is there before bubblewrap starts; the second is put in by bubblewrap just before the script, since
// bubblewrap itself needs mounts and namespaces. The kernel asks both; refusing wins over handing over, handing over wins over allowing.
#pragma once
#include <linux/filter.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace resole::build {

// Where system calls have which numbers. Architectures are written as in image platforms.
struct Machine {
  std::string_view architecture;  // "amd64"
  std::uint32_t audit = 0;        // AUDIT_ARCH_* of <linux/audit.h>
  std::size_t column = 0;         // in the table of numbers
};
std::optional<Machine> machine_of(std::string_view architecture);  // nullopt: no table of numbers for it
std::string_view host_architecture();                              // of this kernel, "" when it is none that is known here

// The calls that are handed to us.
enum class Watched : std::uint8_t { none, chown, lchown, fchown, fchownat, stat, lstat, fstat, fstatat, statx, start };
Watched watched_call(const Machine& machine, int number);

std::vector<sock_filter> tracing_filter(const Machine& machine);      // SECCOMP_RET_TRACE for what is handed to us
std::vector<sock_filter> confinement_filter(const Machine& machine);  // for bubblewrap's --seccomp

// The tables, for their tests: name and number on each machine (-1: there is none).
struct CallNumber {
  std::string_view name;
  int number = -1;
};
std::vector<CallNumber> call_numbers(const Machine& machine);

}  // namespace resole::build
