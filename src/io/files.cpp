// SPDX-License-Identifier: Apache-2.0
#include "io/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.hpp"
#include "base/text.hpp"
#include "io/descriptor.hpp"

namespace resole::io {

namespace {

Descriptor open_for_reading(const Path& path) {
  Descriptor descriptor = open_descriptor(path, O_RDONLY);
  if (!descriptor) throw_errno(errno, "read", path);
  return descriptor;
}

std::size_t read_some(int descriptor, char* buffer, std::size_t capacity, const Path& path) {
  for (;;) {
    const ssize_t count = read(descriptor, buffer, capacity);
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) throw_errno(errno, "read", path);
  }
}

class FileSource : public Source {
 public:
  FileSource(Descriptor descriptor, Path path) : descriptor_(std::move(descriptor)), path_(std::move(path)) {}
  std::size_t read(char* buffer, std::size_t capacity) override { return read_some(descriptor_.get(), buffer, capacity, path_); }

 private:
  Descriptor descriptor_;
  Path path_;
};

void copy_by_reading(int from, int to, const Path& from_path, const Path& to_path) {
  std::string buffer(256u << 10, '\0');
  while (const std::size_t count = read_some(from, buffer.data(), buffer.size(), from_path)) {
    write_fully(to, std::string_view(buffer).substr(0, count), to_path);
  }
}

// True when the kernel copied everything. Both descriptors stand where the copy stopped, so that reading and writing can go on from there.
bool copy_in_kernel(int from, int to, const Path& to_path) {
  for (;;) {
    const ssize_t count = copy_file_range(from, nullptr, to, nullptr, 1u << 30, 0);
    if (count == 0) return true;
    if (count > 0 || errno == EINTR) continue;
    if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG) throw_errno(errno, "write", to_path);
    return false;
  }
}

}  // namespace

std::string read_file(const Path& path, std::uint64_t limit) {
  FileSource source(open_for_reading(path), path);
  return read_all(source, limit, path.native());
}

Blob map_file(const Path& path) { return map_descriptor(open_for_reading(path).get(), path); }

std::unique_ptr<Source> open_file(const Path& path, std::uint64_t offset) {
  Descriptor descriptor = open_for_reading(path);
  if (S_ISDIR(status_of(descriptor.get(), path).st_mode)) throw_errno(EISDIR, "read", path);
  if (offset > 0 && lseek(descriptor.get(), static_cast<off_t>(offset), SEEK_SET) < 0) throw_errno(errno, "read", path);
  posix_fadvise(descriptor.get(), static_cast<off_t>(offset), 0, POSIX_FADV_SEQUENTIAL);
  return std::make_unique<FileSource>(std::move(descriptor), path);
}

void sync_directory(const Path& directory) {
  const Descriptor descriptor = open_descriptor(directory.empty() ? Path(".") : directory, O_RDONLY | O_DIRECTORY);
  if (!descriptor) throw_errno(errno, "open directory", directory);
  // Some file systems cannot sync a directory and say so by EINVAL; their renames are as durable as they will ever be.
  if (fsync(descriptor.get()) != 0 && errno != EINVAL && errno != ENOTSUP) throw_errno(errno, "write directory", directory);
}

void clone_file(const Path& from, const Path& to) {
  const Descriptor source = open_for_reading(from);
  const struct stat status = status_of(source.get(), from);
  if (S_ISDIR(status.st_mode)) throw_errno(EISDIR, "copy", from);
  const Descriptor target = open_descriptor(to, O_WRONLY | O_CREAT | O_EXCL, status.st_mode & 0777);
  if (!target) throw_errno(errno, "create", to);
  try {
    if (ioctl(target.get(), FICLONE, source.get()) == 0) return;
    if (!copy_in_kernel(source.get(), target.get(), to)) copy_by_reading(source.get(), target.get(), from, to);
  } catch (...) {
    unlink(to.c_str());
    throw;
  }
}

}  // namespace resole::io
