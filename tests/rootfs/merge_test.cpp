// SPDX-License-Identifier: Apache-2.0
// Merge semantics, one case per rule (image-spec layer.md).
#include <gtest/gtest.h>

#include "rootfs/merge_cases.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

class Merge : public testing::TestWithParam<MergeCase> {};

TEST_P(Merge, GivesWhatUnpackersSee) { EXPECT_EQ(text_of(lines_of(tree_of(GetParam().layers))), text_of(GetParam().expected)); }

INSTANTIATE_TEST_SUITE_P(Rules, Merge, testing::ValuesIn(merge_cases()), [](const auto& instance) { return instance.param.name; });

TEST(MergedTree, AttributesOfAllTypes) {
  tar::Header file = header("f", tar::Type::file, 04755, 12, 34);
  file.xattrs = {{"security.capability", "cap"}, {"security.selinux", "label"}, {"trusted.overlay.opaque", "y"}, {"user.note", "n"}};
  file.size = 1;
  tar::Header device = header("c", tar::Type::character, 0600);
  device.major = 1;
  device.minor = 3;
  const auto tree = tree_of({tar().add(file, "x").add(device).add(header("p", tar::Type::fifo, 0640))});
  EXPECT_EQ(text_of(lines_of(tree)), "c 600 0:0 c 1:3\nf 4755 12:34 f \"x\" security.capability=cap user.note=n\np 640 0:0 p\n");
  EXPECT_EQ(tree.find("f")->entry.mtime, 1700000000);
  EXPECT_EQ(tree.find("f")->entry.size, 1u);
}

TEST(MergedTree, NodesTellTheirLayerAndWhetherTheyAreListed) {
  const auto tree =
      tree_of({tar().dir("d").file("d/1", "1").file("i/1", "1"), tar().file("d/2", "2"), tar().dir("i").hardlink("i/2", "d/1")});
  EXPECT_EQ(tree.find("d")->layer, 0u);
  EXPECT_EQ(tree.find("d/2")->layer, 1u);
  EXPECT_EQ(tree.find("i")->layer, 2u);
  EXPECT_EQ(tree.find("i/2")->layer, 2u);
  EXPECT_FALSE(tree.find("d")->implicit);
  EXPECT_FALSE(tree.find("i")->implicit);
  EXPECT_TRUE(tree_of({tar().file("i/1", "1")}).find("i")->implicit);
  EXPECT_TRUE(tree.find("")->implicit);
  EXPECT_FALSE(tree_of({tar().add(directory_header(""))}).find("")->implicit);
}

TEST(MergedTree, LinkSetsAndChildren) {
  const auto tree = tree_of({tar().file("d/b", "x").hardlink("d/a", "d/b").file("d/c", "y").hardlink("z", "d/b")});
  EXPECT_EQ(tree.link_set("d/b"), (std::vector<std::string>{"d/a", "d/b", "z"}));
  EXPECT_EQ(tree.find("z")->link_set, tree.find("d/a")->link_set);
  EXPECT_EQ(tree.find("d/c")->link_set, 0u);
  EXPECT_EQ(tree.link_set("d/c"), (std::vector<std::string>{"d/c"}));
  EXPECT_EQ(tree.link_set("nothing"), std::vector<std::string>());
  EXPECT_EQ(tree.children("d"), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(tree.children(""), (std::vector<std::string>{"d", "z"}));
  EXPECT_EQ(tree.children("z"), std::vector<std::string>());
}

TEST(MergedTree, WithOneMoreLayer) {
  const auto below = tree_of({tar().file("a", "old").file("b", "old")});
  const auto tree = below.with(shared_index_of(tar().whiteout("a").file("c", "new")));
  EXPECT_EQ(text_of(lines_of(tree)), "f 644 0:0 b \"old\"\nf 644 0:0 c \"new\"\n");
  EXPECT_EQ(tree.layers().size(), 2u);
  EXPECT_NE(below.find("a"), nullptr);
}

TEST(MergedTree, ContentOfCapturedFiles) {
  const auto tree = tree_of({
      tar()
          .file("var/lib/dpkg/status", "old")
          .file("usr/lib/os-release", "x")
          .symlink("etc/os-release", "../usr/lib/os-release")
          .file("home/f", "y"),
      tar().file("var/lib/dpkg/status", "new").hardlink("copy", "usr/lib/os-release"),
  });
  EXPECT_EQ(tree.content("var/lib/dpkg/status"), "new");
  EXPECT_EQ(tree.content("/etc/os-release"), "x");
  EXPECT_EQ(tree.content("copy"), "x");
  EXPECT_EQ(tree.content("home/f"), std::nullopt);
  EXPECT_EQ(tree.content("home"), std::nullopt);
  EXPECT_EQ(tree.content("none"), std::nullopt);
}

TEST(MergedTree, ContentBelowSymlinkedParent) {
  const auto tree = tree_of({tar().dir("usr/lib/apk/db").symlink("lib", "usr/lib"), tar().file("lib/apk/db/installed", "x")});
  EXPECT_EQ(tree.content("usr/lib/apk/db/installed"), "x");
  EXPECT_EQ(tree.content("lib/apk/db/installed"), "x");
}

TEST(MergedTree, RefusesWhatNoUnpackerTakes) {
  const auto fails = [](std::vector<TarBuilder> layers) { return error_of([&] { tree_of(layers); }); };
  EXPECT_NE(fails({tar().hardlink("b", "a")}).find("b: is a hardlink to a, which is not there"), std::string::npos);
  EXPECT_NE(fails({tar().dir("a").hardlink("b", "a")}).find("b: is a hardlink to a, which is a directory"), std::string::npos);
  EXPECT_NE(fails({tar().file("a", "x"), tar().whiteout("a").hardlink("b", "a")}).find("input: merging layer sha256:"), std::string::npos);
  EXPECT_NE(fails({tar().symlink("a", "b").symlink("b", "a").file("a/f", "x")}).find("too many symbolic links"), std::string::npos);
  EXPECT_NE(fails({tar().file("f", "x").symlink("a", "f").file("a/g", "y")}).find("a/g: lies below f, which the same layer makes a file"),
            std::string::npos);
}

}  // namespace
}  // namespace resole::test
