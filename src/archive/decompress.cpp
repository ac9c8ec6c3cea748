// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "archive/compression.hpp"
#include "archive/decoder.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::archive {

namespace {

class CopyDecoder : public Decoder {
 public:
  std::size_t decode(Input& input, char* buffer, std::size_t capacity) override {
    const std::string_view window = input.window().substr(0, capacity);
    if (!window.empty()) std::memcpy(buffer, window.data(), window.size());
    input.consume(window.size());
    return window.size();
  }
};

std::unique_ptr<Decoder> decoder_for(Compression compression) {
  switch (compression) {
    case Compression::none:
      return std::make_unique<CopyDecoder>();
    case Compression::gzip:
      return gzip_decoder();
    case Compression::zstd:
      return zstd_decoder();
    case Compression::xz:
      return xz_decoder();
    case Compression::bzip2:
      break;
  }
  throw Error(ErrorKind::unsupported, fmt::format("{} compression is not read", name_of(compression)), "recompress it as gzip, zstd or xz");
}

class Expanding : public Source {
 public:
  Expanding(Input input, ExpandLimits limits) : input_(std::move(input)), limits_(limits), decoder_(decoder_for(detect(input_.peek(6)))) {}

  std::size_t read(char* buffer, std::size_t capacity) override {
    if (capacity == 0) return 0;
    const std::size_t count = decoder_->decode(input_, buffer, capacity);
    expanded_ += count;
    check();
    return count;
  }

 private:
  void check() const {
    if (expanded_ > limits_.output) throw_bomb(human_size(limits_.output));
    if (expanded_ > limits_.ratio_from && expanded_ / limits_.ratio > input_.consumed()) {
      throw_bomb(fmt::format("{} times its size", limits_.ratio));
    }
  }
  [[noreturn]] static void throw_bomb(std::string_view bound) {
    throw Error(ErrorKind::input, fmt::format("it expands to more than {}", bound), "this looks like a decompression bomb");
  }

  Input input_;
  ExpandLimits limits_;
  std::unique_ptr<Decoder> decoder_;
  std::uint64_t expanded_ = 0;
};

}  // namespace

Compression detect(std::string_view head) {
  using std::string_view_literals::operator""sv;
  if (head.starts_with("\x1f\x8b"sv)) return Compression::gzip;
  if (head.starts_with("\x28\xb5\x2f\xfd"sv)) return Compression::zstd;
  // A skippable frame (RFC 8878 section 3.1.2) first, as seekable forms write it.
  if (head.size() >= 4 && (static_cast<unsigned char>(head[0]) & 0xf0) == 0x50 && head.substr(1).starts_with("\x2a\x4d\x18"sv))
    return Compression::zstd;
  if (head.starts_with("\xfd\x37zXZ\0"sv)) return Compression::xz;
  // "BZh", the level, and the beginning of a block: the first three alone could be the name of a tar's first file.
  if (head.size() >= 6 && head.starts_with("BZh") && head[3] >= '1' && head[3] <= '9' && head.substr(4).starts_with("1A"))
    return Compression::bzip2;
  return Compression::none;
}

std::string_view name_of(Compression compression) {
  switch (compression) {
    case Compression::none:
      return "none";
    case Compression::gzip:
      return "gzip";
    case Compression::zstd:
      return "zstd";
    case Compression::xz:
      return "xz";
    case Compression::bzip2:
      return "bzip2";
  }
  return "unknown";
}

std::unique_ptr<Source> decompress(std::unique_ptr<Source> source, ExpandLimits limits) {
  return std::make_unique<Expanding>(Input(std::move(source)), limits);
}

std::unique_ptr<Source> decompress(Blob blob, ExpandLimits limits) { return std::make_unique<Expanding>(Input(std::move(blob)), limits); }

bool skip_padding(Input& input) {
  while (true) {
    const std::string_view window = input.window();
    if (window.empty()) return true;
    const std::size_t end = window.find_first_not_of('\0');
    if (end != std::string_view::npos) {
      input.consume(end);
      return false;
    }
    input.consume(window.size());
  }
}

void throw_damaged(std::string_view format, const Input& input, std::string_view reason) {
  throw Error(ErrorKind::input, fmt::format("damaged {} data near byte {}: {}", format, input.consumed(), reason),
              "it was cut off or damaged on the way; get it again");
}

}  // namespace resole::archive
