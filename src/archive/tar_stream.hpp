// SPDX-License-Identifier: Apache-2.0
// The bytes of an archive through one buffer: blocks are looked at in place, big contents go past it.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

namespace resole::tar {

class Stream {
 public:
  Stream(Source& source, std::uint64_t limit);
  std::uint64_t offset() const { return offset_; }    // bytes handed out or skipped; more than `limit` is Error(input)
  std::string_view block();                           // the next block, valid until the next call; empty at a clean end
  std::size_t read(char* out, std::size_t capacity);  // 0 only at the end of the archive (or for capacity 0)
  bool skip(std::uint64_t count);                     // false when the archive ended before

 private:
  void advance(std::size_t count);
  std::size_t read_directly(char* out, std::size_t capacity);
  void check_limit() const;
  void fill();

  Source& source_;
  std::uint64_t limit_;
  std::vector<char> buffer_;
  std::size_t at_ = 0, end_ = 0;
  std::uint64_t offset_ = 0;
};

}  // namespace resole::tar
