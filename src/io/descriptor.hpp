// SPDX-License-Identifier: Apache-2.0
// File descriptors with an owner, and the one place where errno becomes an Error.
#pragma once
#include <filesystem>
#include <string_view>
#include <utility>

#include "base/bytes.hpp"

struct stat;

namespace resole::io {

using Path = std::filesystem::path;

class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) reset(std::exchange(other.number_, -1));
    return *this;
  }
  ~Descriptor() { reset(); }
  int get() const { return number_; }
  int release() { return std::exchange(number_, -1); }
  void reset(int number = -1);
  explicit operator bool() const { return number_ >= 0; }

 private:
  int number_;
};

// Error(input): "cannot <doing> <path>: <reason>", with a hint for the common reasons.
[[noreturn]] void throw_errno(int error, std::string_view doing, const Path& path);

// open(2) with O_CLOEXEC; -1 and errno on failure. Repeats after EINTR.
Descriptor open_descriptor(const Path& path, int flags, unsigned mode = 0);
void write_fully(int descriptor, std::string_view bytes, const Path& path);  // path only for the error
struct stat status_of(int descriptor, const Path& path);

// The whole of an open regular file, mapped read-only; the descriptor may be closed afterwards.
Blob map_descriptor(int descriptor, const Path& path);

// 16 random hex digits, for names of temporary files.
std::string random_name();

}  // namespace resole::io
