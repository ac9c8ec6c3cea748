// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "rootfs/trees.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

using rootfs::Entry;
using rootfs::IndexLimits;
using rootfs::LayerIndex;

std::string error_of_layer(const TarBuilder& layer, const IndexLimits& limits = {}) {
  return error_of([&] { index_of(layer.bytes(), limits); });
}

TEST(LayerReader, EntriesInTheOrderOfTheTar) {
  const LayerIndex index =
      index_of(tar().dir("etc").file("etc/motd", "hi\n", 0640).symlink("b", "/etc/motd").hardlink("a", "./etc/motd").bytes());
  ASSERT_EQ(index.entries.size(), 4u);
  EXPECT_EQ(index.entries[0].path, "etc");
  EXPECT_EQ(index.entries[0].type, tar::Type::directory);
  const Entry& file = index.entries[1];
  EXPECT_EQ(file.path, "etc/motd");
  EXPECT_EQ(file.mode, 0640u);
  EXPECT_EQ(file.size, 3u);
  EXPECT_EQ(file.mtime, 1700000000);
  EXPECT_EQ(file.sha256, sha256_of("hi\n"));
  EXPECT_EQ(file.md5, md5_of("hi\n"));
  EXPECT_EQ(index.entries[2].link, "/etc/motd");
  EXPECT_EQ(index.entries[3].type, tar::Type::hardlink);
  EXPECT_EQ(index.entries[3].link, "etc/motd");
}

TEST(LayerReader, Md5OnlyWherePackagesInstall) {
  const LayerIndex index = index_of(tar()
                                        .file("usr/f", "x")
                                        .file("lib64/f", "x")
                                        .file("var/www/f", "x")
                                        .file("srv/f", "x")
                                        .file("var/lib/dpkg/f", "x")
                                        .file("var/cache/f", "x")
                                        .bytes());
  std::string with, without;
  for (const Entry& entry : index.entries) (entry.md5 ? with : without) += entry.path + " ";
  EXPECT_EQ(with, "usr/f lib64/f var/www/f ");
  EXPECT_EQ(without, "srv/f var/lib/dpkg/f var/cache/f ");
}

TEST(LayerReader, DiffIdIsComputedAndCompared) {
  const std::string bytes = tar().file("a", "x").bytes();
  EXPECT_EQ(index_of(bytes).diff_id, Digest::of(bytes));
  EXPECT_EQ(rootfs::index_layer(*source_of(bytes), Digest::of(bytes)).diff_id, Digest::of(bytes));
  const Digest other = Digest::of("other");
  const std::string error = error_of([&] { rootfs::index_layer(*source_of(bytes), other); });
  EXPECT_TRUE(error.starts_with("verification: reading layer " + other.text())) << error;
}

TEST(LayerReader, BytesBehindTheEndCountForTheDiffId) {
  const std::string bytes = tar().file("a", "x").bytes() + std::string(20 * 512, '\0');
  EXPECT_EQ(index_of(bytes).diff_id, Digest::of(bytes));
}

TEST(LayerReader, EmptyLayers) {
  EXPECT_TRUE(index_of(std::string(1024, '\0')).entries.empty());
  EXPECT_TRUE(index_of("").entries.empty());
}

TEST(LayerReader, Markers) {
  const LayerIndex index = index_of(tar().whiteout("etc/motd").opaque("usr/lib").opaque("").whiteout("a").bytes());
  ASSERT_EQ(index.entries.size(), 4u);
  EXPECT_EQ(index.entries[0].path, "etc/motd");
  EXPECT_TRUE(index.entries[0].whiteout);
  EXPECT_EQ(index.entries[1].path, "usr/lib");
  EXPECT_TRUE(index.entries[1].opaque);
  EXPECT_FALSE(index.entries[1].whiteout);
  EXPECT_EQ(index.entries[2].path, "");
  EXPECT_TRUE(index.entries[2].opaque);
  EXPECT_EQ(index.entries[3].path, "a");
}

TEST(LayerReader, MarkersThatMeanNothing) {
  for (const std::string name : {".wh.", "d/.wh.", ".wh..", ".wh..."}) {
    EXPECT_NE(error_of_layer(tar().file(name)).find(name + ": is a whiteout of no name"), std::string::npos)
        << error_of_layer(tar().file(name));
  }
  EXPECT_NE(error_of_layer(tar().file("a/.wh.b/c")).find("a/.wh.b/c: lies below a whiteout marker"), std::string::npos);
}

// is_safe_path speaks of whole segments; the raw block keeps our writer from cleaning the name.
TEST(LayerReader, PathsThatLeaveTheRoot) {
  for (const std::string name : {"../a", "a/../../b", "a/..", "..", "/../a", "./../a"}) {
    const std::string error = error_of_layer(tar().raw(RawBlock{.name = name}.bytes()));
    EXPECT_TRUE(error.starts_with("input: reading a layer: ")) << error;
    EXPECT_NE(error.find("leads out of the image's root"), std::string::npos) << name << ": " << error;
  }
  EXPECT_NE(error_of_layer(tar().file("a").hardlink("b", "../../etc/passwd")).find("b: is a hardlink to ../../etc/passwd, which leads out"),
            std::string::npos);
  EXPECT_EQ(index_of(tar().raw(RawBlock{.name = "/etc/..motd"}.bytes()).bytes()).entries.at(0).path, "etc/..motd");
}

TEST(LayerReader, TheRootIsADirectory) {
  EXPECT_NE(error_of_layer(tar().raw(RawBlock{.name = "./", .type = '2', .link = "/etc"}.bytes())).find("/: is not a directory"),
            std::string::npos);
}

TEST(LayerReader, EntriesBelowAFileOfTheSameLayer) {
  EXPECT_NE(error_of_layer(tar().file("a").file("a/b")).find("a/b: lies below a, which the same layer makes a file"), std::string::npos);
  EXPECT_NE(error_of_layer(tar().file("a/b/c").file("a")).find("a/b/c: lies below a"), std::string::npos);
  EXPECT_EQ(error_of_layer(tar().file("a").dir("a").file("a/b")), "");
  EXPECT_EQ(error_of_layer(tar().symlink("a", "c").file("a/b")), "");
}

TEST(LayerReader, DuplicatesKeepTheirLastForm) {
  const LayerIndex index = index_of(tar()
                                        .file("etc/passwd", "old")
                                        .file("etc/group", "x")
                                        .dir("d", 0700)
                                        .file("etc/passwd", "new")
                                        .symlink("etc/group", "g")
                                        .dir("d", 0711)
                                        .bytes());
  ASSERT_EQ(index.entries.size(), 3u);
  EXPECT_EQ(index.captured.at("etc/passwd"), "new");
  EXPECT_FALSE(index.captured.contains("etc/group"));
  EXPECT_EQ(index.entries[1].type, tar::Type::symlink);
  EXPECT_EQ(index.entries[2].mode, 0711u);
  // The first is small enough to be captured, the last is not: then nothing is.
  const LayerIndex grown =
      index_of(tar().file("etc/apt/sources.list", "deb x\n").file("etc/apt/sources.list", std::string((1u << 20) + 1, '#')).bytes());
  EXPECT_EQ(grown.entries.at(0).size, (1u << 20) + 1);
  EXPECT_FALSE(grown.captured.contains("etc/apt/sources.list"));
}

TEST(LayerReader, HardlinkBetweenTwoForms) {
  EXPECT_NE(error_of_layer(tar().file("a", "1").hardlink("b", "a").file("a", "2"))
                .find("b: is a hardlink to a, which the same layer writes again later"),
            std::string::npos);
  EXPECT_EQ(error_of_layer(tar().file("a", "1").file("a", "2").hardlink("b", "a")), "");
}

TEST(LayerReader, Limits) {
  EXPECT_TRUE(error_of_layer(tar().file("a").file("b").file("c"), {.entries = 2}).starts_with("input: "));
  EXPECT_EQ(error_of_layer(tar().file("a").file("b"), {.entries = 2}), "");
  const TarBuilder status =
      tar().file("var/lib/dpkg/status", std::string(2000, 's')).file("var/lib/dpkg/info/a.list", std::string(2000, 'l'));
  EXPECT_EQ(error_of_layer(status, {.captured_file = 2000}), "");
  EXPECT_NE(error_of_layer(status, {.captured_file = 1999}).find("var/lib/dpkg/status: 2.0 kB is more than"), std::string::npos)
      << error_of_layer(status, {.captured_file = 1999});
  EXPECT_NE(error_of_layer(status, {.captured_total = 3999}).find("var/lib/dpkg/info/a.list"), std::string::npos);
}

// Thousands of long names compress to nothing.
TEST(LayerReader, WordsOfMembersAreBounded) {
  const std::string name(100, 'n'), problem = "the names in this layer take more than 250 B";
  EXPECT_EQ(error_of_layer(tar().file(name + "1").file(name + "2"), {.described = 250}), "");
  EXPECT_NE(error_of_layer(tar().file(name + "1").file(name + "2").file(name + "3"), {.described = 250}).find(problem), std::string::npos);
  EXPECT_NE(error_of_layer(tar().whiteout(name + "1").whiteout(name + "2").whiteout(name + "3"), {.described = 250}).find(problem), std::string::npos);
  EXPECT_NE(error_of_layer(tar().symlink("a", name).symlink("b", name).symlink("c", name), {.described = 250}).find(problem), std::string::npos);
  tar::Header header;
  header.path = "x";
  header.xattrs["user.a"] = std::string(300, 'v');
  EXPECT_NE(error_of_layer(tar().add(header), {.described = 250}).find(problem), std::string::npos);
}

TEST(LayerReader, DamageIsAnError) {
  const std::string bytes = tar().file("a", std::string(3000, 'x')).bytes();
  EXPECT_TRUE(error_of([&] { index_of(std::string_view(bytes).substr(0, 2000)); }).starts_with("input: reading a layer: "));
  std::string broken = bytes;
  broken[5] = 'X';  // the header's checksum does not match any more
  EXPECT_TRUE(error_of([&] { index_of(broken); }).starts_with("input: reading a layer: "));
}

}  // namespace
}  // namespace resole::test
