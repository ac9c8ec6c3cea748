// SPDX-License-Identifier: Apache-2.0
// A path is read from the caller's memory, and an answer to stat is written there. The caller stands still meanwhile, but other threads of it need not: what
// is read may change. That does not matter: the calls that we let the kernel carry out need no permission of ours, and what is recorded concerns the caller's
// own tree.
#include "build/call_handler.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>

namespace resole::build {

namespace {

constexpr std::uint32_t kUnchanged = 0xffffffff;  // (uid_t) -1

void* remote(std::uint64_t address) { return reinterpret_cast<void*>(address); }  // NOLINT(performance-no-int-to-ptr): of another process

// The link that says where a process, or one of its descriptors, is. It is written as the process itself sees it.
std::optional<std::string> link_text(const std::string& path) {
  std::string text(PATH_MAX, '\0');
  const ssize_t size = readlink(path.c_str(), text.data(), text.size());
  if (size <= 0 || static_cast<std::size_t>(size) == text.size() || text.front() != '/') return std::nullopt;
  text.resize(static_cast<std::size_t>(size));
  return text;
}

// A string in the memory of another process, page by page, since what lies behind its end may not be there.
std::optional<std::string> text_at(pid_t process, std::uint64_t address) {
  std::string text;
  std::array<char, 4096> buffer;
  while (text.size() < PATH_MAX) {
    const std::size_t wanted = buffer.size() - (address + text.size()) % buffer.size();
    const iovec here{buffer.data(), wanted}, there{remote(address + text.size()), wanted};
    const ssize_t got = process_vm_readv(process, &here, 1, &there, 1, 0);
    if (got <= 0) return std::nullopt;
    const std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
    const std::size_t end = bytes.find('\0');
    text.append(bytes.substr(0, end));
    if (end != std::string_view::npos) return text;
  }
  return std::nullopt;
}

bool is_below(std::string_view path, std::string_view directory) {
  return path.starts_with(directory) && (path.size() == directory.size() || path[directory.size()] == '/');
}

// As the kernel does for everybody, root too: who gets a new owner loses the privileges that the old one gave (chown(2)).
void drop_privileges(int descriptor, const FileFacts& facts) {
  if (S_ISDIR(facts.mode) || S_ISLNK(facts.mode)) return;
  const std::uint32_t group_bit = (facts.mode & S_IXGRP) != 0 ? S_ISGID : 0;
  const std::uint32_t kept = facts.mode & 07777 & ~(S_ISUID | group_bit);
  if (kept != (facts.mode & 07777)) io::set_mode(descriptor, kept);
  removexattr(fmt::format("/proc/self/fd/{}", descriptor).c_str(), "security.capability");
}

}  // namespace

struct CallHandler::Call {
  Watched kind = Watched::none;
  pid_t process = 0;
  int descriptor = AT_FDCWD;               // the file itself, or the directory that the path starts from
  std::optional<std::uint64_t> path_at;    // nothing: the descriptor alone
  std::string path;
  int flags = 0;                           // AT_*
  GivenOwner owner;                        // of chown
  std::uint64_t buffer = 0;                // of stat
  unsigned mask = 0;                       // of statx
  bool follows() const { return kind != Watched::lchown && kind != Watched::lstat && (flags & AT_SYMLINK_NOFOLLOW) == 0; }
};

CallHandler::CallHandler(const Machine& machine, const io::RootedDirectory& tree, OwnerRecords& records) : machine_(machine), tree_(tree), records_(records) {
  if (const auto facts = facts_of(tree.descriptor(), "")) device_ = facts->identity.device;
}

TracedAnswer CallHandler::answer(const TracedCall& made) {
  const auto& arguments = made.arguments;
  Call call;
  call.kind = watched_call(machine_, made.number);
  call.process = made.task;
  const auto owner_at = [&](std::size_t at) {
    const auto user = static_cast<std::uint32_t>(arguments[at]), group = static_cast<std::uint32_t>(arguments[at + 1]);
    if (user != kUnchanged) call.owner.user = user;
    if (group != kUnchanged) call.owner.group = group;
  };
  switch (call.kind) {
    case Watched::chown:
    case Watched::lchown:
      call.path_at = arguments[0];
      owner_at(1);
      break;
    case Watched::fchown:
      call.descriptor = static_cast<int>(arguments[0]);
      owner_at(1);
      break;
    case Watched::fchownat:
      call.descriptor = static_cast<int>(arguments[0]);
      call.path_at = arguments[1];
      owner_at(2);
      call.flags = static_cast<int>(arguments[4]);
      break;
    case Watched::stat:
    case Watched::lstat:
      call.path_at = arguments[0];
      call.buffer = arguments[1];
      break;
    case Watched::fstat:
      call.descriptor = static_cast<int>(arguments[0]);
      call.buffer = arguments[1];
      break;
    case Watched::fstatat:
      call.descriptor = static_cast<int>(arguments[0]);
      call.path_at = arguments[1];
      call.buffer = arguments[2];
      call.flags = static_cast<int>(arguments[3]);
      break;
    case Watched::statx:
      call.descriptor = static_cast<int>(arguments[0]);
      call.path_at = arguments[1];
      call.flags = static_cast<int>(arguments[2]);
      call.mask = static_cast<unsigned>(arguments[3]);
      call.buffer = arguments[4];
      break;
    case Watched::start:
    case Watched::none:
      break;
  }
  if (call.path_at) {
    const auto text = text_at(call.process, *call.path_at);
    if (!text) return {};  // the kernel knows best what is wrong with such an address
    call.path = *text;
  }
  switch (call.kind) {
    case Watched::chown:
    case Watched::lchown:
    case Watched::fchown:
    case Watched::fchownat:
      return {.by_kernel = false, .value = chown(call)};
    default:
      return stat(call);
  }
}

// Where the call points, as an absolute path of the sandbox; "" when it cannot be told.
std::string CallHandler::path_of(const Call& call) const {
  if (call.path.starts_with('/')) return call.path;
  const std::string proc = fmt::format("/proc/{}", call.process);
  const auto base = link_text(call.descriptor == AT_FDCWD ? proc + "/cwd" : fmt::format("{}/fd/{}", proc, call.descriptor));
  return base ? *base + "/" + call.path : std::string();
}

// The object of the tree, with O_PATH. Invalid and errno: it is not there; errno 0: it is not of the tree.
io::Descriptor CallHandler::target(const Call& call) const {
  io::Descriptor found;
  if (call.path.empty()) {
    found = io::open_descriptor(fmt::format("/proc/{}/{}", call.process, call.descriptor == AT_FDCWD ? "cwd" : fmt::format("fd/{}", call.descriptor)), O_PATH);
  } else {
    const std::string path = path_of(call);
    if (!path.empty() && !is_below(path, "/dev") && !is_below(path, "/proc")) {
      found = tree_.enter(path, O_PATH | (call.follows() ? 0 : O_NOFOLLOW));
      if (!found) return found;
    }
  }
  const auto facts = facts_of(found.get(), "");
  errno = 0;
  if (!found || !facts || facts->identity.device != device_) return io::Descriptor();
  return found;
}

int CallHandler::chown(const Call& call) const {
  if (call.path.empty() && call.path_at && (call.flags & AT_EMPTY_PATH) == 0) return -ENOENT;
  const io::Descriptor file = target(call);
  if (!file) return -errno;  // of a pipe, a terminal, something in /proc: as if it were done
  const auto facts = facts_of(file.get(), "");
  if (!facts) return -EIO;
  records_.record(facts->identity, call.owner);
  drop_privileges(file.get(), *facts);
  return 0;
}

TracedAnswer CallHandler::stat(const Call& call) const {
  const io::Descriptor file = target(call);
  const auto facts = file ? facts_of(file.get(), "") : std::nullopt;
  const Owner owner = facts ? records_.owner(facts->identity) : Owner{};
  if (owner == Owner{}) return {};
  if (call.kind == Watched::statx) {
    struct statx found{};
    if (::statx(file.get(), "", AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW, call.mask, &found) != 0) return {};
    found.stx_uid = owner.user;
    found.stx_gid = owner.group;
    return told(call, &found, sizeof(found));
  }
  struct ::stat found{};  // on both machines the kernel's own
  if (fstatat(file.get(), "", &found, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) != 0) return {};
  found.st_uid = owner.user;
  found.st_gid = owner.group;
  return told(call, &found, sizeof(found));
}

TracedAnswer CallHandler::told(const Call& call, void* bytes, std::size_t size) {
  const iovec here{bytes, size}, there{remote(call.buffer), size};
  const bool written = process_vm_writev(call.process, &here, 1, &there, 1, 0) == static_cast<ssize_t>(size);
  return {.by_kernel = false, .value = written ? 0 : -EFAULT};
}

}  // namespace resole::build
