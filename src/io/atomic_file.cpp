// SPDX-License-Identifier: Apache-2.0
// The file is written under a temporary name in the same directory and renamed at the end, so that a reader (or the next run after kill -9,
// a full disk or a power cut) finds the old bytes or the new ones, never a part.
//
// Two cases need thought:
// - `-o /dev/stdout`, `-o /dev/null`, `-o >(jq .)`: there is nothing to rename over, and as root the rename would replace the device
// itself. Devices,
//   pipes, and everything directly in /dev or below /proc are therefore written in place.
// - a symbolic link elsewhere is replaced, not followed: a layout or repository that came from somebody else must not direct our writes to
// /etc.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/error.hpp"
#include "io/descriptor.hpp"
#include "io/files.hpp"

namespace resole::io {

namespace {

constexpr std::size_t kBufferSize = 128u << 10;

Path directory_of(const Path& path) { return path.has_parent_path() ? path.parent_path() : Path("."); }

bool is_written_in_place(const Path& path) {
  struct stat status {};
  if (lstat(path.c_str(), &status) == 0 && (S_ISCHR(status.st_mode) || S_ISFIFO(status.st_mode))) return true;
  std::error_code failed;
  const std::string parent = std::filesystem::canonical(directory_of(path), failed).native();
  return !failed && (parent == "/dev" || parent.starts_with("/proc/"));
}

// A file that is replaced keeps its mode (a manifest that was group-writable stays so); a new one gets 0666 less the umask.
void keep_mode(int descriptor, const Path& existing) {
  struct stat status {};
  if (lstat(existing.c_str(), &status) == 0 && S_ISREG(status.st_mode)) (void)!fchmod(descriptor, status.st_mode & 0777);
}

}  // namespace

AtomicFile::AtomicFile(Path final_path) : final_path_(std::move(final_path)) {
  struct stat status {};
  if (lstat(final_path_.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) throw_errno(EISDIR, "write", final_path_);
  if (is_written_in_place(final_path_)) {
    descriptor_ = open_descriptor(final_path_, O_WRONLY | O_NOCTTY).release();
    if (descriptor_ < 0) throw_errno(errno, "write", final_path_);
    return;
  }
  const Path directory = directory_of(final_path_);
  temporary_path_ = directory / fmt::format(".resole-{}-{}.tmp", getpid(), random_name());
  descriptor_ = open_descriptor(temporary_path_, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0666).release();
  if (descriptor_ < 0) throw_errno(errno, "create a file in", directory);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) close(descriptor_);
  if (!temporary_path_.empty()) unlink(temporary_path_.c_str());
}

void AtomicFile::write(std::string_view bytes) {
  size_ += bytes.size();
  if (buffer_.size() + bytes.size() < kBufferSize) {
    buffer_.append(bytes);
    return;
  }
  flush();
  if (bytes.size() < kBufferSize) {
    buffer_.append(bytes);
  } else {
    write_fully(descriptor_, bytes, final_path_);
  }
}

void AtomicFile::flush() {
  write_fully(descriptor_, buffer_, final_path_);
  buffer_.clear();
}

void AtomicFile::commit(bool durable) { commit_as(final_path_, durable); }

void AtomicFile::commit_as(const Path& final_path, bool durable) {
  flush();
  if (!temporary_path_.empty()) {
    keep_mode(descriptor_, final_path);
    if (durable && fsync(descriptor_) != 0) throw_errno(errno, "write", final_path);
    if (rename(temporary_path_.c_str(), final_path.c_str()) != 0) throw_errno(errno, "write", final_path);
    temporary_path_.clear();
    if (durable) sync_directory(directory_of(final_path));
  }
  // close() reports what network file systems could not store.
  if (close(std::exchange(descriptor_, -1)) != 0 && errno != EINTR) throw_errno(errno, "write", final_path);
}

void require_writable_directory(const Path& directory) {
  Path at = std::filesystem::absolute(directory);
  std::error_code failed;
  while (!std::filesystem::exists(at, failed) && at.has_relative_path()) at = at.parent_path();
  if (!std::filesystem::is_directory(at, failed)) throw_errno(ENOTDIR, "write to", at);
  if (access(at.c_str(), W_OK | X_OK) != 0) throw_errno(errno, "write to", at);
}

void write_file_atomic(const Path& path, std::string_view bytes, bool durable) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit(durable);
}

}  // namespace resole::io
