// SPDX-License-Identifier: Apache-2.0
// A spool that starts in memory and moves to an unlinked file when it grows: most are a few kilobytes, some are hundreds of megabytes.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.hpp"
#include "io/descriptor.hpp"
#include "io/files.hpp"

namespace resole::io {

namespace {

constexpr std::size_t kInMemory = 256u << 10;

Descriptor open_unlinked(const Path& directory) {
  Descriptor descriptor = open_descriptor(directory, O_RDWR | O_TMPFILE, 0600);
  if (descriptor) return descriptor;
  // Not every file system has O_TMPFILE (overlayfs of older kernels, NFS).
  const Path path = directory / (".resole-spool-" + random_name() + ".tmp");
  descriptor = open_descriptor(path, O_RDWR | O_CREAT | O_EXCL, 0600);
  if (!descriptor) throw_errno(errno, "create a temporary file in", directory);
  unlink(path.c_str());
  return descriptor;
}

// Reads by position, so that several readers of one spool do not disturb each other.
class SpoolSource : public Source {
 public:
  SpoolSource(int descriptor, const Path& directory, std::uint64_t offset)
      : descriptor_(descriptor), directory_(directory), offset_(offset) {}
  std::size_t read(char* buffer, std::size_t capacity) override {
    for (;;) {
      const ssize_t count = pread(descriptor_, buffer, capacity, static_cast<off_t>(offset_));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) throw_errno(errno, "read a temporary file in", directory_);
      offset_ += static_cast<std::uint64_t>(count);
      return static_cast<std::size_t>(count);
    }
  }

 private:
  int descriptor_;
  const Path& directory_;
  std::uint64_t offset_;
};

// Bytes are first `on_disk_` many in the file (none until the first flush), then `tail_`.
class TemporarySpool : public Spool {
 public:
  explicit TemporarySpool(Path directory) : directory_(std::move(directory)) {}

  void write(std::string_view bytes) override {
    tail_.append(bytes);
    if (tail_.size() > kInMemory) flush();
  }

  std::uint64_t size() const override { return on_disk_ + tail_.size(); }

  void truncate(std::uint64_t size) override {
    if (size > this->size()) throw Error(ErrorKind::internal, "a spool cannot be truncated to more than it holds");
    if (size >= on_disk_) {
      tail_.resize(static_cast<std::size_t>(size - on_disk_));
      return;
    }
    tail_.clear();
    const auto length = static_cast<off_t>(size);
    if (ftruncate(file_.get(), length) != 0 || lseek(file_.get(), length, SEEK_SET) < 0)
      throw_errno(errno, "shorten a temporary file in", directory_);
    on_disk_ = size;
  }

  std::unique_ptr<Source> open(std::uint64_t offset) const override {
    if (offset > size()) throw Error(ErrorKind::internal, "a spool was opened beyond its end");
    if (on_disk_ == 0) return source_of(std::string_view(tail_).substr(static_cast<std::size_t>(offset)));
    flush();
    return std::make_unique<SpoolSource>(file_.get(), directory_, offset);
  }

 private:
  void flush() const {
    if (tail_.empty()) return;
    if (!file_) file_ = open_unlinked(directory_);
    write_fully(file_.get(), tail_, directory_);
    on_disk_ += tail_.size();
    tail_.clear();
  }

  Path directory_;
  mutable Descriptor file_;  // open() is const and may have to flush
  mutable std::uint64_t on_disk_ = 0;
  mutable std::string tail_;
};

}  // namespace

std::unique_ptr<Spool> temporary_spool(const Path& directory) { return std::make_unique<TemporarySpool>(directory); }

}  // namespace resole::io
