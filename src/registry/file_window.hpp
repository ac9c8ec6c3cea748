// SPDX-License-Identifier: Apache-2.0
// Parts of a regular file, read by position: several readers share one descriptor, and a file that is replaced meanwhile stays the one that
// was opened.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.hpp"
#include "io/files.hpp"

namespace resole::registry {

class RegularFile {
 public:
  // nullptr when there is none. A pipe or device in a layout from somewhere else is Error(input), never opened for good.
  static std::shared_ptr<const RegularFile> open_if_there(const io::Path& path);
  static std::shared_ptr<const RegularFile> open(const io::Path& path);  // Error(input) when there is none
  ~RegularFile();
  RegularFile(const RegularFile&) = delete;
  RegularFile& operator=(const RegularFile&) = delete;

  const io::Path& path() const { return path_; }
  std::uint64_t size() const { return size_; }
  std::size_t read_at(std::uint64_t offset, char* buffer, std::size_t capacity) const;
  bool is_still_at(const io::Path& path) const;  // nobody has put another file there since, nor changed this one

 private:
  RegularFile(int descriptor, io::Path path, std::uint64_t size, std::int64_t changed)
      : descriptor_(descriptor), path_(std::move(path)), size_(size), changed_(changed) {}
  int descriptor_;
  io::Path path_;
  std::uint64_t size_;
  std::int64_t changed_;  // nanoseconds
};

// The bytes [offset, offset + length) or fewer, when the file ends before. Keeps the file open.
std::unique_ptr<Source> window(std::shared_ptr<const RegularFile> file, std::uint64_t offset, std::uint64_t length);
std::string read_bounded(const io::Path& path, std::uint64_t limit);
void sync_file(const io::Path& path);  // its bytes reach the disk

}  // namespace resole::registry
