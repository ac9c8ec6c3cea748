// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "rootfs/trees.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

class Resolve : public testing::Test {
 protected:
  // "path", "path (missing)", "path (missing, no parent)"
  std::string resolved(std::string_view path, bool follow_last = true) const {
    const rootfs::Resolved found = tree_.resolve(path, follow_last);
    if (found.node != nullptr) {
      EXPECT_EQ(found.node, tree_.find(found.path));
      EXPECT_TRUE(found.parent_exists);
      return found.path;
    }
    return found.path + (found.parent_exists ? " (missing)" : " (missing, no parent)");
  }

  rootfs::Tree tree_ = tree_of({TarBuilder()
                                    .dir("usr/lib")
                                    .file("usr/lib/libc.so", "x")
                                    .symlink("lib", "usr/lib")
                                    .symlink("abs", "/usr")
                                    .symlink("up", "../../../usr/./lib//")
                                    .symlink("usr/lib/back", "../../abs/lib/libc.so")
                                    .symlink("usr/dangling", "gone/f")
                                    .symlink("usr/lock", "/run/lock")
                                    .dir("run")
                                    .symlink("a", "b")
                                    .symlink("b", "a")
                                    .symlink("self", "self/x")
                                    .file("file", "y")});
};

TEST_F(Resolve, WithoutLinks) {
  EXPECT_EQ(resolved(""), "");
  EXPECT_EQ(resolved("/"), "");
  EXPECT_EQ(resolved("usr/lib/libc.so"), "usr/lib/libc.so");
  EXPECT_EQ(resolved("//usr/./lib/"), "usr/lib");
  EXPECT_EQ(resolved("usr/lib/new"), "usr/lib/new (missing)");
  EXPECT_EQ(resolved("usr/none/new"), "usr/none/new (missing, no parent)");
  EXPECT_EQ(resolved("file/new"), "file/new (missing, no parent)");
}

TEST_F(Resolve, FollowsLinksInsideTheRoot) {
  EXPECT_EQ(resolved("lib/libc.so"), "usr/lib/libc.so");
  EXPECT_EQ(resolved("abs/lib/libc.so"), "usr/lib/libc.so");
  EXPECT_EQ(resolved("up/libc.so"), "usr/lib/libc.so");
  EXPECT_EQ(resolved("lib/back"), "usr/lib/libc.so");
  EXPECT_EQ(resolved("lib/new"), "usr/lib/new (missing)");
}

TEST_F(Resolve, LastComponentOnlyWhenAsked) {
  EXPECT_EQ(resolved("lib", false), "lib");
  EXPECT_EQ(resolved("lib/back", false), "usr/lib/back");
  EXPECT_EQ(resolved("a", false), "a");
}

TEST_F(Resolve, DanglingLinksGiveWhereTheyPoint) {
  EXPECT_EQ(resolved("usr/dangling"), "usr/gone/f (missing, no parent)");
  EXPECT_EQ(resolved("usr/lock"), "run/lock (missing)");
  EXPECT_EQ(resolved("usr/lock/x"), "run/lock/x (missing, no parent)");
}

TEST_F(Resolve, DotDotStopsAtTheRoot) {
  EXPECT_EQ(resolved("../../usr/../../usr/lib"), "usr/lib");
  EXPECT_EQ(resolved("lib/../lib"), "usr/lib");  // of the link's target, as the kernel does
  EXPECT_EQ(resolved("none/deep/.."), "none (missing)");
  EXPECT_EQ(resolved("none/deep/er/.."), "none/deep (missing, no parent)");
}

TEST_F(Resolve, CirclesAreErrors) {
  EXPECT_EQ(error_of([&] { resolved("a"); }), "input: a: too many symbolic links");
  EXPECT_EQ(error_of([&] { resolved("self"); }), "input: self: too many symbolic links");
  EXPECT_EQ(error_of([&] { resolved("b/x", false); }), "input: b/x: too many symbolic links");
}

TEST(ResolveChains, FortyLinksAreFollowedAndNoMore) {
  TarBuilder tar;
  tar.file("f0", "x");
  for (int i = 1; i <= 41; ++i) tar.symlink(fmt::format("f{}", i), fmt::format("f{}", i - 1));
  const rootfs::Tree tree = tree_of({tar});
  EXPECT_EQ(tree.resolve("f40", true).path, "f0");
  EXPECT_EQ(error_of([&] { tree.resolve("f41", true); }), "input: f41: too many symbolic links");
}

}  // namespace
}  // namespace resole::test
