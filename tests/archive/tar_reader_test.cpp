// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "archive/tar.hpp"
#include "base/error.hpp"
#include "support/tar_builder.hpp"

namespace resole::tar {
namespace RESOLE_TEST_FILE {

using test::octal;
using test::padded;
using test::pax_member;
using test::RawBlock;
using test::TarBuilder;

using Members = std::vector<std::pair<Header, std::string>>;

Header first_of(std::string_view archive) {
  const Members members = test::read_tar(archive);
  EXPECT_EQ(members.size(), 1u);
  return members.at(0).first;
}

std::string failure(std::string_view archive, Limits limits = {}) {
  try {
    const auto source = source_of(archive);
    Reader reader(*source, limits);
    for (Header header; reader.next(header);) reader.read_content(1 << 20);
    reader.drain();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    return error.message();
  }
  return "accepted";
}

void expect_failure(std::string_view archive, std::string_view reason, Limits limits = {}) {
  const std::string found = failure(archive, limits);
  EXPECT_TRUE(found.starts_with("bad tar archive at byte ")) << found;
  EXPECT_NE(found.find(reason), std::string::npos) << "expected: " << reason << "\nfound: " << found;
}

const std::string kEnd(1024, '\0');

std::string block(RawBlock raw) { return raw.bytes(); }

TEST(Paths, Clean) {
  for (const auto& [path, cleaned] : std::vector<std::pair<std::string, std::string>>{{"a/./b//c/", "a/b/c"},
                                                                                      {"./", ""},
                                                                                      {"/", ""},
                                                                                      {"./usr", "usr"},
                                                                                      {"/usr/", "usr"},
                                                                                      {"../a", "../a"},
                                                                                      {"a/../b", "a/../b"},
                                                                                      {"...", "..."},
                                                                                      {"", ""},
                                                                                      {"././/.", ""},
                                                                                      {".a", ".a"}}) {
    EXPECT_EQ(clean_path(path), cleaned) << path;
  }
}

TEST(Paths, Safe) {
  for (const char* safe : {"", "a", "a..b/c", "...", ".wh.a"}) EXPECT_TRUE(is_safe_path(safe)) << safe;
  for (const char* unsafe : {"..", "../a", "a/..", "a/../b", "/a"}) EXPECT_FALSE(is_safe_path(unsafe)) << unsafe;
  EXPECT_FALSE(is_safe_path(std::string_view("a\0b", 3)));
}

TEST(Reader, EveryTypeOfOurOwn) {
  Header device;
  device.path = "dev/null";
  device.type = Type::character;
  device.mode = 0666;
  device.major = 1;
  device.minor = 3;
  const Members members = test::read_tar(
      TarBuilder().dir("").dir("etc").file("etc/a", "hello", 04755).symlink("etc/l", "../x").hardlink("etc/h", "etc/a").add(device).gzip());
  ASSERT_EQ(members.size(), 6u);
  EXPECT_EQ(members[0].first.path, "");
  EXPECT_EQ(members[1].first.type, Type::directory);
  EXPECT_EQ(members[1].first.path, "etc");
  EXPECT_EQ(members[2].first.mode, 04755u);
  EXPECT_EQ(members[2].second, "hello");
  EXPECT_EQ(members[2].first.content_offset, 3 * 512u);
  EXPECT_EQ(members[3].first.link, "../x");
  EXPECT_EQ(members[4].first.type, Type::hardlink);
  EXPECT_EQ(members[4].first.link, "etc/a");
  EXPECT_EQ(members[5].first.major, 1u);
  EXPECT_EQ(members[5].first.minor, 3u);
}

TEST(Reader, ContentCanBeLeftOrReadInParts) {
  const std::string big(2'000'000, 'x');
  const std::string archive = TarBuilder().file("big", big).file("small", "abc").file("empty").file("last", "z").bytes();
  const auto source = source_of(archive);
  Reader reader(*source);
  Header header;
  ASSERT_TRUE(reader.next(header));
  char buffer[700];
  EXPECT_EQ(reader.read(buffer, sizeof buffer), sizeof buffer);
  ASSERT_TRUE(reader.next(header));
  EXPECT_EQ(header.path, "small");
  EXPECT_EQ(read_all(*reader.content(), 10, "x"), "abc");
  EXPECT_EQ(reader.read(buffer, sizeof buffer), 0u);
  ASSERT_TRUE(reader.next(header));
  EXPECT_EQ(reader.read_content(0), "");
  ASSERT_TRUE(reader.next(header));
  EXPECT_THROW(reader.read_content(0), Error);
  EXPECT_FALSE(reader.next(header));
  EXPECT_FALSE(reader.next(header));
  reader.drain();
  EXPECT_EQ(reader.offset(), archive.size());
}

TEST(Reader, AHeaderIsFilledAnewForEachMember) {
  Header rich;
  rich.path = "rich";
  rich.xattrs["user.a"] = "1";
  rich.type = Type::symlink;
  rich.link = "target";
  const Members members = test::read_tar(TarBuilder().add(rich).file("plain").bytes());
  EXPECT_TRUE(members[1].first.xattrs.empty());
  EXPECT_EQ(members[1].first.link, "");
}

TEST(Reader, NamesOfEveryAge) {
  const std::string longest(300, 'n');
  RawBlock v7{.name = "old/dir/", .type = '\0', .magic = ""};
  EXPECT_EQ(first_of(block(v7)).type, Type::directory);
  EXPECT_EQ(first_of(block(v7)).path, "old/dir");
  EXPECT_EQ(first_of(block({.name = "b", .prefix = "a"})).path, "a/b");
  EXPECT_EQ(first_of(block({.name = std::string(100, 'x'), .prefix = std::string(155, 'y')})).path,
            std::string(155, 'y') + "/" + std::string(100, 'x'));
  EXPECT_EQ(first_of(block({.name = "b", .magic = "ustar  ", .prefix = "a"})).path, "b");  // GNU keeps times there
  EXPECT_EQ(first_of(block({.name = "b", .magic = "", .prefix = "a"})).path, "b");
  RawBlock name{.name = "././@LongLink", .type = 'L', .size = octal(longest.size() + 1, 11), .magic = "ustar  "};
  RawBlock link{.name = "././@LongLink", .type = 'K', .size = octal(longest.size(), 11), .magic = "ustar  "};
  const Header gnu =
      first_of(block(name) + padded(longest + '\0') + block(link) + padded(longest) + block({.type = '2', .magic = "ustar  "}));
  EXPECT_EQ(gnu.path, longest);
  EXPECT_EQ(gnu.link, longest);
  EXPECT_EQ(first_of(block(name) + padded(longest + '\0') + pax_member({{"path", "pax/wins"}}) + block({})).path, "pax/wins");
}

TEST(Reader, Numbers) {
  const auto base256 = [](std::initializer_list<int> tail, std::size_t size, char fill = '\0') {
    std::string out(size, fill);
    std::size_t at = size - tail.size();
    for (int byte : tail) out[at++] = static_cast<char>(byte);
    out[0] = static_cast<char>(out[0] | 0x80);
    return out;
  };
  EXPECT_EQ(first_of(block({.uid = base256({1, 0, 0, 0}, 8)})).uid, 1u << 24);
  EXPECT_EQ(first_of(block({.uid = base256({0xff, 0xff, 0xff, 0xff}, 8)})).uid, 0xffffffffu);
  EXPECT_EQ(first_of(block({.mtime = base256({0xff, 0xff}, 12, '\xff')})).mtime, -1);
  EXPECT_EQ(first_of(block({.mode = " 644 ", .uid = "   12 ", .gid = "", .mtime = "00000000017"})).mode, 0644u);
  EXPECT_EQ(first_of(block({.uid = "   12 "})).uid, 10u);
  EXPECT_EQ(first_of(block({.mode = "0100755"})).mode, 0755u);
  expect_failure(block({.uid = base256({1, 0, 0, 0, 0}, 8)}), "uid");
  expect_failure(block({.size = base256({0xff}, 12, '\xff')}), "size");
  expect_failure(block({.uid = base256({0xff}, 8, '\xff')}), "uid");
  expect_failure(block({.size = base256({0x80, 0, 0, 0, 0, 0, 0, 0}, 12)}), "size");
  expect_failure(block({.size = base256({1, 0, 0, 0, 0, 0, 0, 0, 0}, 12)}), "size");
  expect_failure(block({.size = base256({0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 12)}), "a member of");
  expect_failure(block({.size = "0000000008"}), "size");
  expect_failure(block({.gid = "12x"}), "gid");
}

TEST(Reader, SignedChecksumsOfOldPrograms) {
  std::string old = block({.name = "\xe9t\xe9"});
  long sum = 0;
  for (std::size_t i = 0; i < 512; ++i) sum += i >= 148 && i < 156 ? ' ' : static_cast<signed char>(old[i]);
  old.replace(148, 8, octal(static_cast<std::uint64_t>(sum), 6) + std::string("\0 ", 2));
  EXPECT_EQ(first_of(old).path, "\xe9t\xe9");
}

TEST(Reader, PaxRecords) {
  const Header header = first_of(pax_member({{"path", "/./lang/\xc3\xa9/"},
                                             {"size", "3"},
                                             {"uid", "4000000000"},
                                             {"gid", "5"},
                                             {"uname", "web"},
                                             {"gname", "www"},
                                             {"mtime", "1700000000.987"},
                                             {"atime", "1"},
                                             {"SCHILY.xattr.user.x", std::string("a\nb\0=c", 6)},
                                             {"SCHILY.xattr.user.empty", ""},
                                             {"LIBARCHIVE.xattr.user.y", "YQ"},
                                             {"APK-TOOLS.checksum.SHA1", "abc"}}) +
                                 block({.type = '5', .size = "0000000002"}));
  EXPECT_EQ(header.path, "lang/\xc3\xa9");
  EXPECT_EQ(header.size, 0u);  // a directory
  EXPECT_EQ(header.uid, 4000000000u);
  EXPECT_EQ(header.gid, 5u);
  EXPECT_EQ(header.user, "web");
  EXPECT_EQ(header.group, "www");
  EXPECT_EQ(header.mtime, 1700000000);
  EXPECT_EQ(header.xattrs, (std::map<std::string, std::string>{{"user.empty", ""}, {"user.x", std::string("a\nb\0=c", 6)}}));
  EXPECT_EQ(header.pax, (std::map<std::string, std::string>{{"APK-TOOLS.checksum.SHA1", "abc"}}));
  EXPECT_EQ(first_of(pax_member({{"mtime", "-1.5"}}) + block({})).mtime, -2);
  EXPECT_EQ(first_of(pax_member({{"mtime", "-1.0"}}) + block({})).mtime, -1);
  const Members sized = test::read_tar(pax_member({{"size", "3"}}) + block({.size = "00000000000"}) + padded("abc"));
  EXPECT_EQ(sized.at(0).second, "abc");
}

TEST(Reader, GlobalPaxRecordsApplyUntilChanged) {
  const Members members = test::read_tar(pax_member({{"gname", "all"}, {"VENDOR.x", "1"}}, 'g') + block({.name = "a"}) +
                                         pax_member({{"gname", "own"}}) + block({.name = "b"}) + pax_member({{"gname", ""}}) +
                                         block({.name = "c"}) + pax_member({{"gname", "new"}}, 'g') + block({.name = "d"}) + kEnd);
  ASSERT_EQ(members.size(), 4u);
  const char* groups[] = {"all", "own", "", "new"};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(members[i].first.group, groups[i]);
    EXPECT_EQ(members[i].first.pax.at("VENDOR.x"), "1");
  }
}

TEST(Reader, PaxRecordsThatLie) {
  const auto with = [](const std::string& content) {
    return block({.name = "PaxHeader", .type = 'x', .size = octal(content.size(), 11)}) + padded(content) + block({});
  };
  EXPECT_EQ(failure(with("8 a=bcd\n")), "accepted");
  for (const char* lie : {"9 a=bcd\n", "7 a=bcd\n", "99 a=bcd\n", "0 a=bcd\n", "-8 a=bcd\n", "8a=bcd\n", " 8 a=bc\n", "8 abcde\n",
                          "8 =bcde\n", "99999999999999999999999 a=b\n", "18446744073709551615 a=b\n", "a\n", "3 \n", "8 a=bcdx", "4 =\n"}) {
    expect_failure(with(lie), "PAX record");
  }
  expect_failure(with("30 path=" + std::string("a\0b", 3) + std::string(18, 'x') + "\n"), "NUL");
  expect_failure(pax_member({{"size", "-1"}}) + block({}), "size");
  expect_failure(pax_member({{"size", "18446744073709551615"}}) + block({}), "a member of");
  expect_failure(pax_member({{"uid", "4294967296"}}) + block({}), "uid");
  expect_failure(pax_member({{"mtime", "soon"}}) + block({}), "mtime");
  expect_failure(pax_member({{"mtime", "99999999999999999999"}}) + block({}), "mtime");
}

TEST(Reader, EndsOfEveryKind) {
  const std::string member = block({.size = octal(3, 11)}) + padded("abc");
  EXPECT_EQ(failure(""), "accepted");
  EXPECT_EQ(failure(member), "accepted");  // no end blocks
  EXPECT_EQ(failure(member + kEnd), "accepted");
  EXPECT_EQ(failure(member + kEnd.substr(512)), "accepted");  // one
  EXPECT_EQ(failure(member + kEnd + std::string(9000, '\0')), "accepted");
  EXPECT_EQ(failure(member.substr(0, 515)), "accepted");       // no padding: Go accepts it too
  EXPECT_EQ(failure(member + kEnd + "anything"), "accepted");  // behind the end nobody looks
  EXPECT_EQ(test::read_tar(member + kEnd + member).size(), 1u);
  expect_failure(member.substr(0, 514), "byte 514: it ends within a member's content");
  expect_failure(member.substr(0, 100), "within a header");
  expect_failure(member + "x", "byte 1024: it ends within a header");
  expect_failure(member + kEnd.substr(512) + member, "byte 1024: a single zero block");
  expect_failure(pax_member({{"path", "x"}}), "does not come");
  expect_failure(pax_member({{"path", "x"}}) + kEnd, "does not come");
  expect_failure(block({.type = 'x', .size = octal(100, 11)}) + "short", "within an extended header");
}

TEST(Reader, RefusesWhatIsNoTar) {
  std::string flipped = block({});
  flipped[3] = 'X';
  expect_failure(flipped, "byte 0: a header whose checksum");
  expect_failure(std::string(512, 'x'), "checksum");
  expect_failure(block({.type = 'Z'}), "unknown type \"Z\"");
  expect_failure(block({.type = 'M'}), "unknown type");
  expect_failure(block({.type = '\x1b'}), "\\x1b");
}

TEST(Reader, LinksDevicesAndDirectoriesHaveNoContent) {
  for (char type : {'1', '2', '3', '4', '5', '6'}) {
    const Members members = test::read_tar(block({.type = type, .size = octal(1000, 11)}) + block({.name = "next"}));
    ASSERT_EQ(members.size(), 2u) << type;
    EXPECT_EQ(members[0].first.size, 0u);
  }
  const Members dump = test::read_tar(block({.type = 'D', .size = octal(3, 11)}) + padded("Ya\0") + block({.name = "next"}));
  ASSERT_EQ(dump.size(), 2u);
  EXPECT_EQ(dump[0].first.type, Type::directory);
  EXPECT_EQ(dump[0].second, "");
  EXPECT_EQ(test::read_tar(block({.type = 'V', .size = "0"}) + block({.name = "x"})).size(), 1u);
}

TEST(Reader, LimitsHold) {
  const std::string archive = TarBuilder().file("a", "1").file("b", std::string(2000, 'x')).bytes();
  EXPECT_EQ(failure(archive, {.members = 2}), "accepted");
  expect_failure(archive, "more than the 1 members", {.members = 1});
  expect_failure(archive, "2000 bytes", {.total = 1999});
  expect_failure(archive, "larger than", {.total = 3000});
  expect_failure(TarBuilder().file(std::string(200, 'p')).bytes(), "path longer", {.path = 199});
  expect_failure(TarBuilder().symlink("l", std::string(200, 'p')).bytes(), "path longer", {.path = 199});
  expect_failure(block({.type = 'L', .size = octal(2'000'000, 11)}), "extended header of 2000000 bytes");
  std::string headers;  // extended headers without a member are bounded too
  for (int i = 0; i < 10; ++i) headers += pax_member({{"a", "b"}});
  expect_failure(headers, "more than the 5 members", {.members = 5});
  expect_failure(TarBuilder().file("a").bytes() + std::string(100'000, '\0'), "larger than", {.total = 50'000});  // behind the end
}

TEST(Reader, SparseFilesAreExpanded) {
  const std::string expected = std::string(1000, '\0') + "abc" + std::string(997, '\0') + "defg" + std::string(996, '\0');
  const std::string data = padded("abcdefg");
  const auto check = [&](const std::string& archive) {
    const Members members = test::read_tar(archive + block({.name = "next"}));
    ASSERT_EQ(members.size(), 2u);
    EXPECT_EQ(members[0].first.path, "sparse");
    EXPECT_EQ(members[0].first.size, 3000u);
    EXPECT_TRUE(members[0].first.pax.empty());
    EXPECT_TRUE(members[0].second == expected);
    const auto source = source_of(archive);  // byte by byte, and left in the middle
    Reader reader(*source);
    Header header;
    ASSERT_TRUE(reader.next(header));
    std::string content;
    for (char c; content.size() < 2500 && reader.read(&c, 1) == 1;) content += c;
    EXPECT_TRUE(content == expected.substr(0, 2500));
    EXPECT_FALSE(reader.next(header));
  };
  const RawBlock seven{.name = "sparse", .size = octal(7, 11)};
  // 0.0, 0.1 and 1.0 in PAX records
  check(pax_member({{"GNU.sparse.size", "3000"},
                    {"GNU.sparse.numblocks", "2"},
                    {"GNU.sparse.offset", "1000"},
                    {"GNU.sparse.numbytes", "3"},
                    {"GNU.sparse.offset", "2000"},
                    {"GNU.sparse.numbytes", "4"}}) +
        block(seven) + data);
  check(pax_member({{"GNU.sparse.size", "3000"}, {"GNU.sparse.name", "./sparse"}, {"GNU.sparse.map", "1000,3,2000,4"}}) +
        block({.name = "GNUSparseFile.0/x", .size = octal(7, 11)}) + data);
  check(pax_member({{"GNU.sparse.major", "1"}, {"GNU.sparse.minor", "0"}, {"GNU.sparse.realsize", "3000"}, {"GNU.sparse.name", "sparse"}}) +
        block({.name = "x", .size = octal(512 + 7, 11)}) + padded("2\n1000\n3\n2000\n4\n") + data);
  // the old GNU header
  const auto old_header = [](bool extended, const std::string& real) {
    std::string raw = block({.name = "sparse", .type = 'S', .size = octal(7, 11), .magic = "ustar  "});
    raw.replace(386, 24, octal(1000, 11) + '\0' + octal(3, 11) + '\0');
    if (!extended) raw.replace(410, 24, octal(2000, 11) + '\0' + octal(4, 11) + '\0');
    raw[482] = extended ? 1 : 0;
    raw.replace(483, 12, real + '\0');
    raw.replace(148, 8, "        ");
    unsigned sum = 0;
    for (char c : raw) sum += static_cast<unsigned char>(c);
    raw.replace(148, 8, octal(sum, 6) + std::string("\0 ", 2));
    return raw;
  };
  check(old_header(false, octal(3000, 11)) + data);
  check(old_header(true, octal(3000, 11)) + padded(octal(2000, 11) + '\0' + octal(4, 11) + '\0') + data);
  expect_failure(old_header(false, octal(2001, 11)) + data, "sparse map");
  expect_failure(old_header(true, octal(3000, 11)), "within a sparse map");
}

TEST(Reader, SparseMapsThatLie) {
  const auto with = [](const std::string& map, const std::string& size = "3000") {
    return pax_member({{"GNU.sparse.size", size}, {"GNU.sparse.map", map}}) + block({.size = octal(7, 11)}) + padded("abcdefg");
  };
  EXPECT_EQ(failure(with("0,7")), "accepted");
  EXPECT_EQ(failure(with("3000,0")), "accepted");
  for (const char* lie :
       {"0", "0,7,", "a,b", "0,-1", "2999,2", "10,3,5,2", "0,4,3,2", "0,8", "18446744073709551615,1", "1,18446744073709551615"})
    expect_failure(with(lie), "sparse map");
  expect_failure(with("0,7", "x"), "GNU.sparse.size");
  expect_failure(with("0,7", "99999999999999999"), "expands to more");
  EXPECT_NE(failure(with("", "2000000")), "accepted");  // read_content's own bound
  const auto in_content = [](const std::string& map) {
    return pax_member({{"GNU.sparse.major", "1"}, {"GNU.sparse.minor", "0"}, {"GNU.sparse.realsize", "3000"}}) +
           block({.size = octal(map.size(), 11)}) + padded(map);
  };
  for (const char* lie : {"2\n1\n", "x\n", "-1\n", "9999999999\n", "1\n0\n"}) expect_failure(in_content(padded(lie)), "sparse map");
  expect_failure(in_content(std::string(5000, '1')), "sparse map");
  expect_failure(pax_member({{"GNU.sparse.numbytes", "1"}, {"GNU.sparse.offset", "1"}}) + block({}), "sparse map");
}

}  // namespace
}  // namespace resole::tar
