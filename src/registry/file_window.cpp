// SPDX-License-Identifier: Apache-2.0
#include "registry/file_window.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.hpp"
#include "base/text.hpp"
#include "io/descriptor.hpp"

namespace resole::registry {

namespace {

std::int64_t change_time(const struct stat& status) { return status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec; }

class Window : public Source {
 public:
  Window(std::shared_ptr<const RegularFile> file, std::uint64_t offset, std::uint64_t length)
      : file_(std::move(file)), offset_(offset), left_(length) {}
  std::size_t read(char* buffer, std::size_t capacity) override {
    const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(capacity, left_));
    if (wanted == 0) return 0;
    const std::size_t count = file_->read_at(offset_, buffer, wanted);
    offset_ += count;
    left_ -= count;
    return count;
  }

 private:
  std::shared_ptr<const RegularFile> file_;
  std::uint64_t offset_, left_;
};

}  // namespace

std::shared_ptr<const RegularFile> RegularFile::open_if_there(const io::Path& path) {
  io::Descriptor descriptor = io::open_descriptor(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!descriptor) {
    if (errno == ENOENT || errno == ENOTDIR) return nullptr;
    io::throw_errno(errno, "read", path);
  }
  const struct stat status = io::status_of(descriptor.get(), path);
  if (S_ISDIR(status.st_mode)) io::throw_errno(EISDIR, "read", path);
  if (!S_ISREG(status.st_mode))
    throw Error(ErrorKind::input, fmt::format("cannot read {}: not a regular file", printable(path.native(), 1000)));
  return std::shared_ptr<const RegularFile>(
      new RegularFile(descriptor.release(), path, static_cast<std::uint64_t>(status.st_size), change_time(status)));
}

std::shared_ptr<const RegularFile> RegularFile::open(const io::Path& path) {
  std::shared_ptr<const RegularFile> file = open_if_there(path);
  if (!file) io::throw_errno(ENOENT, "read", path);
  return file;
}

RegularFile::~RegularFile() { ::close(descriptor_); }

std::size_t RegularFile::read_at(std::uint64_t offset, char* buffer, std::size_t capacity) const {
  for (;;) {
    const ssize_t count = pread(descriptor_, buffer, capacity, static_cast<off_t>(offset));
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) io::throw_errno(errno, "read", path_);
  }
}

bool RegularFile::is_still_at(const io::Path& path) const {
  struct stat there {
  }, held{};
  if (stat(path.c_str(), &there) != 0 || fstat(descriptor_, &held) != 0) return false;
  const bool same_file = there.st_dev == held.st_dev && there.st_ino == held.st_ino;
  return same_file && static_cast<std::uint64_t>(there.st_size) == size_ && change_time(there) == changed_;
}

std::unique_ptr<Source> window(std::shared_ptr<const RegularFile> file, std::uint64_t offset, std::uint64_t length) {
  return std::make_unique<Window>(std::move(file), offset, length);
}

std::string read_bounded(const io::Path& path, std::uint64_t limit) {
  const std::shared_ptr<const RegularFile> file = RegularFile::open(path);
  return read_all(*window(file, 0, file->size()), limit, printable(path.native(), 1000));
}

void sync_file(const io::Path& path) {
  const io::Descriptor descriptor = io::open_descriptor(path, O_RDONLY | O_NONBLOCK);
  if (!descriptor || fsync(descriptor.get()) != 0) io::throw_errno(errno, "write", path);
}

}  // namespace resole::registry
