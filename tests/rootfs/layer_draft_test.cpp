// SPDX-License-Identifier: Apache-2.0
// What a draft writes, member by member.
#include <gtest/gtest.h>

#include "rootfs/trees.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

using rootfs::LayerDraft;
using rootfs::LayerIndex;
using rootfs::Tree;

constexpr std::int64_t kMarkerTime = 1'600'000'000;

struct Written {
  std::string tar;
  LayerIndex index;
};

Written write(const LayerDraft& draft, const Tree& below, bool finish = true) {
  Written out;
  StringSink sink(out.tar);
  out.index = draft.write(below, kMarkerTime, sink, finish);
  return out;
}

// "path type mode owner mtime [-> link] [content]" of every member, as another reader of the tar finds it.
std::vector<std::string> members(const std::string& bytes) {
  std::vector<std::string> lines;
  for (const auto& [header, content] : read_tar(bytes)) {
    static constexpr std::string_view kLetters = "fhlcbdp";
    std::string line = fmt::format("{} {} {:o} {}:{} {}", kLetters[static_cast<std::size_t>(header.type)], header.path, header.mode,
                                   header.uid, header.gid, header.mtime);
    if (!header.link.empty()) line += " -> " + header.link;
    if (!content.empty()) line += " " + content;
    lines.push_back(std::move(line));
  }
  return lines;
}

std::vector<std::string> written(const LayerDraft& draft, const Tree& below) { return members(write(draft, below).tar); }

using Lines = std::vector<std::string>;

TEST(LayerDraft, WholeChainOfParentsWithTheirAttributes) {
  tar::Header root_home = header("root", tar::Type::directory, 0700, 0, 7);
  root_home.mtime = 1234;
  root_home.xattrs = {{"user.note", "n"}};
  const Tree below = tree_of({tar().add(root_home).dir("root/a", 01777)});
  LayerDraft draft;
  draft.put(directory_header("root/a/b", 0711));
  draft.put(file_header("root/a/b/c"), Blob::of("x"));
  const Written out = write(draft, below);
  EXPECT_EQ(members(out.tar), (Lines{"d root 700 0:7 1234", "d root/a 1777 0:0 1700000000", "d root/a/b 711 0:0 1700000000",
                                     "f root/a/b/c 644 0:0 1700000000 x"}));
  EXPECT_EQ(read_tar(out.tar).front().first.xattrs, root_home.xattrs);
}

TEST(LayerDraft, ParentsThatNoLayerLists) {
  LayerDraft draft;
  draft.put(file_header("a/new"), Blob::of("x"));
  EXPECT_EQ(written(draft, tree_of({tar().file("a/old", "x")})),
            (Lines{fmt::format("d a 755 0:0 {}", kMarkerTime), "f a/new 644 0:0 1700000000 x"}));
}

TEST(LayerDraft, WhiteoutsComeFirstAndOnlyForWhatIsThere) {
  const Tree below = tree_of({tar().dir("d", 0750).file("d/a", "x").file("d/b", "x").dir("d/e").file("d/e/f", "x")});
  LayerDraft draft;
  for (const char* path : {"d/b", "d/none", "none/f", "d/e", "d/e/f", "d/a/below"}) draft.remove(path);
  draft.put(file_header("d/0"), Blob::of("y"));
  EXPECT_EQ(written(draft, below), (Lines{fmt::format("f d/.wh.b 0 0:0 {}", kMarkerTime), fmt::format("f d/.wh.e 0 0:0 {}", kMarkerTime),
                                          "d d 750 0:0 1700000000", "f d/0 644 0:0 1700000000 y"}));
}

TEST(LayerDraft, WhatIsEqualBelowIsLeftOut) {
  tar::Header same = file_header("same");
  same.mtime = 5;
  const Tree below = tree_of({tar()
                                  .file("same", "x")
                                  .file("mode", "x")
                                  .file("owner", "x")
                                  .file("content", "x")
                                  .symlink("link", "t")
                                  .file("xattr", "x")
                                  .dir("dir")});
  LayerDraft draft;
  draft.put(same, Blob::of("x"));
  draft.put(directory_header("dir"));
  draft.put(link_header("link", "t", tar::Type::symlink));
  EXPECT_EQ(written(draft, below), Lines{});
  draft.put(file_header("mode", 0755), Blob::of("x"));
  draft.put(header("owner", tar::Type::file, 0644, 1), Blob::of("x"));
  draft.put(file_header("content"), Blob::of("y"));
  draft.put(link_header("link", "u", tar::Type::symlink));
  tar::Header with_xattr = file_header("xattr");
  with_xattr.xattrs = {{"security.capability", "c"}};
  draft.put(with_xattr, Blob::of("x"));
  draft.put(directory_header("dir", 0700));
  EXPECT_EQ(written(draft, below), (Lines{"d dir 700 0:0 1700000000", "f content 644 0:0 1700000000 y", "l link 777 0:0 1700000000 -> u",
                                          "f mode 755 0:0 1700000000 x", "f owner 644 1:0 1700000000 x", "f xattr 644 0:0 1700000000 x"}));
}

TEST(LayerDraft, KeptDirectoriesAreWrittenThoughEqual) {
  const Tree below = tree_of({tar().dir("a", 0711).dir("a/b").dir("c")});
  LayerDraft draft;
  draft.put(directory_header("a/b"));
  draft.put(directory_header("c"));
  draft.keep("a/b");
  EXPECT_EQ(written(draft, below), (Lines{"d a 711 0:0 1700000000", "d a/b 755 0:0 1700000000"}));
}

TEST(LayerDraft, LinkSetsAreWholeAndPointToTheFirstName) {
  const Tree below = tree_of({tar().file("a", "x").hardlink("b", "a").file("d", "x")});
  LayerDraft draft;
  draft.put(file_header("b", 0600), Blob::of("x"));
  draft.put(link_header("c", "b", tar::Type::hardlink));
  draft.put(link_header("a", "c", tar::Type::hardlink));
  EXPECT_EQ(written(draft, below), (Lines{"f a 600 0:0 1700000000 x", "h b 600 0:0 1700000000 -> a", "h c 600 0:0 1700000000 -> a"}));
}

TEST(LayerDraft, EqualLinkSetsAreLeftOut) {
  const Tree below =
      tree_of({tar().file("a", "x").hardlink("b", "a").file("d", "x").file("s1", "y").hardlink("s2", "s1").hardlink("s3", "s1")});
  LayerDraft equal;
  equal.put(file_header("a"), Blob::of("x"));
  equal.put(link_header("b", "a", tar::Type::hardlink));
  EXPECT_EQ(written(equal, below), Lines{});

  LayerDraft one_more = equal;
  one_more.put(link_header("d", "a", tar::Type::hardlink));
  EXPECT_EQ(written(one_more, below).size(), 3u) << "equal contents, but one name was not linked";

  LayerDraft split;
  split.put(file_header("a"), Blob::of("x"));
  split.put(file_header("b"), Blob::of("x"));
  EXPECT_EQ(written(split, below), (Lines{"f a 644 0:0 1700000000 x", "f b 644 0:0 1700000000 x"})) << "equal, but linked below";

  LayerDraft one_less;
  one_less.put(file_header("s1"), Blob::of("y"));
  one_less.put(link_header("s2", "s1", tar::Type::hardlink));
  EXPECT_EQ(written(one_less, below).size(), 2u) << "s3 would stay linked";
  one_less.remove("s3");
  EXPECT_EQ(written(one_less, below), Lines{fmt::format("f .wh.s3 0 0:0 {}", kMarkerTime)}) << "and now it does not";
}

TEST(LayerDraft, NameOfALinkSetBecomesADirectory) {
  const Tree below = tree_of({tar().file("a", "x").hardlink("b", "a")});
  LayerDraft draft;
  draft.put(directory_header("a"));
  draft.put(file_header("b"), Blob::of("x"));
  EXPECT_EQ(written(draft, below), Lines{"d a 755 0:0 1700000000"});
}

TEST(LayerDraft, ChangesOfType) {
  const Tree below = tree_of({tar().dir("dir").file("dir/f", "x").file("file", "x").symlink("link", "dir")});
  LayerDraft draft;
  draft.put(file_header("dir"), Blob::of("y"));
  draft.remove("dir/f");
  draft.put(directory_header("file"));
  draft.put(file_header("file/f"), Blob::of("y"));
  draft.put(directory_header("link"));
  draft.put(file_header("link/f"), Blob::of("x"));
  EXPECT_EQ(written(draft, below), (Lines{"d file 755 0:0 1700000000", "d link 755 0:0 1700000000", "f dir 644 0:0 1700000000 y",
                                          "f file/f 644 0:0 1700000000 y", "f link/f 644 0:0 1700000000 x"}));
}

TEST(LayerDraft, RemovedDirectoryInWhichSomethingIsPut) {
  const Tree below = tree_of({tar().dir("d", 0750).file("d/a", "x").file("d/b", "x").dir("d/e").file("d/e/f", "x").file("d/e/g", "x")});
  LayerDraft draft;
  draft.put(file_header("d/b"), Blob::of("y"));
  draft.remove("d");
  draft.put(file_header("d/e/f"), Blob::of("x"));
  EXPECT_EQ(written(draft, below), (Lines{fmt::format("f d/.wh.a 0 0:0 {}", kMarkerTime), fmt::format("f d/e/.wh.g 0 0:0 {}", kMarkerTime),
                                          "d d 750 0:0 1700000000", "d d/e 755 0:0 1700000000", "f d/b 644 0:0 1700000000 y"}));
}

TEST(LayerDraft, LastWordOnAPathWins) {
  const Tree below = tree_of({tar().file("a", "x").file("b", "x")});
  LayerDraft draft;
  draft.remove("a");
  draft.put(file_header("a"), Blob::of("y"));
  draft.put(file_header("b"), Blob::of("y"));
  draft.remove("b");
  EXPECT_TRUE(draft.contains("a"));
  EXPECT_FALSE(draft.contains("b"));
  EXPECT_EQ(written(draft, below), (Lines{fmt::format("f .wh.b 0 0:0 {}", kMarkerTime), "f a 644 0:0 1700000000 y"}));
}

TEST(LayerDraft, ParentsMustBeDirectories) {
  const Tree below = tree_of({tar().dir("usr/lib").symlink("lib", "usr/lib").file("f", "x")});
  const auto error_with = [&](std::initializer_list<std::string> paths) {
    LayerDraft draft;
    for (const std::string& path : paths) draft.put(file_header(path), Blob::of("y"));
    return error_of([&] { write(draft, below); });
  };
  EXPECT_EQ(error_with({"lib/x"}), "input: /lib/x: would be written below /lib, which is not a directory");
  EXPECT_EQ(error_with({"f/x"}), "input: /f/x: would be written below /f, which is not a directory");
  EXPECT_EQ(error_with({"usr", "usr/lib/x"}), "input: /usr/lib/x: would be written below /usr, which is not a directory");
  EXPECT_EQ(error_with({"usr/lib/x"}), "");
}

TEST(LayerDraft, MissingParentsAreMade) {
  const Tree below = tree_of({tar().dir("var/lib", 0711)});
  LayerDraft draft;
  draft.put(file_header("var/lib/dpkg/info/x"), Blob::of("y"));
  EXPECT_EQ(written(draft, below),
            (Lines{fmt::format("d var 755 0:0 {}", kMarkerTime), "d var/lib 711 0:0 1700000000", fmt::format("d var/lib/dpkg 755 0:0 {}", kMarkerTime),
                   fmt::format("d var/lib/dpkg/info 755 0:0 {}", kMarkerTime), "f var/lib/dpkg/info/x 644 0:0 1700000000 y"}));
}

TEST(LayerDraft, HardlinksNeedTheirContentInTheDraft) {
  const auto error_with = [](std::string target, tar::Header other) {
    LayerDraft draft;
    draft.put(link_header("a", std::move(target), tar::Type::hardlink));
    draft.put(std::move(other));
    return error_of([&] { write(draft, tree_of({tar().file("below", "x")})); });
  };
  EXPECT_EQ(error_with("below", file_header("b")), "internal: a: is a hardlink to below, which the layer does not hold as a file");
  EXPECT_EQ(error_with("b", directory_header("b")), "internal: a: is a hardlink to b, which the layer does not hold as a file");
  EXPECT_TRUE(error_with("b", link_header("b", "a", tar::Type::hardlink)).starts_with("internal: a: is a hardlink to")) << "a circle";
}

TEST(LayerDraft, RefusesWhatALayerCannotSay) {
  const auto error_with = [](tar::Header bad) { return error_of([&] { LayerDraft().put(std::move(bad)); }); };
  for (const char* path : {".wh.a", "d/.wh.a", ".wh.d/a", "d/.wh..wh..opq"}) {
    EXPECT_EQ(error_with(file_header(path)), fmt::format("input: {}: has the name of a whiteout marker", path));
  }
  for (const char* path : {"../a", "a/../b", "/a", "./a", "a/", "a//b"}) {
    EXPECT_EQ(error_with(file_header(path)), fmt::format("input: {}: is not a clean path below the image's root", path));
  }
  EXPECT_TRUE(error_with(link_header("a", "../b", tar::Type::hardlink)).starts_with("input: ../b"));
  EXPECT_EQ(error_with(header("dev/x", tar::Type::character)), "input: dev/x: is the character device 0:0");
  EXPECT_EQ(error_with(file_header("")), "input: /: is not a directory");
  EXPECT_TRUE(error_of([] { LayerDraft().remove("../a"); }).starts_with("input: "));
  EXPECT_TRUE(error_of([] { LayerDraft().remove(""); }).starts_with("internal: "));
  EXPECT_TRUE(error_of([] { LayerDraft().put(directory_header("d"), Blob::of("x")); }).starts_with("internal: "));
}

TEST(LayerDraft, ForeignXattrsAreNotWritten) {
  tar::Header put = file_header("a");
  put.xattrs = {{"security.capability", "c"}, {"security.selinux", "s"}, {"trusted.overlay.origin", "o"}, {"user.empty", ""}};
  LayerDraft draft;
  draft.put(put, Blob::of("x"));
  const auto xattrs = read_tar(write(draft, tree_of({})).tar).front().first.xattrs;
  EXPECT_EQ(xattrs, (std::map<std::string, std::string>{{"security.capability", "c"}}));
}

TEST(LayerDraft, ReturnsTheIndexOfWhatItWrites) {
  LayerDraft draft;
  draft.put(directory_header("etc"));
  draft.put(file_header("etc/passwd"), Blob::of("root:x:0:0\n"));
  draft.put(directory_header("var"));
  draft.put(directory_header("var/lib"));
  draft.put(file_header("var/lib/f"), Blob::of("x"));
  draft.put(link_header("var/lib/g", "var/lib/f", tar::Type::hardlink));
  draft.remove("old");
  const Written out = write(draft, tree_of({tar().file("old", "x")}));
  const LayerIndex read = index_of(out.tar);
  EXPECT_EQ(out.index.entries, read.entries);
  EXPECT_EQ(out.index.captured, read.captured);
  EXPECT_EQ(out.index.diff_id, read.diff_id);
  EXPECT_EQ(read.captured.at("etc/passwd"), "root:x:0:0\n");
}

TEST(LayerDraft, SegmentsWithoutTheEnd) {
  LayerDraft draft;
  draft.put(file_header("a"), Blob::of("x"));
  const Written whole = write(draft, tree_of({})), segment = write(draft, tree_of({}), false);
  EXPECT_EQ(segment.tar + std::string(1024, '\0'), whole.tar);
  EXPECT_TRUE(segment.index.diff_id.empty());
  EXPECT_EQ(segment.index.entries, whole.index.entries);
}

TEST(LayerDraft, SameObject) {
  tar::Header file = header("f", tar::Type::file, 0644, 1, 2), device = header("c", tar::Type::character, 0600);
  file.size = 1;
  device.major = 1;
  const Tree tree = tree_of({tar().add(file, "x").add(device).symlink("l", "t")});
  const Sha256 x = sha256_of("x");
  EXPECT_TRUE(rootfs::same_object(*tree.find("f"), file, x));
  EXPECT_FALSE(rootfs::same_object(*tree.find("f"), file, sha256_of("y")));
  file.mtime = 0;
  EXPECT_TRUE(rootfs::same_object(*tree.find("f"), file, x));
  file.gid = 3;
  EXPECT_FALSE(rootfs::same_object(*tree.find("f"), file, x));
  device.minor = 1;
  EXPECT_FALSE(rootfs::same_object(*tree.find("c"), device, {}));
  tar::Header link = link_header("l", "t", tar::Type::symlink);
  link.mode = 0755;
  EXPECT_TRUE(rootfs::same_object(*tree.find("l"), link, {}));
  EXPECT_EQ(rootfs::header_of(*tree.find("f")).path, "f");
  EXPECT_EQ(rootfs::header_of(*tree.find("f")).gid, 2u);
}

}  // namespace
}  // namespace resole::test
