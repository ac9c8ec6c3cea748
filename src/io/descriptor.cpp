// SPDX-License-Identifier: Apache-2.0
#include "io/descriptor.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::io {

namespace {

struct Reason {
  int error;
  std::string_view text, hint;
};

constexpr Reason kReasons[] = {
    {ENOENT, "no such file", "check the path"},
    {ENOTDIR, "a part of the path is not a directory", "check the path"},
    {EISDIR, "is a directory", "name a file"},
    {EACCES, "permission denied", "check the owner and the mode of the file and of its directories"},
    {EPERM, "permission denied", "check the owner and the mode of the file and of its directories"},
    {ENOSPC, "no space left on device", "free some space, or choose a directory on another file system"},
    {EDQUOT, "disk quota exceeded", "free some space, or choose a directory on another file system"},
    {EFBIG, "file too large", "raise the limit on file sizes (ulimit -f), or choose another file system"},
    {EROFS, "read-only file system", "choose a directory that can be written"},
    {EMFILE, "too many open files", "raise the limit on open files (ulimit -n)"},
};

struct Mapping {
  void* address = nullptr;
  std::size_t size = 0;
  Mapping(void* at, std::size_t bytes) : address(at), size(bytes) {}
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() { munmap(address, size); }
};

}  // namespace

void Descriptor::reset(int number) {
  if (number_ >= 0) close(number_);
  number_ = number;
}

void throw_errno(int error, std::string_view doing, const Path& path) {
  const std::string where = fmt::format("cannot {} {}", doing, printable(path.native(), 1000));
  for (const Reason& reason : kReasons) {
    if (reason.error == error) throw Error(ErrorKind::input, fmt::format("{}: {}", where, reason.text), std::string(reason.hint));
  }
  throw Error(ErrorKind::input, fmt::format("{}: {}", where, std::generic_category().message(error)));
}

Descriptor open_descriptor(const Path& path, int flags, unsigned mode) {
  for (;;) {
    Descriptor opened(open(path.c_str(), flags | O_CLOEXEC, mode));
    if (opened || errno != EINTR) return opened;
  }
}

void write_fully(int descriptor, std::string_view bytes, const Path& path) {
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_errno(errno, "write", path);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

struct stat status_of(int descriptor, const Path& path) {
  struct stat status {};
  if (fstat(descriptor, &status) != 0) throw_errno(errno, "read", path);
  return status;
}

Blob map_descriptor(int descriptor, const Path& path) {
  const struct stat status = status_of(descriptor, path);
  if (S_ISDIR(status.st_mode)) throw_errno(EISDIR, "read", path);
  if (!S_ISREG(status.st_mode)) {
    throw Error(ErrorKind::input, fmt::format("cannot read {}: not a regular file", printable(path.native(), 1000)), "name a file");
  }
  if (status.st_size == 0) return {};
  const auto size = static_cast<std::size_t>(status.st_size);
  void* address = mmap(nullptr, size, PROT_READ, MAP_SHARED, descriptor, 0);
  if (address == MAP_FAILED) throw_errno(errno, "read", path);
  auto owner = std::make_shared<const Mapping>(address, size);
  return Blob(owner, std::string_view(static_cast<const char*>(address), size));
}

std::string random_name() {
  std::uint64_t number = 0;
  while (getrandom(&number, sizeof number, 0) != sizeof number) {
  }
  return fmt::format("{:016x}", number);
}

}  // namespace resole::io
