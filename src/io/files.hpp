// SPDX-License-Identifier: Apache-2.0
// Files: read bounded, mapped, written atomically (temporary name beside it, fsync, rename, fsync of the folder).
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace resole::io {

using Path = std::filesystem::path;

// Error(input) "no such file" / "is a directory" / "permission denied", with the path and what to do.
std::string read_file(const Path& path, std::uint64_t limit);
Blob map_file(const Path& path);  // read-only mapping
std::unique_ptr<Source> open_file(const Path& path, std::uint64_t offset = 0);
std::unique_ptr<Spool> temporary_spool(const Path& directory);  // an unlinked file; memory until 256 KiB

// The file appears with all its bytes or not at all. Errors (ENOSPC, EACCES) are Error(input) with the path and errno's text.
// Devices and pipes (/dev/stdout, /dev/null) are written in place; a symbolic link elsewhere is replaced, never followed.
void write_file_atomic(const Path& path, std::string_view bytes, bool durable = true);
// A file that is streamed and appears at commit(); destroyed before: nothing remains.
class AtomicFile : public Sink {
 public:
  explicit AtomicFile(Path final_path);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile() override;
  void write(std::string_view bytes) override;
  std::uint64_t size() const { return size_; }
  int descriptor() const { return descriptor_; }
  void commit(bool durable = true);                             // rename into place
  void commit_as(const Path& final_path, bool durable = true);  // when the name is known only at the end (content addressed)

 private:
  Path final_path_, temporary_path_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
  std::string buffer_;
  void flush();
};
void sync_directory(const Path& directory);
// Error(input) unless files can be made in this directory, or it can be made itself. Says so before work is done for it; what can be written may still fail.
void require_writable_directory(const Path& directory);

// A directory that is removed with its contents at the end.
class TemporaryDirectory {
 public:
  explicit TemporaryDirectory(const Path& parent = {});  // empty: $TMPDIR or /tmp
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();
  const Path& path() const { return path_; }

 private:
  Path path_;
};

// Exclusive advisory lock of a file (created when absent), released at the end; waits.
class FileLock {
 public:
  explicit FileLock(const Path& path);
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock();

 private:
  int descriptor_ = -1;
};

// Copies a file's bytes into a new file by the cheapest way the file system has (reflink, copy_file_range, read/write). Not durable by
// itself.
void clone_file(const Path& from, const Path& to);

}  // namespace resole::io
