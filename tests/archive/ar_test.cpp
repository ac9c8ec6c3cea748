// SPDX-License-Identifier: Apache-2.0
#include "archive/ar.hpp"

#include <gtest/gtest.h>

#include "archive/tools.hpp"
#include "base/error.hpp"

namespace resole::ar {
namespace RESOLE_TEST_FILE {

const std::vector<std::pair<std::string, std::string>> kPackage = {
    {"debian-binary", "2.0\n"}, {"control.tar.xz", "odd"}, {"data.tar.xz", "content"}};

TEST(Ar, MembersAreFoundWhereTheyAre) {
  const std::string bytes = write_archive(kPackage);
  const auto members = read_members(bytes, bytes.size());
  ASSERT_EQ(members.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(members[i].name, kPackage[i].first);
    EXPECT_EQ(bytes.substr(members[i].offset, members[i].size), kPackage[i].second);
  }
}

TEST(Ar, TheBeginningOfAFileIsEnoughForItsHeaders) {
  const std::string bytes = write_archive(kPackage);
  const auto members = read_members(std::string_view(bytes).substr(0, 8 + 60 + 4 + 60), bytes.size());
  ASSERT_EQ(members.size(), 2u);
  EXPECT_EQ(members[1].offset, 8u + 60 + 4 + 60);
  EXPECT_EQ(members[1].size, 3u);
  EXPECT_EQ(read_members(std::string_view(bytes).substr(0, 100), bytes.size()).size(), 1u);
}

TEST(Ar, ASlashBehindTheNameIsDropped) {
  std::string bytes = write_archive(kPackage);
  bytes.replace(8, 16, "debian-binary/  ");
  EXPECT_EQ(read_members(bytes, bytes.size()).at(0).name, "debian-binary");
}

TEST(Ar, RefusesWhatIsDamaged) {
  const std::string good = write_archive(kPackage);
  const auto refuses = [&](std::string bytes) { EXPECT_THROW(read_members(bytes, bytes.size()), Error); };
  const auto with = [&](std::size_t at, std::string_view text) { return std::string(good).replace(at, text.size(), text); };
  refuses("");
  refuses("!<arch>");
  refuses(with(0, "!<arch?"));
  refuses(with(8 + 58, "xx"));
  refuses(with(8 + 48, "4x        "));
  refuses(with(8 + 48, "-4        "));
  refuses(with(8 + 48, "          "));
  refuses(with(8 + 48, "9999999999"));
  refuses(with(8, "//              "));
  refuses(with(8, "#1/20           "));
  refuses(with(8, "                "));
  refuses(with(8,
               "a\x01"
               "b             "));
  refuses(good + "more");
  refuses(good.substr(0, good.size() - 8));
  std::vector<std::pair<std::string, std::string>> many(65, {"x", ""});
  refuses(write_archive(many));
  EXPECT_THROW(write_archive({{"a name of more than sixteen", ""}}), Error);
}

TEST(Oracle, ArAndDpkgDebReadWhatWeWrite) {
  RESOLE_NEEDS_TOOL("ar");
  const test::Scratch scratch;
  scratch.write("x.deb", write_archive(kPackage));
  EXPECT_EQ(scratch.run("ar t x.deb"), "debian-binary\ncontrol.tar.xz\ndata.tar.xz\n");
  EXPECT_EQ(scratch.run("ar p x.deb control.tar.xz"), "odd");
  scratch.run("ar qcS --target=elf64-little y.deb x.deb || ar qcS y.deb x.deb");
  const std::string theirs = scratch.read("y.deb");
  const auto members = read_members(theirs, theirs.size());
  ASSERT_EQ(members.size(), 1u);
  EXPECT_EQ(theirs.substr(members[0].offset, members[0].size), write_archive(kPackage));
}

}  // namespace
}  // namespace resole::ar
