// SPDX-License-Identifier: Apache-2.0
// Chiselled images: the manifest read, edited where it is safe, refused by name where it is not.
#include <gtest/gtest.h>

#include <algorithm>

#include "archive/compression.hpp"
#include "base/error.hpp"
#include "pkg/deb/inventory.hpp"
#include "pkg/deb/slices.hpp"
#include "pkg/deb/unscripted.hpp"
#include "pkg/deb/verify.hpp"
#include "pkg/deb_oracle.hpp"
#include "pkg/small_tree.hpp"
#include "support/deb_builder.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

std::string zstd_of(const std::string& text) {
  std::string out;
  StringSink sink(out);
  archive::Compressor compressor(archive::Compression::zstd, sink, 1);
  compressor.write(text);
  compressor.finish();
  return out;
}

// A wall of these lines, with a header that counts them.
std::string wall_of(std::vector<std::string> lines) {
  std::ranges::sort(lines);
  std::string text = "{\"jsonwall\":\"1.0\",\"schema\":\"1.0\",\"count\":" + std::to_string(lines.size() + 1) + "}\n";
  for (const std::string& line : lines) text += line + "\n";
  return zstd_of(text);
}

std::string text_of_wall(std::string_view compressed) {
  const auto source = archive::decompress(source_of(compressed));
  return read_all(*source, 1u << 20, "wall");
}

std::string file_line(const std::string& path, const std::string& slice, const std::string& content, const std::string& more = {}) {
  return "{\"kind\":\"path\",\"path\":\"" + path + "\",\"mode\":\"0644\",\"slices\":[\"" + slice + "\"],\"sha256\":\"" + sha256_hex_of(content) + "\"" + more +
         ",\"size\":" + std::to_string(content.size()) + "}";
}

const std::string kPackageLine = "{\"kind\":\"package\",\"name\":\"libz\",\"version\":\"1\",\"sha256\":\"" + std::string(64, 'a') + "\",\"arch\":\"amd64\"}";
const std::string kOtherLine = "{\"kind\":\"package\",\"name\":\"other\",\"version\":\"7\",\"sha256\":\"" + std::string(64, 'b') + "\",\"arch\":\"amd64\"}";
const std::string kSelfLine = R"({"kind":"path","path":"/var/lib/chisel/manifest.wall","mode":"0644","slices":["other_chisel"]})";

std::vector<std::string> usual_lines() {
  return {kPackageLine,
          kOtherLine,
          kSelfLine,
          R"({"kind":"slice","name":"libz_libs"})",
          R"({"kind":"content","slice":"libz_libs","path":"/usr/lib/libz.so.1.0"})",
          R"({"kind":"path","path":"/usr/lib/","mode":"0755","slices":["libz_libs"]})",
          R"({"kind":"path","path":"/usr/lib/libz.so.1","mode":"0777","slices":["libz_libs"],"link":"libz.so.1.0"})",
          file_line("/usr/lib/libz.so.1.0", "libz_libs", "old"),
          file_line("/usr/share/other", "other_data", "other")};
}

rootfs::Tree chiselled(const std::vector<std::string>& lines, std::map<std::string, std::string> more = {}) {
  more.insert({{"usr/lib/libz.so.1.0", "old"}, {"usr/lib/libz.so.1", "-> libz.so.1.0"}, {"usr/share/other", "other"}});
  more["var/lib/chisel/manifest.wall"] = wall_of(lines);
  return tree_of(more);
}

DebBuilder libz() {
  return DebBuilder("libz", "2")
      .field("Depends", "debconf (>= 1), other")
      .file("usr/lib/libz.so.1.0", "new content", 0755)
      .symlink("usr/lib/libz.so.1", "libz.so.1.0")
      .file("usr/lib/engines/extra.so", "not of the slices")
      .file("usr/share/doc/libz/copyright", "free")
      .control("postinst", "#!/bin/sh\nexit 1\n", 0755);
}

TEST(DebSlices, AreReadAsPackages) {
  const auto tree = chiselled(usual_lines(), {{"usr/share/other", "changed"}});
  ASSERT_TRUE(deb::has_database(tree));
  const pkg::Inventory inventory = deb::read_inventory(tree, {});
  ASSERT_EQ(inventory.packages.size(), 2u);
  EXPECT_EQ(inventory.arch, "amd64");
  EXPECT_TRUE(inventory.packages[0].sliced);
  EXPECT_EQ(inventory.packages[0].name, "libz");
  EXPECT_TRUE(inventory.packages[0].modified.empty());
  EXPECT_EQ(inventory.packages[1].modified, std::vector<std::string>{"/usr/share/other"});
  pkg::Package candidate;
  candidate.name = "libz";
  EXPECT_EQ(deb::unscripted_verdict(tree, candidate)->kind, pkg::VerdictKind::none);
}

TEST(DebSlices, OnlyTheirPathsAreWritten) {
  const auto tree = chiselled(usual_lines());
  const std::string deb = libz().build();
  MemoryCache cache;
  const auto result = upgrade_tree(tree, {deb}, cache);
  const rootfs::Tree after = apply(tree, result);
  EXPECT_EQ(after.find("usr/lib/libz.so.1.0")->entry.sha256, sha256_of("new content"));
  EXPECT_EQ(after.find("usr/lib/libz.so.1.0")->entry.mode, 0644u) << "as the image was cut";
  EXPECT_EQ(after.find("usr/lib/engines"), nullptr);
  EXPECT_EQ(after.find("usr/share/doc"), nullptr);
  EXPECT_EQ(after.find("var/lib/dpkg"), nullptr);
  const std::string text = text_of_wall(*after.content("var/lib/chisel/manifest.wall"));
  std::vector<std::string> expected = usual_lines();
  expected[0] = "{\"kind\":\"package\",\"name\":\"libz\",\"version\":\"2\",\"sha256\":\"" + sha256_hex_of(deb) + "\",\"arch\":\"amd64\"}";
  expected[7] = file_line("/usr/lib/libz.so.1.0", "libz_libs", "new content");
  EXPECT_EQ(text, text_of_wall(wall_of(expected)));
  const pkg::Inventory inventory = deb::read_inventory(after, {});
  EXPECT_EQ(inventory.packages[0].version, "2");
  EXPECT_TRUE(inventory.packages[0].modified.empty());
  EXPECT_TRUE(deb::verify(after, inventory).empty());
  MemoryCache again;
  EXPECT_TRUE(differences(after, apply(after, upgrade_tree(after, {deb}, again))).empty()) << "idempotent";
}

TEST(DebSlices, WhatIsNotSafeIsRefusedByName) {
  const auto message = [](const rootfs::Tree& tree, const std::string& deb) {
    MemoryCache cache;
    try {
      upgrade_tree(tree, {deb}, cache);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::refused) << error.what();
      EXPECT_NE(error.hint().find("--hold"), std::string::npos);
      return std::string(error.what());
    }
    return std::string();
  };
  std::vector<std::string> lines = usual_lines();
  EXPECT_EQ(message(chiselled(lines), DebBuilder("libz", "2").file("usr/lib/libz.so.1.1", "x").symlink("usr/lib/libz.so.1", "libz.so.1.1").build()),
            "libz 2 cannot be cut as the image's slices were: /usr/lib/libz.so.1.0 is not in it");
  EXPECT_NE(message(chiselled(lines), DebBuilder("libz", "2").file("usr/lib/libz.so.1.0", "x").file("usr/lib/libz.so.1", "x").build()).find("no symbolic link any more"),
            std::string::npos);
  EXPECT_NE(message(chiselled(lines), DebBuilder("brandnew", "1").file("usr/lib/new", "x").build()).find("brandnew 1 cannot be cut"), std::string::npos);
  lines[7] = file_line("/usr/lib/libz.so.1.0", "libz_libs", "package's", ",\"final_sha256\":\"" + sha256_hex_of("old") + "\"");
  EXPECT_NE(message(chiselled(lines), libz().build()).find("was changed by a script when the image was cut"), std::string::npos);
}

TEST(DebSlices, WhatAScriptChangedStaysWhereThePackageDidNot) {
  std::vector<std::string> lines = usual_lines();
  lines.push_back(file_line("/etc/list", "libz_libs", "raw", ",\"final_sha256\":\"" + sha256_hex_of("cooked") + "\""));
  const auto tree = chiselled(lines, {{"etc/list", "cooked"}});
  EXPECT_TRUE(deb::read_inventory(tree, {}).packages[0].modified.empty());
  MemoryCache cache;
  const rootfs::Tree after = apply(tree, upgrade_tree(tree, {libz().file("etc/list", "raw").build()}, cache));
  EXPECT_EQ(after.find("etc/list")->entry.sha256, sha256_of("cooked"));
  EXPECT_EQ(after.find("usr/lib/libz.so.1.0")->entry.sha256, sha256_of("new content"));
}

TEST(DebSlices, DamageIsAnError) {
  const auto problem = [](const std::string& bytes) {
    try {
      deb::parse_slices(bytes, "manifest.wall");
    } catch (const Error& error) {
      EXPECT_TRUE(error.kind() == ErrorKind::input || error.kind() == ErrorKind::unsupported);
      return std::string(error.what());
    }
    return std::string();
  };
  const std::string good = text_of_wall(wall_of(usual_lines()));
  EXPECT_EQ(problem(zstd_of(good)), "");
  EXPECT_NE(problem(zstd_of(good.substr(0, good.rfind('\n', good.size() - 2) + 1))).find("it is not whole"), std::string::npos);
  EXPECT_NE(problem(zstd_of(good.substr(0, good.size() - 9))).find("line 10"), std::string::npos);
  EXPECT_NE(problem(zstd_of("")).find("it is not whole"), std::string::npos);
  EXPECT_NE(problem(zstd_of("{\"jsonwall\":\"2.0\",\"count\":1}\n")).find("known is 1.x"), std::string::npos);
  EXPECT_NE(problem("not zstd"), "");
  EXPECT_NE(problem(zstd_of(std::string(1000, '['))), "");
  for (const char* path : {"/../etc", "relative", "/a//b", ""}) {
    const std::string line = std::string(R"({"kind":"path","path":")") + path + R"(","mode":"0644","slices":[]})";
    EXPECT_NE(problem(wall_of({line})).find("is no absolute path"), std::string::npos) << path;
  }
  EXPECT_NE(problem(wall_of({kSelfLine, kSelfLine})).find("twice"), std::string::npos);
}

}  // namespace
}  // namespace resole::test
