// SPDX-License-Identifier: Apache-2.0
// One decompressor, whatever the format. decompress() puts the bounds around it.
#pragma once
#include <cstddef>
#include <memory>
#include <string_view>

#include "archive/input.hpp"

namespace resole::archive {

class Decoder {
 public:
  virtual ~Decoder() = default;
  // Decodes up to `capacity` > 0 bytes; 0 only when everything in `input` was read and was sound. Error(input) on damage.
  virtual std::size_t decode(Input& input, char* buffer, std::size_t capacity) = 0;
};

std::unique_ptr<Decoder> gzip_decoder();
std::unique_ptr<Decoder> zstd_decoder();
std::unique_ptr<Decoder> xz_decoder();

// Between or after members: reads NUL bytes (tapes and some registries pad with them). True when the input ended.
bool skip_padding(Input& input);
[[noreturn]] void throw_damaged(std::string_view format, const Input& input, std::string_view reason);

}  // namespace resole::archive
