// SPDX-License-Identifier: Apache-2.0
// A notification carries the caller's number and the arguments; a path is read from the caller's memory (seccomp_unotify(2)). That the caller may change it
// meanwhile does not matter here: the answer is never "let the kernel go on", and what is recorded concerns the caller's own tree.
#include "build/ownership.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>

namespace resole::build {

namespace {

constexpr std::uint32_t kUnchanged = 0xffffffff;  // (uid_t) -1

std::int64_t nanoseconds(const statx_timestamp& time) { return time.tv_sec * 1'000'000'000 + time.tv_nsec; }

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
    iovec here{buffer.data(), wanted}, there{reinterpret_cast<void*>(address + text.size()), wanted};  // NOLINT(performance-no-int-to-ptr)
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

std::optional<FileFacts> facts_of(int directory, const char* name) {
  struct statx found{};
  if (statx(directory, name, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &found) != 0) return std::nullopt;
  FileFacts facts;
  facts.identity.device = static_cast<std::uint64_t>(found.stx_dev_major) << 32 | found.stx_dev_minor;
  facts.identity.inode = found.stx_ino;
  if ((found.stx_mask & STATX_BTIME) != 0) {
    facts.identity.born = found.stx_btime.tv_sec;
    facts.identity.born_nanoseconds = found.stx_btime.tv_nsec;
  }
  facts.mode = found.stx_mode;
  facts.size = found.stx_size;
  facts.links = found.stx_nlink;
  facts.blocks = found.stx_blocks;
  facts.mtime = nanoseconds(found.stx_mtime);
  facts.ctime = nanoseconds(found.stx_ctime);
  return facts;
}

void OwnerRecords::record(const FileIdentity& file, const GivenOwner& owner) {
  GivenOwner& given = given_[file];
  if (owner.user) given.user = owner.user;
  if (owner.group) given.group = owner.group;
}

const GivenOwner* OwnerRecords::find(const FileIdentity& file) const {
  const auto found = given_.find(file);
  return found == given_.end() ? nullptr : &found->second;
}

struct ChownListener::Call {
  Chown kind = Chown::none;
  pid_t process = 0;
  int descriptor = AT_FDCWD;  // of fchown; the directory of fchownat
  std::string path;
  bool follow = true;
  GivenOwner owner;
};

// Where the call points, as an absolute path of the sandbox; "" when it cannot be told.
std::string ChownListener::path_of(const Call& call) const {
  if (call.path.starts_with('/')) return call.path;
  const std::string proc = fmt::format("/proc/{}", call.process);
  const auto base = link_text(call.descriptor == AT_FDCWD ? proc + "/cwd" : fmt::format("{}/fd/{}", proc, call.descriptor));
  if (!base) return {};
  return call.path.empty() ? *base : *base + "/" + call.path;
}

int ChownListener::carry_out(const Call& call, int listener, std::uint64_t id) {
  const std::string path = path_of(call);
  if (ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) != 0) return 0;  // the caller is gone, what was read may be another's
  if (path.empty()) return call.descriptor == AT_FDCWD ? -ENOENT : 0;      // a pipe or a file without a name: nobody will see its owner
  if (is_below(path, "/dev") || is_below(path, "/proc")) return 0;         // not of the image
  const io::Descriptor file = tree_.enter(path, O_PATH | (call.follow ? 0 : O_NOFOLLOW));
  // What an open descriptor names may have been unlinked since.
  if (!file) return call.path.empty() ? 0 : -errno;
  const auto facts = facts_of(file.get(), "");
  if (!facts) return -EIO;
  if (call.path.empty()) {
    const std::string open_file = fmt::format("/proc/{}/{}", call.process, call.descriptor == AT_FDCWD ? "cwd" : fmt::format("fd/{}", call.descriptor));
    const auto meant = facts_of(io::open_descriptor(open_file, O_PATH).get(), "");
    if (!meant || meant->identity != facts->identity) return 0;
  }
  records_.record(facts->identity, call.owner);
  drop_privileges(file.get(), *facts);
  return 0;
}

void ChownListener::answer(int listener) {
  seccomp_notif notice{};
  if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notice) != 0) return;  // the caller died before
  const auto& arguments = notice.data.args;
  Call call;
  call.kind = chown_kind(machine_, notice.data.nr);
  call.process = static_cast<pid_t>(notice.pid);
  const bool by_descriptor = call.kind == Chown::fchown || call.kind == Chown::fchownat;
  if (by_descriptor) call.descriptor = static_cast<int>(arguments[0]);
  const std::size_t owner_at = call.kind == Chown::fchownat ? 2 : 1;
  const auto user = static_cast<std::uint32_t>(arguments[owner_at]), group = static_cast<std::uint32_t>(arguments[owner_at + 1]);
  if (user != kUnchanged) call.owner.user = user;
  if (group != kUnchanged) call.owner.group = group;
  const int flags = call.kind == Chown::fchownat ? static_cast<int>(arguments[4]) : 0;
  call.follow = call.kind != Chown::lchown && (flags & AT_SYMLINK_NOFOLLOW) == 0;

  int error = 0;
  if (call.kind != Chown::fchown) {
    const auto text = text_at(call.process, arguments[call.kind == Chown::fchownat ? 1 : 0]);
    if (!text) error = -EFAULT;
    else if (text->empty() && (flags & AT_EMPTY_PATH) == 0) error = -ENOENT;
    else call.path = *text;
  }
  if (error == 0) error = carry_out(call, listener, notice.id);
  seccomp_notif_resp response{};
  response.id = notice.id;
  response.error = error;
  ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

}  // namespace resole::build
