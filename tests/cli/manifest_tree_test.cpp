// SPDX-License-Identifier: Apache-2.0
#include "cli/manifest_tree.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/error.hpp"
#include "io/files.hpp"

namespace resole::cli {
namespace RESOLE_TEST_FILE {

namespace fs = std::filesystem;

class ManifestTree : public testing::Test {
 protected:
  void put(const std::string& path, const std::string& text) {
    fs::create_directories((root() / path).parent_path());
    std::ofstream(root() / path, std::ios::binary) << text;
  }
  std::string text(const std::string& path) const {
    std::ostringstream out;
    out << std::ifstream(root() / path, std::ios::binary).rdbuf();
    return out.str();
  }
  fs::path root() const { return folder_.path() / "tree"; }

  io::TemporaryDirectory folder_;
};

TEST_F(ManifestTree, WhatChangedMeanwhileStopsAll) {
  put("a.yaml", "a");
  put("b.yaml", "somebody else's");
  EXPECT_THROW(write_manifests(root(), {{"a.yaml", "a", "A"}, {"b.yaml", "b", "B"}}), Error);
  EXPECT_EQ(text("a.yaml"), "a");
  EXPECT_EQ(text("b.yaml"), "somebody else's");
}

// The second file changes after both were checked, while the first is written: the first is put back.
TEST_F(ManifestTree, WhatWasWrittenBeforeAFailureIsPutBack) {
  put("a.yaml", "a");
  put("sub/b.yaml", "b");
  EXPECT_THROW(write_manifests(root(), {{"a.yaml", "a", "A"}, {"sub/b.yaml", "b", "B"}, {"sub/b.yaml", "b", "C"}}), Error);
  EXPECT_EQ(text("a.yaml"), "a");
  EXPECT_EQ(text("sub/b.yaml"), "b");
}

TEST_F(ManifestTree, ModesAreKeptAndReadOnlyFilesRefused) {
  put("a.yaml", "a");
  fs::permissions(root() / "a.yaml", fs::perms(0750));
  write_manifests(root(), {{"a.yaml", "a", "A"}});
  EXPECT_EQ(text("a.yaml"), "A");
  EXPECT_EQ(fs::status(root() / "a.yaml").permissions(), fs::perms(0750));
  fs::permissions(root() / "a.yaml", fs::perms(0440));
  EXPECT_THROW(write_manifests(root(), {{"a.yaml", "A", "B"}}), Error);
  EXPECT_EQ(text("a.yaml"), "A");
}

TEST_F(ManifestTree, NoLinkIsFollowed) {
  put("../outside/a.yaml", "a");
  put("b.yaml", "b");
  fs::create_directory_symlink(folder_.path() / "outside", root() / "link");
  fs::create_symlink(folder_.path() / "outside/a.yaml", root() / "direct.yaml");
  for (const char* path : {"link/a.yaml", "direct.yaml", "../outside/a.yaml"}) {
    EXPECT_THROW(write_manifests(root(), {{path, "a", "A"}}), Error) << path;
    EXPECT_THROW(read_manifest(root(), path), Error) << path;
  }
  EXPECT_EQ(text("../outside/a.yaml"), "a");
}

}  // namespace
}  // namespace resole::cli
