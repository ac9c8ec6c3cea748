// SPDX-License-Identifier: Apache-2.0
// The bytes we publish. A block of at most 1 MiB becomes one gzip member or one zstd frame of its own, complete and independent
// of its neighbours: blocks can be compressed on any number of threads in any order, and the concatenation is always the same.
// RFC 1952 section 2.2 and RFC 8878 section 3 make such concatenations one stream. It costs about 0.3 % of size.
//
// libdeflate gives the same bytes on every CPU (isa-l does not, and zlib is replaced by differing forks). zstd gives other bytes with
// nbWorkers 0 than with 1 or more, because workers cut the input into jobs; here the cutting is ours, each frame is made without
// workers (nbWorkers 0), and that is never to change without changing compressor_text().
#include "archive/compress_block.hpp"

#include <fmt/format.h>
#include <libdeflate.h>
#include <zstd.h>

#include "base/error.hpp"

namespace resole::archive {

namespace {

constexpr int kGzipLevel = 6, kZstdLevel = 3;

// Offsets in the fixed gzip header, RFC 1952 section 2.3.
constexpr std::size_t kGzipTime = 4, kGzipSystem = 9;
constexpr char kUnknownSystem = '\xff';

struct FreeGzip {
  void operator()(libdeflate_compressor* compressor) const { libdeflate_free_compressor(compressor); }
};
struct FreeZstd {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

void set(ZSTD_CCtx* context, ZSTD_cParameter parameter, int value) {
  const std::size_t result = ZSTD_CCtx_setParameter(context, parameter, value);
  if (ZSTD_isError(result)) throw Error(ErrorKind::internal, fmt::format("zstd refuses a parameter: {}", ZSTD_getErrorName(result)));
}

}  // namespace

struct BlockCompressor::State {
  Compression compression;
  std::unique_ptr<libdeflate_compressor, FreeGzip> gzip;
  std::unique_ptr<ZSTD_CCtx, FreeZstd> zstd;

  std::string compress_gzip(std::string_view raw) const {
    std::string out(libdeflate_gzip_compress_bound(gzip.get(), raw.size()), '\0');
    const std::size_t size = libdeflate_gzip_compress(gzip.get(), raw.data(), raw.size(), out.data(), out.size());
    if (size == 0) throw Error(ErrorKind::internal, "libdeflate did not compress a block");
    out.resize(size);
    // libdeflate writes these values today; they are part of our promise, not of its interface.
    out.replace(kGzipTime, 4, 4, '\0');
    out[kGzipSystem] = kUnknownSystem;
    return out;
  }

  std::string compress_zstd(std::string_view raw) const {
    std::string out(ZSTD_compressBound(raw.size()), '\0');
    const std::size_t size = ZSTD_compress2(zstd.get(), out.data(), out.size(), raw.data(), raw.size());
    if (ZSTD_isError(size)) throw Error(ErrorKind::internal, fmt::format("zstd did not compress a block: {}", ZSTD_getErrorName(size)));
    out.resize(size);
    return out;
  }
};

BlockCompressor::BlockCompressor(Compression compression) : state_(std::make_unique<State>()) {
  state_->compression = compression;
  if (compression == Compression::gzip) {
    state_->gzip.reset(libdeflate_alloc_compressor(kGzipLevel));
    if (!state_->gzip) throw Error(ErrorKind::internal, "no memory for a gzip compressor");
  } else if (compression == Compression::zstd) {
    state_->zstd.reset(ZSTD_createCCtx());
    if (!state_->zstd) throw Error(ErrorKind::internal, "no memory for a zstd compressor");
    set(state_->zstd.get(), ZSTD_c_compressionLevel, kZstdLevel);
    set(state_->zstd.get(), ZSTD_c_checksumFlag, 1);
  } else if (compression != Compression::none) {
    throw Error(ErrorKind::internal, fmt::format("{} is read but never written", name_of(compression)));
  }
}

BlockCompressor::~BlockCompressor() = default;
BlockCompressor::BlockCompressor(BlockCompressor&&) noexcept = default;

std::string BlockCompressor::compress(std::string_view raw) {
  if (raw.size() > kBlockSize) throw Error(ErrorKind::internal, "a block to compress is larger than the block size");
  switch (state_->compression) {
    case Compression::gzip:
      return state_->compress_gzip(raw);
    case Compression::zstd:
      return state_->compress_zstd(raw);
    default:
      return std::string(raw);
  }
}

std::string compress_block(Compression compression, std::string_view raw) { return BlockCompressor(compression).compress(raw); }

std::string compressor_text(Compression compression) {
  switch (compression) {
    case Compression::gzip:
      return fmt::format("libdeflate {} level {}, 1 MiB members", LIBDEFLATE_VERSION_STRING, kGzipLevel);
    case Compression::zstd:
      return fmt::format("zstd {} level {}, 1 MiB frames", ZSTD_versionString(), kZstdLevel);
    default:
      return std::string(name_of(compression));
  }
}

}  // namespace resole::archive
