// SPDX-License-Identifier: Apache-2.0
// Compressed bytes for the decoders: a window over a blob, without copying, or over a stream, through a buffer.
#pragma once
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

namespace resole::archive {

class Input {
 public:
  explicit Input(Blob blob) : blob_(std::move(blob)), window_(blob_.bytes()) {}
  explicit Input(std::unique_ptr<Source> source) : source_(std::move(source)) {}

  std::string_view window();                 // what can be read now; empty only at the end
  std::string_view peek(std::size_t count);  // the next `count` bytes, fewer only at the end
  void consume(std::size_t count);           // of the window
  std::uint64_t consumed() const { return consumed_; }

 private:
  bool refill();  // adds to the window; false at the end

  Blob blob_;
  std::unique_ptr<Source> source_;
  std::vector<char> buffer_;
  std::string_view window_;
  std::uint64_t consumed_ = 0;
};

}  // namespace resole::archive
