// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/package_file.hpp"

#include <gtest/gtest.h>

#include "archive/ar.hpp"
#include "base/error.hpp"
#include "pkg/deb/package_facts.hpp"
#include "pkg/deb_oracle.hpp"
#include "support/deb_builder.hpp"
#include "support/tar_builder.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

using deb::PackageFile;

struct NoVisitor : deb::MemberVisitor {
  void begin(const rootfs::Entry&, const deb::OwnerNames&) override {}
  void content(std::string_view) override {}
  void end(const rootfs::Entry&) override {}
};

deb::PackageFacts read(const std::string& bytes) {
  NoVisitor visitor;
  return deb::read_package(PackageFile::open(Blob::of(bytes), "test 1.0"), visitor);
}

// The message of the Error(input) that reading ends with; "" when it succeeds.
std::string refusal(const std::string& bytes) {
  try {
    read(bytes);
    return {};
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    return error.what();
  }
}

DebBuilder sample() { return DebBuilder("foo", "1.0").file("usr/bin/foo", "program", 0755).control("postinst", "#!/bin/sh\n", 0755); }

TEST(DebPackageFile, EveryCompression) {
  for (const auto compression : {archive::Compression::none, archive::Compression::gzip, archive::Compression::zstd}) {
    const deb::PackageFacts facts = read(sample().compression(compression).build());
    ASSERT_EQ(facts.data.entries.size(), 4u);
    EXPECT_EQ(facts.data.entries[3].path, "usr/bin/foo");
    EXPECT_EQ(facts.owners[3].user, "root");
    EXPECT_EQ(facts.control.find("postinst")->mode, 0755u);
  }
}

TEST(DebPackageFile, AsDpkgDebBuildsIt) {
  if (!has_program("dpkg-deb")) GTEST_SKIP() << "dpkg-deb is needed";
  DpkgOracle oracle;
  oracle.shell(
      "mkdir -p p/DEBIAN p/usr/bin && echo hi > p/usr/bin/foo && ln p/usr/bin/foo p/usr/bin/bar && ln -s foo p/usr/bin/link && "
      "printf 'Package: foo\\nVersion: 1\\nArchitecture: all\\nMaintainer: A <a@example.org>\\nDescription: d\\n' > p/DEBIAN/control && "
      "dpkg-deb -Zxz --root-owner-group -b p p.deb");
  const deb::PackageFacts facts = read(run("cat " + oracle.root() + "/p.deb"));
  ASSERT_EQ(facts.data.entries.size(), 6u);
  EXPECT_EQ(facts.data.entries[4].type, tar::Type::hardlink);
  EXPECT_EQ(facts.data.entries[4].link, facts.data.entries[3].path);
}

TEST(DebPackageFile, FactsSurviveTheCache) {
  const deb::PackageFacts facts = read(sample()
                                           .conffile("etc/foo.conf", "x\n")
                                           .hardlink("usr/bin/bar", "usr/bin/foo")
                                           .owner("games", "games")
                                           .file("usr/games/x", "")
                                           .build());
  const std::string stored = deb::serialise(facts);
  const auto again = deb::parse_package_facts(stored);
  ASSERT_TRUE(again);
  EXPECT_EQ(deb::serialise(*again), stored);
  EXPECT_EQ(again->data.captured.at("etc/foo.conf"), "x\n");
  EXPECT_EQ(again->owners.back().group, "games");
  for (std::size_t size = 0; size < stored.size(); size += 7) EXPECT_FALSE(deb::parse_package_facts(stored.substr(0, size)));
}

TEST(DebPackageFile, ControlFromTheBeginningOfTheFile) {
  const std::string bytes = sample().compression(archive::Compression::gzip).build();
  std::uint64_t needed = 0;
  EXPECT_FALSE(deb::read_control(bytes.substr(0, 70), bytes.size(), "foo", needed));
  EXPECT_GT(needed, 70u);
  EXPECT_FALSE(deb::read_control(bytes.substr(0, 140), bytes.size(), "foo", needed));
  const auto control = deb::read_control(bytes.substr(0, needed), bytes.size(), "foo", needed);
  ASSERT_TRUE(control);
  EXPECT_NE(control->text("control").find("Package: foo"), std::string_view::npos);
}

TEST(DebPackageFile, WhatIsNoPackage) {
  EXPECT_NE(refusal("not an archive"), "");
  EXPECT_NE(refusal(ar::write_archive({{"debian-binary", "3.0\n"}})), "");
  EXPECT_NE(refusal(ar::write_archive({{"control.tar", ""}, {"debian-binary", "2.0\n"}})).find("first member"), std::string::npos);
  EXPECT_NE(refusal(ar::write_archive({{"debian-binary", "2.0\n"}, {"data.tar", ""}})).find("not understood"), std::string::npos);
  EXPECT_NE(refusal(ar::write_archive({{"debian-binary", "2.0\n"}, {"evil", ""}, {"control.tar", ""}})), "");
  const std::string whole = sample().build();
  for (std::size_t size = 0; size + 2048 < whole.size(); size += 97) EXPECT_NE(refusal(whole.substr(0, size)), "") << size;
}

TEST(DebPackageFile, PathsThatLeaveTheRoot) {
  EXPECT_NE(refusal(DebBuilder("foo", "1").file("../etc/passwd", "x").build()).find("leaves the root"), std::string::npos);
  EXPECT_NE(refusal(DebBuilder("foo", "1").file("usr/../../x", "x").build()).find("leaves the root"), std::string::npos);
  EXPECT_NE(refusal(DebBuilder("foo", "1").hardlink("usr/x", "../../etc/shadow").build()).find("hard link"), std::string::npos);
  EXPECT_NE(refusal(DebBuilder("foo", "1").hardlink("usr/x", "etc/shadow").build()).find("hard link"), std::string::npos);
  EXPECT_NE(refusal(DebBuilder("foo", "1").symlink("usr/s", "/etc/shadow").hardlink("usr/x", "usr/s").build()).find("hard link"),
            std::string::npos);
}

TEST(DebPackageFile, NamesThatMeanDeletionInALayer) {
  EXPECT_NE(refusal(DebBuilder("foo", "1").file("usr/.wh.bin", "").build()).find("deletes files"), std::string::npos);
  EXPECT_NE(refusal(DebBuilder("foo", "1").file("usr/.wh..wh..opq", "").build()).find("deletes files"), std::string::npos);
  EXPECT_NE(refusal(DebBuilder("foo", "1").file("usr/.wh.x/y", "").build()).find("deletes files"), std::string::npos);
}

TEST(DebPackageFile, ControlMembersThatLeaveInfo) {
  EXPECT_NE(refusal(DebBuilder("foo", "1").control("../../../etc/cron.d/x", "x").build()), "");
  EXPECT_NE(refusal(DebBuilder("foo", "1").control("sub/x", "x").build()), "");
  EXPECT_NE(refusal(DebBuilder("foo", "1").control("control", "twice").build()).find("twice"), std::string::npos);
  EXPECT_NE(refusal(DebBuilder("foo", "1").conffile_line("etc/relative").build()).find("no absolute path"), std::string::npos);
  EXPECT_NE(refusal(DebBuilder("foo", "1").symlink("etc/link", "x").conffile_line("/etc/link").build()).find("no regular file"),
            std::string::npos);
}

TEST(DebPackageFile, ControlPartsAreBounded) {
  const std::string big(20u << 20, 'x');
  EXPECT_NE(refusal(DebBuilder("foo", "1").control("md5sums", big).compression(archive::Compression::gzip).build()), "");
}

}  // namespace
}  // namespace resole::test
