// SPDX-License-Identifier: Apache-2.0
#include "archive/compression.hpp"

#include <gtest/gtest.h>
#include <libdeflate.h>
#include <lzma.h>
#include <rapidcheck/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include "archive/tools.hpp"
#include "base/digest.hpp"
#include "base/error.hpp"
#include "support/tar_builder.hpp"

namespace resole::archive {
namespace RESOLE_TEST_FILE {

using test::compress;

// Bytes that compress about as text does, the same everywhere.
std::string sample(std::size_t size) {
  std::string out;
  std::uint32_t state = 1;
  while (out.size() < size) {
    state = state * 1664525 + 1013904223;
    out += "word" + std::to_string(state >> 20) + (state % 7 == 0 ? "\n" : " ");
  }
  out.resize(size);
  return out;
}

std::string expand(std::string_view bytes, ExpandLimits limits = {}) {
  return read_all(*decompress(source_of(bytes), limits), 1ull << 32, "x");
}

// Hands out few bytes at a time, so that every state of the decoders is left and entered again.
class Dripping : public Source {
 public:
  Dripping(std::string_view bytes, std::size_t step) : bytes_(bytes), step_(step) {}
  std::size_t read(char* buffer, std::size_t capacity) override {
    const std::size_t count = std::min({capacity, step_, bytes_.size()});
    bytes_.copy(buffer, count);
    bytes_.remove_prefix(count);
    return count;
  }

 private:
  std::string_view bytes_;
  std::size_t step_;
};

std::string failure(std::string_view bytes, ExpandLimits limits = {}) {
  try {
    expand(bytes, limits);
  } catch (const Error& error) {
    return std::string(kind_name(error.kind())) + ": " + error.message();
  }
  return "accepted";
}

std::string xz(std::string_view raw, lzma_check check = LZMA_CHECK_CRC64) {
  std::string out(lzma_stream_buffer_bound(raw.size()), '\0');
  std::size_t size = 0;
  EXPECT_EQ(lzma_easy_buffer_encode(6, check, nullptr, reinterpret_cast<const std::uint8_t*>(raw.data()), raw.size(),
                                    reinterpret_cast<std::uint8_t*>(out.data()), &size, out.size()),
            LZMA_OK);
  out.resize(size);
  return out;
}

// A gzip member with everything its header can carry, by zlib.
std::string gzip_with_header(std::string_view raw) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string name = "name", comment(300, 'c'), extra(1000, 'e');
  gz_header header{};
  header.name = reinterpret_cast<Bytef*>(name.data());
  header.comment = reinterpret_cast<Bytef*>(comment.data());
  header.extra = reinterpret_cast<Bytef*>(extra.data());
  header.extra_len = static_cast<uInt>(extra.size());
  header.hcrc = 1;
  EXPECT_EQ(deflateSetHeader(&stream, &header), Z_OK);
  std::string out(deflateBound(&stream, raw.size()) + 2000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(raw.data()));
  stream.avail_in = static_cast<uInt>(raw.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST(Detect, ByMagic) {
  EXPECT_EQ(detect(compress(Compression::gzip, "x")), Compression::gzip);
  EXPECT_EQ(detect(compress(Compression::zstd, "x")), Compression::zstd);
  EXPECT_EQ(detect(xz("x")), Compression::xz);
  EXPECT_EQ(detect("BZh91AY&SY"), Compression::bzip2);
  EXPECT_EQ(detect("BZhfile"), Compression::none);
  EXPECT_EQ(detect(std::string_view("\x5e\x2a\x4d\x18\0\0", 6)), Compression::zstd);
  EXPECT_EQ(detect(""), Compression::none);
  EXPECT_EQ(detect("\x1f"), Compression::none);
  EXPECT_EQ(name_of(Compression::zstd), "zstd");
}

TEST(Decompress, EveryFormatInEveryPortion) {
  const std::string raw = sample(100'000);
  for (const std::string& packed :
       {compress(Compression::gzip, raw), gzip_with_header(raw), compress(Compression::zstd, raw), xz(raw), raw}) {
    EXPECT_EQ(expand(packed), raw);
    EXPECT_EQ(read_all(*decompress(Blob::of(packed)), 1 << 30, "x"), raw);
    for (std::size_t step : {1, 7, 4096}) {
      const auto source = decompress(std::make_unique<Dripping>(packed, step));
      std::string out;
      for (char buffer[1000]; const std::size_t count = source->read(buffer, step == 7 ? 3 : sizeof buffer);) out.append(buffer, count);
      EXPECT_EQ(out, raw) << name_of(detect(packed)) << " by " << step;
      char more;
      EXPECT_EQ(source->read(&more, 1), 0u);  // stays at the end
    }
  }
}

TEST(Decompress, NothingAtAll) {
  EXPECT_EQ(expand(""), "");
  EXPECT_EQ(expand(compress(Compression::gzip, "")), "");
  EXPECT_EQ(expand(compress(Compression::zstd, "")), "");
  EXPECT_EQ(expand(xz("")), "");
}

TEST(Decompress, ConcatenatedAndPaddedStreams) {
  const std::string a = sample(70'000), b = sample(5);
  const std::string padding(512, '\0'), skippable("\x50\x2a\x4d\x18\x03\0\0\0abc", 11);
  const auto each = [&](Compression compression) {
    return compress(compression, a) + compress(compression, "") + compress(compression, b);
  };
  EXPECT_EQ(expand(each(Compression::gzip)), a + b);
  EXPECT_EQ(expand(each(Compression::gzip) + padding), a + b);
  EXPECT_EQ(expand(each(Compression::zstd)), a + b);
  EXPECT_EQ(expand(each(Compression::zstd) + padding), a + b);
  EXPECT_EQ(expand(skippable + each(Compression::zstd) + skippable), a + b);
  EXPECT_EQ(expand(xz(a) + xz("") + padding + xz(b) + padding), a + b);
}

// Members of all lengths meet the ends of the input buffer at all places.
TEST(Decompress, ManySmallMembers) {
  std::string raw, packed;
  for (std::size_t i = 0; i < 2000; ++i) {
    const std::string piece = sample(i % 40);
    raw += piece;
    packed += compress_block(Compression::gzip, piece);
  }
  for (std::size_t step : {1, 13, 1000, 1 << 20}) {
    EXPECT_EQ(read_all(*decompress(std::make_unique<Dripping>(packed, step)), 1 << 30, "x"), raw) << step;
  }
}

TEST(Decompress, DamageIsAnInputError) {
  const std::string raw = sample(200'000);
  for (const std::string& packed : {compress(Compression::gzip, raw), compress(Compression::zstd, raw), xz(raw)}) {
    for (std::size_t keep : {std::size_t{7}, packed.size() / 2, packed.size() - 9, packed.size() - 1}) {
      EXPECT_TRUE(failure(packed.substr(0, keep)).starts_with("input: damaged")) << name_of(detect(packed)) << " cut to " << keep;
    }
    std::string flipped = packed;
    flipped[packed.size() / 2] = static_cast<char>(flipped[packed.size() / 2] ^ 1);
    EXPECT_TRUE(failure(flipped).starts_with("input: damaged")) << name_of(detect(packed));
    EXPECT_TRUE(failure(packed + "garbage").starts_with("input: damaged")) << name_of(detect(packed));
  }
  std::string length = compress(Compression::gzip, raw);  // ISIZE, the last four bytes
  length.back() = 1;
  EXPECT_TRUE(failure(length).starts_with("input: damaged gzip"));
  EXPECT_TRUE(failure(compress(Compression::gzip, "a") + std::string(3, '\0') + compress(Compression::zstd, "b"))
                  .starts_with("input: damaged gzip"));
}

TEST(Decompress, Bzip2IsSaidToBeUnsupported) { EXPECT_TRUE(failure("BZh91AY&SY").starts_with("unsupported: bzip2")); }

TEST(Decompress, BombsAreStopped) {
  const std::string zeros(80u << 20, '\0');
  const std::string bomb = compress(Compression::zstd, zeros);
  EXPECT_NE(failure(bomb, {.ratio_from = 64u << 20}).find("expands to more than 400 times"), std::string::npos) << bomb.size();
  EXPECT_EQ(failure(bomb, {.ratio = 1'000'000, .ratio_from = 64u << 20}), "accepted");
  EXPECT_NE(failure(compress(Compression::gzip, sample(3000)), {.output = 2999}).find("expands to more than 3.0 kB"), std::string::npos);
  EXPECT_EQ(failure(compress(Compression::gzip, sample(3000)), {.output = 3000}), "accepted");
  EXPECT_NE(failure(sample(3000), {.output = 2999}), "accepted");
}

// A window larger than 128 MiB would let a few bytes claim the memory.
TEST(Decompress, ZstdWindowsAreBounded) {
  const std::string frame("\x28\xb5\x2f\xfd\x00\xa8\x01\x00\x00", 9);  // RFC 8878: window descriptor 0xa8 = 2^31
  EXPECT_TRUE(failure(frame).starts_with("input: damaged zstd"));
}

TEST(Decompress, XzDictionariesAreBounded) {
  lzma_options_lzma options;
  lzma_lzma_preset(&options, 6);
  options.dict_size = 1u << 30;
  const lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &options}, {LZMA_VLI_UNKNOWN, nullptr}};
  std::string header(LZMA_STREAM_HEADER_SIZE, '\0');
  lzma_stream_flags flags{};
  flags.check = LZMA_CHECK_CRC32;
  ASSERT_EQ(lzma_stream_header_encode(&flags, reinterpret_cast<std::uint8_t*>(header.data())), LZMA_OK);
  lzma_block block{};
  block.check = LZMA_CHECK_CRC32;
  block.filters = const_cast<lzma_filter*>(filters);
  block.compressed_size = block.uncompressed_size = LZMA_VLI_UNKNOWN;
  ASSERT_EQ(lzma_block_header_size(&block), LZMA_OK);
  std::string block_header(block.header_size, '\0');
  ASSERT_EQ(lzma_block_header_encode(&block, reinterpret_cast<std::uint8_t*>(block_header.data())), LZMA_OK);
  EXPECT_NE(failure(header + block_header + std::string(64, '\0')).find("dictionary"), std::string::npos);
}

TEST(CompressBlock, GzipHeaderIsFixed) {
  for (const std::string& raw : {std::string(), sample(10), sample(kBlockSize)}) {
    const std::string member = compress_block(Compression::gzip, raw);
    EXPECT_EQ(member.substr(0, 4), std::string("\x1f\x8b\x08\0", 4));  // no name, comment, extra
    EXPECT_EQ(member.substr(4, 4), std::string(4, '\0'));              // mtime
    EXPECT_EQ(member[9], '\xff');                                      // unknown system
  }
  EXPECT_THROW(compress_block(Compression::gzip, sample(kBlockSize + 1)), Error);
  EXPECT_THROW(compress_block(Compression::xz, "x"), Error);
}

// The promise that a plan built anywhere has the same digest. A new library version may change it; then compressor_text() changes with it,
// and new digests are recorded here.
TEST(CompressBlock, GoldenDigests) {
  const std::string raw = sample(1'500'000);
  EXPECT_EQ(sha256_hex_of(raw), "34a90185572b1ad941983faa3a67e4618accf134b730c3f356298241701534f1");
  if (std::string_view(LIBDEFLATE_VERSION_STRING) == "1.14") {
    EXPECT_EQ(sha256_hex_of(compress(Compression::gzip, raw)), "a2563cad0fe88dc721971022e1d6f63e4d5691f122547a4845ab3ffd06cc8fcb");
    EXPECT_EQ(compressor_text(Compression::gzip), "libdeflate 1.14 level 6, 1 MiB members");
  }
  if (std::string_view(ZSTD_versionString()) == "1.5.4") {
    EXPECT_EQ(sha256_hex_of(compress(Compression::zstd, raw)), "2232c153f02a99576b17fab616ccdf279bf08f35335c60146c9926d43d6e7df2");
    EXPECT_EQ(compressor_text(Compression::zstd), "zstd 1.5.4 level 3, 1 MiB frames");
  }
}

TEST(Compressor, BytesDependNeitherOnJobsNorOnPortions) {
  const std::string raw = sample(3 * kBlockSize + 12345);
  for (Compression compression : {Compression::gzip, Compression::zstd, Compression::none}) {
    const std::string expected = compress(compression, raw);
    EXPECT_EQ(expand(expected), raw);
    for (unsigned jobs : {0u, 3u}) {
      for (std::size_t portion : {std::size_t{1000}, raw.size()}) {
        std::string out;
        StringSink sink(out);
        Compressor compressor(compression, sink, jobs);
        for (std::size_t at = 0; at < raw.size(); at += portion) compressor.write(std::string_view(raw).substr(at, portion));
        compressor.finish();
        compressor.finish();
        EXPECT_TRUE(out == expected) << name_of(compression) << " jobs " << jobs << " portion " << portion;
      }
    }
  }
}

TEST(Compressor, BlocksAreMembersOfTheirOwn) {
  const std::string raw = sample(2 * kBlockSize + 5);
  EXPECT_EQ(compress(Compression::gzip, raw), compress_block(Compression::gzip, raw.substr(0, kBlockSize)) +
                                                  compress_block(Compression::gzip, raw.substr(kBlockSize, kBlockSize)) +
                                                  compress_block(Compression::gzip, raw.substr(2 * kBlockSize)));
  EXPECT_EQ(compress(Compression::gzip, raw.substr(0, kBlockSize)), compress_block(Compression::gzip, raw.substr(0, kBlockSize)));
}

class FailingSink : public Sink {
 public:
  void write(std::string_view) override { throw Error(ErrorKind::internal, "disk full"); }
};

TEST(Compressor, AFailingSinkEndsItCleanly) {
  const std::string raw = sample(kBlockSize);
  for (unsigned jobs : {1u, 3u}) {
    FailingSink sink;
    Compressor compressor(Compression::gzip, sink, jobs);
    EXPECT_THROW(
        {
          for (int i = 0; i < 50; ++i) compressor.write(raw);
          compressor.finish();
        },
        Error);
  }
  std::string out;
  StringSink sink(out);
  Compressor abandoned(Compression::zstd, sink, 3);  // destroyed with blocks on the way
  for (int i = 0; i < 5; ++i) abandoned.write(raw);
}

TEST(Oracle, TheToolsReadWhatWeWrite) {
  const std::string raw = sample(3 * kBlockSize + 77);
  const test::Scratch scratch;
  scratch.write("raw", raw);
  for (const auto& [compression, tool] : {std::pair{Compression::gzip, "gzip"}, std::pair{Compression::zstd, "zstd"}}) {
    RESOLE_NEEDS_TOOL(tool);
    scratch.write("packed", compress(compression, raw));
    scratch.run(std::string(tool) + " -dc < packed | cmp - raw");
  }
}

TEST(Oracle, WeReadWhatTheToolsWrite) {
  const std::string raw = sample(300'000);
  const test::Scratch scratch;
  scratch.write("raw", raw);
  for (const char* command : {"gzip -1c raw", "gzip -9c raw", "zstd -q -19 -c raw", "zstd -q -1 --no-check -c raw", "xz -0c raw",
                              "xz -9ec raw", "xz -c --block-size=100000 raw", "xz -c --x86 --lzma2 raw"}) {
    const std::string tool(command, std::string_view(command).find(' '));
    RESOLE_NEEDS_TOOL(tool);
    EXPECT_TRUE(expand(scratch.run(command)) == raw) << command;
  }
}

RC_GTEST_PROP(Compressor, RoundTrip, (const std::string& raw)) {
  for (Compression compression : {Compression::gzip, Compression::zstd}) RC_ASSERT(expand(compress(compression, raw)) == raw);
}

}  // namespace
}  // namespace resole::archive
