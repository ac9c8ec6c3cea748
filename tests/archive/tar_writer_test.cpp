// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "archive/tar.hpp"
#include "base/digest.hpp"
#include "base/error.hpp"
#include "support/tar_builder.hpp"

namespace resole::tar {
namespace RESOLE_TEST_FILE {

using test::TarBuilder;

Header file(std::string path, std::uint64_t size = 0) {
  Header header;
  header.path = std::move(path);
  header.mode = 0644;
  header.size = size;
  return header;
}

// How many headers a member took: a PAX header counts as one more.
std::size_t blocks_of(const Header& header) { return TarBuilder().add(header, std::string(header.size, 'x')).unfinished().size() / 512; }

TEST(Writer, TheSimpleIsOneUstarBlock) {
  Header header = file("usr/bin/x", 5);
  header.uid = 07777777;
  header.gid = 12;
  header.mtime = 1700000000;
  header.mode = 0104755;
  header.user = "nobody";
  header.pax["VENDOR.x"] = "not written";
  const std::string bytes = TarBuilder().add(header, "hello").bytes();
  ASSERT_EQ(bytes.size(), 512u + 512 + 1024);
  EXPECT_EQ(bytes.substr(0, 10), std::string("usr/bin/x\0", 10));
  EXPECT_EQ(bytes.substr(100, 8), std::string("0004755\0", 8));
  EXPECT_EQ(bytes.substr(108, 16), std::string("7777777\0"
                                               "0000014\0",
                                               16));
  EXPECT_EQ(bytes.substr(124, 24), std::string("00000000005\0"
                                               "14524770400\0",
                                               24));
  EXPECT_EQ(bytes.substr(156, 2), std::string("0\0", 2));
  EXPECT_EQ(bytes.substr(257, 8), std::string("ustar\0"
                                              "00",
                                              8));
  EXPECT_EQ(bytes.substr(265, 64), std::string(64, '\0'));  // no names
  EXPECT_EQ(bytes.substr(329, 16), std::string("0000000\0"
                                               "0000000\0",
                                               16));
  EXPECT_EQ(bytes.substr(512, 6), std::string("hello\0", 6));
}

TEST(Writer, PaxComesOnlyWhenNeeded) {
  EXPECT_EQ(blocks_of(file(std::string(100, 'a'))), 1u);
  EXPECT_EQ(blocks_of(file(std::string(101, 'a'))), 3u);
  EXPECT_EQ(blocks_of(file(std::string(155, 'a') + "/" + std::string(100, 'b'))), 1u);
  EXPECT_EQ(blocks_of(file(std::string(156, 'a') + "/" + std::string(100, 'b'))), 3u);
  EXPECT_EQ(blocks_of(file("\xc3\xa9")), 3u);
  Header header = file("x");
  header.uid = 010000000;
  EXPECT_EQ(blocks_of(header), 3u);
  header = file("x");
  header.mtime = -1;
  EXPECT_EQ(blocks_of(header), 3u);
  header = file("x");
  header.mtime = 077777777777;
  EXPECT_EQ(blocks_of(header), 1u);
  header = file("x");
  header.xattrs["security.capability"] = std::string("\1\0\0\2", 4);
  EXPECT_EQ(blocks_of(header), 3u);
  header = file("x");
  header.type = Type::symlink;
  header.link = std::string(101, 'l');
  EXPECT_EQ(blocks_of(header), 3u);
}

TEST(Writer, SizesOfEightGibibytesGoToPax) {
  for (const auto& [size, blocks] : {std::pair<std::uint64_t, std::size_t>{077777777777, 1}, {0100000000000, 3}}) {
    std::string out;
    StringSink sink(out);
    Writer(sink).begin(file("big", size));
    EXPECT_EQ(out.size() / 512, blocks);
    const auto source = source_of(std::string_view(out));
    Reader reader(*source);
    Header header;
    ASSERT_TRUE(reader.next(header));
    EXPECT_EQ(header.size, size);
  }
}

TEST(Writer, DirectoriesEndInASlashAndTheRootIsADot) {
  EXPECT_EQ(TarBuilder().dir("etc").bytes().substr(0, 5), std::string("etc/\0", 5));
  EXPECT_EQ(TarBuilder().dir("").bytes().substr(0, 3), std::string("./\0", 3));
  // 99 characters and the slash fit, 100 do not.
  EXPECT_EQ(TarBuilder().dir(std::string(99, 'd')).unfinished().size(), 512u);
  EXPECT_EQ(TarBuilder().dir(std::string(100, 'd')).unfinished().size(), 3 * 512u);
}

TEST(Writer, RefusesWhatNoReaderWouldTakeTheSame) {
  for (const char* path : {"", "/etc/x", "./x", "x/"}) EXPECT_THROW(TarBuilder().file(path), Error) << path;
  EXPECT_THROW(TarBuilder().file(std::string("a\0b", 3)), Error);
  EXPECT_THROW(TarBuilder().symlink("l", std::string("a\0b", 3)), Error);
  Header header = file("x");
  header.xattrs["user.a=b"] = "1";
  EXPECT_THROW(TarBuilder().add(header), Error);
  header = file("x", 3);
  header.type = Type::fifo;
  EXPECT_THROW(TarBuilder().add(header, "abc"), Error);
}

TEST(Writer, ContentMustBeAsLongAsSaid) {
  std::string out;
  StringSink sink(out);
  Writer writer(sink);
  writer.begin(file("x", 3));
  EXPECT_THROW(writer.write("abcd"), Error);
  writer.write("ab");
  EXPECT_THROW(writer.end(), Error);
  writer.write("c");
  writer.end();
}

TEST(Writer, GoldenDigest) {
  Header rich = file("caf\xc3\xa9/" + std::string(260, 'x'), 3);
  rich.uid = 3'000'000;
  rich.mtime = 8'589'934'592;
  rich.xattrs = {{"user.b", "2"}, {"user.a", "1"}};
  Header device;
  device.path = "dev/sda";
  device.type = Type::block;
  device.mode = 0660;
  device.major = 8;
  const std::string bytes = TarBuilder()
                                .at(1700000000)
                                .dir("")
                                .dir("etc", 0700)
                                .file("etc/motd", "hi\n")
                                .symlink("etc/link", "motd")
                                .hardlink("etc/same", "etc/motd")
                                .add(device)
                                .add(rich, "abc")
                                .bytes();
  EXPECT_EQ(sha256_hex_of(bytes), "537ebaf6df4c317cff9ded21192f04b4c523488789f7d4b46e7a6f3924dde524");
}

rc::Gen<std::string> path_gen() {
  const auto segment = rc::gen::map(rc::gen::container<std::string>(rc::gen::inRange<char>(1, 127)), [](std::string text) {
    for (char& c : text) {
      if (c == '/') c = '_';
    }
    return text.empty() || text == "." ? std::string("s") : text;
  });
  return rc::gen::map(rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(segment)),
                      [](const std::vector<std::string>& segments) {
                        std::string path;
                        for (const std::string& each : segments) path += (path.empty() ? "" : "/") + each;
                        return path.substr(0, 4000);
                      });
}

// Whatever can be written comes back as it was.
RC_GTEST_PROP(Writer, ReadsBackEqual, ()) {
  Header header;
  header.path = clean_path(*path_gen() + *rc::gen::element<std::string>("", "/\xc3\xa9", "/\xff\xfe"));
  RC_PRE(!header.path.empty());
  header.type = *rc::gen::element(Type::file, Type::hardlink, Type::symlink, Type::character, Type::block, Type::directory, Type::fifo);
  header.mode = *rc::gen::inRange<std::uint32_t>(0, 010000);
  header.uid = *rc::gen::arbitrary<std::uint32_t>();
  header.gid = *rc::gen::arbitrary<std::uint32_t>();
  header.mtime = *rc::gen::element<std::int64_t>(0, 1, -1, 1700000000, 077777777777, 0100000000000, -123456789012);
  if (header.type == Type::symlink) header.link = *path_gen();
  if (header.type == Type::hardlink) header.link = clean_path(*path_gen());
  if (header.type == Type::character || header.type == Type::block) {
    header.major = *rc::gen::inRange<std::uint32_t>(0, 010000000);
    header.minor = *rc::gen::inRange<std::uint32_t>(0, 010000000);
  }
  for (const auto& [name, value] : *rc::gen::arbitrary<std::map<std::uint8_t, std::string>>())
    header.xattrs["user.x" + std::to_string(name)] = value;
  const std::string content = header.type == Type::file ? *rc::gen::arbitrary<std::string>() : std::string();
  header.size = content.size();

  const auto members = test::read_tar(TarBuilder().file("before", "1").add(header, content).file("after").bytes());
  RC_ASSERT(members.size() == 3u);
  const auto& [found, found_content] = members[1];
  RC_ASSERT(found.path == header.path);
  RC_ASSERT(found.type == header.type);
  RC_ASSERT(found.mode == header.mode);
  RC_ASSERT(found.uid == header.uid);
  RC_ASSERT(found.gid == header.gid);
  RC_ASSERT(found.size == header.size);
  RC_ASSERT(found.mtime == header.mtime);
  RC_ASSERT(found.link == header.link);
  RC_ASSERT(found.major == header.major);
  RC_ASSERT(found.minor == header.minor);
  RC_ASSERT(found.xattrs == header.xattrs);
  RC_ASSERT(found.pax.empty());
  RC_ASSERT(found_content == content);
}

}  // namespace
}  // namespace resole::tar
