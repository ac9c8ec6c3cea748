// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.hpp"

#include <gtest/gtest.h>

#include "base/digest.hpp"
#include "base/error.hpp"

namespace resole {
namespace RESOLE_TEST_FILE {

std::string all_of(Source& source) { return read_all(source, 1 << 20, "test"); }

ErrorKind kind_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.kind();
  }
  ADD_FAILURE() << "nothing was thrown";
  return ErrorKind::internal;
}

TEST(Blob, KeepsItsBytesWhenCopiedAndMoved) {
  Blob copy;
  {
    const Blob blob = Blob::of("some bytes that are longer than a small string can hold");
    copy = blob;
  }
  EXPECT_EQ(copy.bytes(), "some bytes that are longer than a small string can hold");
  EXPECT_EQ(Blob::of("short").bytes(), "short");
  EXPECT_EQ(Blob().size(), 0u);
}

TEST(Bytes, SourceOfBlobOutlivesTheBlob) {
  std::unique_ptr<Source> source;
  { source = source_of(Blob::of("abc")); }
  char buffer[2];
  EXPECT_EQ(source->read(buffer, 2), 2u);
  EXPECT_EQ(all_of(*source), "c");
}

TEST(Bytes, ReadAllIsBounded) {
  EXPECT_EQ(all_of(*source_of(std::string_view(""))), "");
  const std::string big(100'000, 'x');
  EXPECT_EQ(read_all(*source_of(std::string_view(big)), big.size(), "a report"), big);
  EXPECT_EQ(kind_of([&] { read_all(*source_of(std::string_view(big)), big.size() - 1, "a report"); }), ErrorKind::input);
}

TEST(Bytes, CopyAllCounts) {
  const std::string big(1'000'000, 'y');
  std::string out;
  StringSink sink(out);
  EXPECT_EQ(copy_all(*source_of(std::string_view(big)), sink), big.size());
  EXPECT_EQ(out, big);
}

TEST(Spool, AppendsTruncatesAndOpens) {
  const auto spool = memory_spool();
  spool->write("hello ");
  spool->write("world");
  EXPECT_EQ(spool->size(), 11u);
  EXPECT_EQ(all_of(*spool->open(6)), "world");
  spool->truncate(5);
  spool->write("!");
  EXPECT_EQ(all_of(*spool->open()), "hello!");
  EXPECT_EQ(all_of(*spool->open(6)), "");
  EXPECT_THROW(spool->truncate(7), Error);
  EXPECT_THROW(spool->open(7), Error);
}

TEST(Verified, PassesWhatMatches) {
  for (std::int64_t size : {-1, 3}) {
    EXPECT_EQ(all_of(*verified(source_of(std::string_view("abc")), size, Digest::of("abc"), "x")), "abc");
    EXPECT_EQ(all_of(*verified(source_of(std::string_view("abc")), size, Digest(), "x")), "abc");
  }
  EXPECT_EQ(all_of(*verified(source_of(std::string_view("")), 0, Digest::of(""), "x")), "");
  Hasher sha512(Algorithm::sha512);
  sha512.update("abc");
  EXPECT_EQ(all_of(*verified(source_of(std::string_view("abc")), 3, Digest::parse("sha512:" + to_hex(sha512.finish())), "x")), "abc");
}

TEST(Verified, RefusesOtherBytes) {
  const auto read = [](std::string_view bytes, std::int64_t size, const Digest& digest) {
    return kind_of([&] { all_of(*verified(source_of(bytes), size, digest, "the layer")); });
  };
  EXPECT_EQ(read("abd", 3, Digest::of("abc")), ErrorKind::verification);
  EXPECT_EQ(read("abd", -1, Digest::of("abc")), ErrorKind::verification);
  EXPECT_EQ(read("ab", 3, Digest()), ErrorKind::verification);
  EXPECT_EQ(read("abcd", 3, Digest()), ErrorKind::verification);
  EXPECT_EQ(read("", 3, Digest()), ErrorKind::verification);
}

// A reader that knows the size stops there: it must not get the last byte of something else.
TEST(Verified, ChecksBeforeTheLastBytesAreHandedOver) {
  const auto wrong = verified(source_of(std::string_view("abd")), 3, Digest::of("abc"), "x");
  char buffer[3];
  EXPECT_EQ(wrong->read(buffer, 2), 2u);
  EXPECT_EQ(kind_of([&] { wrong->read(buffer, 1); }), ErrorKind::verification);
  const auto longer = verified(source_of(std::string_view("abcd")), 3, Digest::of("abc"), "x");
  EXPECT_EQ(kind_of([&] { longer->read(buffer, 3); }), ErrorKind::verification);
}

}  // namespace
}  // namespace resole
