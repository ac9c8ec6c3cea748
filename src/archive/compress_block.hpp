// SPDX-License-Identifier: Apache-2.0
// One thread's compressor: its working memory is allocated once and used for many blocks.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "archive/compression.hpp"

namespace resole::archive {

class BlockCompressor {
 public:
  explicit BlockCompressor(Compression compression);  // Error(internal) for what we do not publish (xz, bzip2)
  ~BlockCompressor();
  BlockCompressor(BlockCompressor&&) noexcept;
  std::string compress(std::string_view raw);  // at most kBlockSize bytes

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace resole::archive
