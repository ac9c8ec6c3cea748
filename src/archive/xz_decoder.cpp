// SPDX-License-Identifier: Apache-2.0
// .xz streams, concatenated and padded ones too (the format wants padding in multiples of four bytes).
#include <lzma.h>

#include "archive/decoder.hpp"
#include "base/error.hpp"

namespace resole::archive {

namespace {

constexpr std::uint64_t kMemory = 512ull << 20;  // `xz -9` needs 65 MiB to decode, a dictionary of 256 MiB a little over that

std::string_view reason_of(lzma_ret code) {
  switch (code) {
    case LZMA_FORMAT_ERROR:
      return "bad stream header";
    case LZMA_OPTIONS_ERROR:
      return "unknown options or filters";
    case LZMA_MEMLIMIT_ERROR:
      return "its dictionary is larger than accepted";
    case LZMA_MEM_ERROR:
      return "out of memory";
    case LZMA_BUF_ERROR:
      return "it ends within a stream";
    default:
      return "bad data or checksum";
  }
}

class XzDecoder : public Decoder {
 public:
  XzDecoder() {
    if (lzma_stream_decoder(&stream_, kMemory, LZMA_CONCATENATED) != LZMA_OK) {
      throw Error(ErrorKind::internal, "no memory for an xz decoder");
    }
  }
  XzDecoder(const XzDecoder&) = delete;
  XzDecoder& operator=(const XzDecoder&) = delete;
  ~XzDecoder() override { lzma_end(&stream_); }

  std::size_t decode(Input& input, char* buffer, std::size_t capacity) override {
    stream_.next_out = reinterpret_cast<std::uint8_t*>(buffer);
    stream_.avail_out = capacity;
    while (!finished_ && stream_.avail_out == capacity) {
      const std::string_view window = input.window();
      stream_.next_in = reinterpret_cast<const std::uint8_t*>(window.data());
      stream_.avail_in = window.size();
      const lzma_ret result = lzma_code(&stream_, window.empty() ? LZMA_FINISH : LZMA_RUN);
      input.consume(window.size() - stream_.avail_in);
      finished_ = result == LZMA_STREAM_END;
      if (!finished_ && result != LZMA_OK) throw_damaged("xz", input, reason_of(result));
    }
    return capacity - stream_.avail_out;
  }

 private:
  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool finished_ = false;
};

}  // namespace

std::unique_ptr<Decoder> xz_decoder() { return std::make_unique<XzDecoder>(); }

}  // namespace resole::archive
