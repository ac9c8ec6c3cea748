// SPDX-License-Identifier: Apache-2.0
#include "base/digest.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace resole {
namespace RESOLE_TEST_FILE {

// FIPS 180-4 and RFC 1321 examples.
constexpr std::string_view kAbcSha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

std::string hash(Algorithm algorithm, std::string_view bytes) {
  Hasher hasher(algorithm);
  hasher.update(bytes);
  return to_hex(hasher.finish());
}

TEST(Hasher, AgreesWithPublishedExamples) {
  EXPECT_EQ(hash(Algorithm::sha256, "abc"), kAbcSha256);
  EXPECT_EQ(hash(Algorithm::sha256, ""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hash(Algorithm::sha1, "abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(hash(Algorithm::md5, "message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
  EXPECT_EQ(
      hash(Algorithm::sha512, "abc"),
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

TEST(Hasher, PiecesMakeTheWholeAndFinishResets) {
  Hasher hasher(Algorithm::sha256);
  hasher.update("a");
  hasher.update("");
  hasher.update("bc");
  EXPECT_EQ(to_hex(hasher.finish_sha256()), kAbcSha256);
  hasher.update("abc");
  Hasher moved = std::move(hasher);
  EXPECT_EQ(to_hex(moved.finish_sha256()), kAbcSha256);
}

TEST(Hasher, TheFixedFormsRefuseOtherAlgorithms) {
  EXPECT_THROW(Hasher(Algorithm::sha1).finish_sha256(), Error);
  EXPECT_THROW(Hasher(Algorithm::sha256).finish_md5(), Error);
  EXPECT_EQ(to_hex(md5_of("")), "d41d8cd98f00b204e9800998ecf8427e");
}

TEST(Digest, ParsesWhatTheSpecificationRegisters) {
  const std::string text = "sha256:" + std::string(kAbcSha256);
  const Digest digest = Digest::parse(text);
  EXPECT_EQ(digest.text(), text);
  EXPECT_EQ(digest.hex(), kAbcSha256);
  EXPECT_EQ(digest.short_text(), "sha256:ba7816bf8f01");
  EXPECT_EQ(digest, Digest::of("abc"));
  EXPECT_EQ(digest, Digest::sha256_hex(kAbcSha256));
  EXPECT_EQ(Digest::parse("sha512:" + std::string(128, 'a')).algorithm(), Algorithm::sha512);
}

TEST(Digest, RefusesEverythingElse) {
  const std::string hex(kAbcSha256);
  for (const std::string& text :
       {std::string(), hex, "sha256:" + hex.substr(1), "sha256:" + hex + "0", "sha256:" + std::string(64, 'A'), "SHA256:" + hex,
        "sha512:" + hex, "md5:" + std::string(32, '0'), "sha256:" + std::string(63, '0') + "g", "sha256:../" + hex.substr(3)}) {
    EXPECT_FALSE(Digest::try_parse(text)) << text;
    EXPECT_THROW(Digest::parse(text), Error) << text;
  }
  EXPECT_THROW(Digest::sha256_hex("12"), Error);
}

TEST(Digest, EmptyIsEmpty) {
  const Digest digest;
  EXPECT_TRUE(digest.empty());
  EXPECT_EQ(digest.hex(), "");
  EXPECT_EQ(digest.short_text(), "");
}

TEST(Digest, HexForms) {
  EXPECT_EQ(sha256_from_hex(kAbcSha256), sha256_of("abc"));
  EXPECT_EQ(md5_from_hex("d41d8cd98f00b204e9800998ecf8427e"), md5_of(""));
  EXPECT_FALSE(sha256_from_hex("BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"));
  EXPECT_FALSE(md5_from_hex("d41d8cd98f00b204e9800998ecf8427"));
  EXPECT_EQ(to_hex(std::string_view("\0\xff\x10", 3)), "00ff10");
}

}  // namespace
}  // namespace resole
