// SPDX-License-Identifier: Apache-2.0
// Compression by magic, decompression as a stream with a bomb bound, and the two compressors whose bytes we publish:
// gzip by libdeflate (same bytes on every CPU) in members, and zstd in frames, of at most 1 MiB of input each. isa-l only inflates.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace resole::archive {

enum class Compression : std::uint8_t { none, gzip, zstd, xz, bzip2 };

// By magic bytes; `head` holds at least the first 6 bytes if there are that many. Never by media type or file name.
Compression detect(std::string_view head);
std::string_view name_of(Compression compression);  // "gzip", ...

struct ExpandLimits {
  std::uint64_t output = 64ull << 30;  // most bytes out
  std::uint32_t ratio = 400;           // most bytes out per byte in (gzip's own limit is about 1030) ...
  std::uint64_t ratio_from = 256ull << 20;  // ... once so many are out: below, a high ratio is only a file of zeros
};

// Detects and decompresses; multi-member gzip, concatenated zstd and xz streams, and trailing NUL padding are read to the end of `source`.
// Uncompressed input passes through. Error(input) on damage, Error(input) "expands to more than" on a bomb, Error(unsupported) on bzip2.
std::unique_ptr<Source> decompress(std::unique_ptr<Source> source, ExpandLimits limits = {});
std::unique_ptr<Source> decompress(Blob blob, ExpandLimits limits = {});

// The first member of a gzip file, for formats that mean something by each of them (apk signs one with another): its content, and how many of `bytes` it
// takes. Error(input) on damage, when it is cut off, and when the content is more than `limit`.
struct GzipMember {
  std::string content;
  std::size_t size = 0;
};
GzipMember read_gzip_member(std::string_view bytes, std::uint64_t limit);

// What is published. The text is recorded in plans: "libdeflate 1.14 level 6, 1 MiB members" / "zstd 1.5.4 level 3, 1 MiB frames".
std::string compressor_text(Compression compression);
// One member or frame for at most 1 MiB of input (gzip: mtime 0, no name, OS 255). Deterministic; thread-safe.
std::string compress_block(Compression compression, std::string_view raw);
inline constexpr std::size_t kBlockSize = 1u << 20;
// Cuts a stream into blocks and writes the compressed form to `sink` in order; blocks are compressed on `jobs` threads, the bytes never depend on it.
// finish() flushes the last, shorter block.
class Compressor : public Sink {
 public:
  Compressor(Compression compression, Sink& sink, unsigned jobs);
  ~Compressor() override;
  void write(std::string_view bytes) override;
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace resole::archive
