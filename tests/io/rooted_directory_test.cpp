// SPDX-License-Identifier: Apache-2.0
#include "io/rooted_directory.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "base/error.hpp"
#include "io/files.hpp"

namespace resole::io {
namespace RESOLE_TEST_FILE {

namespace fs = std::filesystem;

class Rooted : public testing::Test {
 protected:
  Rooted() : root_(make()) {}
  Path make() {
    fs::create_directories(scratch_.path() / "root/etc");
    std::ofstream(scratch_.path() / "root/etc/inside") << "inside";
    std::ofstream(scratch_.path() / "outside") << "outside";
    fs::create_symlink("/etc/inside", scratch_.path() / "root/absolute");
    fs::create_symlink("../outside", scratch_.path() / "root/up");
    fs::create_directory_symlink("etc", scratch_.path() / "root/link");
    return scratch_.path() / "root";
  }
  TemporaryDirectory scratch_;
  RootedDirectory root_;
};

TEST_F(Rooted, ExactPathsFollowNoLink) {
  EXPECT_TRUE(root_.open("etc/inside", O_RDONLY));
  EXPECT_TRUE(root_.open("", O_RDONLY));
  EXPECT_FALSE(root_.open("link/inside", O_RDONLY));
  EXPECT_EQ(errno, ELOOP);
  EXPECT_FALSE(root_.open("absolute", O_RDONLY));
  EXPECT_TRUE(root_.open("absolute", O_PATH | O_NOFOLLOW)) << "the link itself";
  EXPECT_FALSE(root_.open("../outside", O_RDONLY));
  EXPECT_FALSE(root_.open("/etc/passwd", O_RDONLY));
  EXPECT_FALSE(root_.open("etc/missing", O_RDONLY));
  EXPECT_EQ(errno, ENOENT);
  EXPECT_THROW(root_.place("link/made"), Error);
  EXPECT_EQ(root_.place("etc/made").name, "made");
}

TEST_F(Rooted, LinksAreFollowedInside) {
  EXPECT_EQ(root_.read("absolute", 100), "inside");
  EXPECT_EQ(root_.read("link/inside", 100), "inside");
  EXPECT_EQ(root_.read("/etc/../../../etc/inside", 100), "inside");
  EXPECT_FALSE(root_.read("up", 100)) << "above the root is the root, and there is no such file";
  EXPECT_FALSE(root_.read("etc", 100)) << "a directory";
  EXPECT_THROW(root_.read("etc/inside", 3), Error);
}

TEST_F(Rooted, FifosDoNotHang) {
  ASSERT_EQ(mkfifo((root_.path() / "fifo").c_str(), 0600), 0);
  EXPECT_FALSE(root_.read("fifo", 100));
}

TEST_F(Rooted, ListsInOrder) {
  std::ofstream(root_.path() / "etc/b") << "";
  std::ofstream(root_.path() / "etc/a") << "";
  EXPECT_EQ(root_.list("etc"), (std::vector<std::string>{"a", "b", "inside"}));
  fs::permissions(root_.path() / "etc", fs::perms::none);
  EXPECT_EQ(root_.list("etc").size(), 3u);
  EXPECT_THROW(root_.list("link"), Error);
}

TEST_F(Rooted, ClearsWhateverIsThere) {
  int at = open((root_.path() / "etc").c_str(), O_RDONLY | O_DIRECTORY);
  for (int depth = 0; depth < 2000; ++depth) {  // far deeper than a path, or a stack of open directories, can be
    ASSERT_EQ(mkdirat(at, "a-directory", 0700), 0);
    const int next = openat(at, "a-directory", O_RDONLY | O_DIRECTORY);
    ASSERT_GE(next, 0);
    close(openat(next, "file", O_WRONLY | O_CREAT, 0600));
    EXPECT_EQ(fchmod(at, 0), 0);
    close(at);
    at = next;
  }
  close(at);
  fs::create_directory(root_.path() / ".leaving-1");
  std::ofstream(root_.path() / ".leaving-1/x") << "";
  clear_directory(root_.descriptor());
  EXPECT_TRUE(fs::is_empty(root_.path()));
  EXPECT_TRUE(fs::exists(scratch_.path() / "outside")) << "links are removed, not followed";
}

}  // namespace
}  // namespace resole::io
