// SPDX-License-Identifier: Apache-2.0
// Zstandard frames (RFC 8878), skippable ones included.
#include <fmt/format.h>
#include <zstd.h>

#include "archive/decoder.hpp"
#include "base/error.hpp"

namespace resole::archive {

namespace {

// 128 MiB: what every decoder accepts without being asked (`zstd --ultra -22` writes it; RFC 8878 recommends at least 8 MiB).
constexpr int kWindowLog = 27;

struct FreeContext {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

class ZstdDecoder : public Decoder {
 public:
  ZstdDecoder() : context_(ZSTD_createDCtx()) {
    if (!context_) throw Error(ErrorKind::internal, "no memory for a zstd decoder");
    ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kWindowLog);
  }

  std::size_t decode(Input& input, char* buffer, std::size_t capacity) override {
    ZSTD_outBuffer out{buffer, capacity, 0};
    while (out.pos == 0) {
      if (!inside_) {
        if (started_ && input.peek(1) == std::string_view("\0", 1)) {
          if (!skip_padding(input)) throw_damaged("zstd", input, "bytes that are neither a frame nor padding");
        }
        if (started_ && input.window().empty()) return 0;
        inside_ = started_ = true;
      }
      step(input, out);
    }
    return out.pos;
  }

 private:
  void step(Input& input, ZSTD_outBuffer& out) {
    const std::string_view window = input.window();
    ZSTD_inBuffer in{window.data(), window.size(), 0};
    const std::size_t result = ZSTD_decompressStream(context_.get(), &out, &in);
    input.consume(in.pos);
    if (ZSTD_isError(result)) throw_damaged("zstd", input, ZSTD_getErrorName(result));
    if (result == 0) {
      inside_ = false;
    } else if (window.empty() && out.pos == 0) {
      throw_damaged("zstd", input, "it ends within a frame");
    }
  }

  std::unique_ptr<ZSTD_DCtx, FreeContext> context_;
  bool started_ = false, inside_ = false;
};

}  // namespace

std::unique_ptr<Decoder> zstd_decoder() { return std::make_unique<ZstdDecoder>(); }

}  // namespace resole::archive
