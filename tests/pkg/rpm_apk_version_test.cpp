// SPDX-License-Identifier: Apache-2.0
// The orders of rpm and apk, and what all three orders have in common: they are total, and what a family calls invalid is never equal to anything else.
#include <dlfcn.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <random>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "pkg/apk/version.hpp"
#include "pkg/deb/version.hpp"
#include "pkg/rpm/version.hpp"
#include "pkg/shared_data.hpp"

namespace resole::pkg {
namespace RESOLE_TEST_FILE {

using Compare = int (*)(std::string_view, std::string_view);

int sign(int value) { return value < 0 ? -1 : value > 0 ? 1 : 0; }

// Rows "a <TAB> op <TAB> b"; returns how many there were.
std::size_t check_rows(const std::string& table, Compare compare) {
  std::size_t rows = 0;
  for (std::string_view line : lines(table)) {
    const auto columns = split(line, '\t');
    if (line.starts_with('#') || columns.size() != 3) continue;
    ++rows;
    const int wanted = columns[1] == "<" ? -1 : columns[1] == ">" ? 1 : 0;
    if (compare == apk::compare_versions && wanted == 0 && !apk::is_version(columns[0]) && !apk::is_version(columns[2]) && columns[0] != columns[2]) {
      EXPECT_NE(compare(columns[0], columns[2]), 0) << line;  // apk gives up here and says "equal"
      continue;
    }
    EXPECT_EQ(sign(compare(columns[0], columns[2])), wanted) << line;
    EXPECT_EQ(sign(compare(columns[2], columns[0])), -wanted) << line;
  }
  return rows;
}

TEST(RpmVersion, Vectors) {
  SHARED_DATA_OR_SKIP(parts, "versions/rpm.tsv");
  EXPECT_GT(check_rows(parts, rpm::compare_parts), 2'000u);
  SHARED_DATA_OR_SKIP(whole, "versions/rpm-evr.tsv");
  EXPECT_GT(check_rows(whole, rpm::compare_versions), 10u);
  SHARED_DATA_OR_SKIP(osv, "versions/rpm-osv.tsv");
  EXPECT_GT(check_rows(osv, rpm::compare_versions), 50u);
}

TEST(RpmVersion, TildeAndCaret) {
  const char* in_order[] = {"1.0~~", "1.0~rc1", "1.0", "1.0^", "1.0^git1", "1.0a", "1.0.1", "1.1", "1:0"};
  for (std::size_t i = 0; i < std::size(in_order); ++i) {
    for (std::size_t j = 0; j < std::size(in_order); ++j)
      EXPECT_EQ(sign(rpm::compare_versions(in_order[i], in_order[j])), sign(static_cast<int>(i) - static_cast<int>(j))) << in_order[i] << " " << in_order[j];
  }
}

TEST(RpmVersion, NumbersOfAnyLengthAndMissingParts) {
  EXPECT_LT(rpm::compare_versions("99999999999999999999-1", "100000000000000000000-1"), 0);
  EXPECT_EQ(rpm::compare_versions("0:1.0-1", "1.0-1"), 0);
  EXPECT_EQ(rpm::compare_versions("1.0-1", "1_0-1"), 0);  // rpm says so
  EXPECT_LT(rpm::compare_versions("1.0", "1.0-1"), 0);
  EXPECT_TRUE(rpm::reaches("2.6.7-3.azl3", "2.6.7"));
  EXPECT_FALSE(rpm::reaches("2.6.7-3.azl3", "2.6.7-4"));
  EXPECT_TRUE(rpm::reaches("2.6.7-3.azl3", "2.6.7-3"));
  EXPECT_FALSE(rpm::reaches("2.6.7-3", "1:1.0"));
}

TEST(RpmVersion, NamesInOneWord) {
  const auto nevra = rpm::split_nevra("openssl-libs-1:3.0.7-27.el9.x86_64");
  ASSERT_TRUE(nevra);
  EXPECT_EQ(nevra->name, "openssl-libs");
  EXPECT_EQ(nevra->evr, "1:3.0.7-27.el9");
  EXPECT_EQ(nevra->arch, "x86_64");
  EXPECT_EQ(rpm::split_nevra("a-1-1.el9")->arch, "");
  EXPECT_EQ(rpm::split_nevra("a-1-1.el9")->evr, "1-1.el9");
  for (const char* no : {"", "a", "a-1", "-1-1", "a-"}) EXPECT_FALSE(rpm::split_nevra(no)) << no;
}

TEST(ApkVersion, Vectors) {
  SHARED_DATA_OR_SKIP(crafted, "versions/apk.tsv");
  EXPECT_GT(check_rows(crafted, apk::compare_versions), 300u);
  SHARED_DATA_OR_SKIP(chains, "versions/apk-osv-chains.tsv");
  EXPECT_GT(check_rows(chains, apk::compare_versions), 6'000u);
  SHARED_DATA_OR_SKIP(invalid, "versions/apk-legacy-invalid.tsv");
  EXPECT_GT(check_rows(invalid, apk::compare_versions), 20u);
}

TEST(ApkVersion, Operators) {
  SHARED_DATA_OR_SKIP(table, "versions/apk-fuzzy.tsv");
  std::size_t rows = 0;
  for (std::string_view line : lines(table)) {
    const auto columns = split(line, '\t');
    if (line.starts_with('#') || columns.size() != 3) continue;
    ++rows;
    const bool inverted = columns[1].starts_with('!');
    EXPECT_EQ(apk::satisfies(columns[0], columns[1].substr(inverted ? 1 : 0), columns[2]), !inverted) << line;
  }
  EXPECT_GT(rows, 5u);
}

TEST(ApkVersion, Validity) {
  SHARED_DATA_OR_SKIP(table, "versions/apk-valid.tsv");
  std::size_t rows = 0;
  for (std::string_view line : lines(table)) {
    const auto columns = split(line, '\t');
    if (line.starts_with('#') || columns.size() != 2) continue;
    ++rows;
    EXPECT_EQ(apk::is_version(columns[0]), columns[1] == "valid") << line;
  }
  EXPECT_GT(rows, 10u);
}

TEST(ApkVersion, WhatApkDoesNotKnowIsStillOrdered) {
  EXPECT_LT(apk::compare_versions("6.6.2p1-r0", "6.6.2p2-r0"), 0);
  EXPECT_LT(apk::compare_versions("6.6.2p9-r0", "6.6.2p10-r0"), 0);
  EXPECT_NE(apk::compare_versions("1.0+a", "1.0+b"), 0);
  EXPECT_EQ(apk::compare_versions("1.0+a", "1.0+a"), 0);
}

struct Order {
  const char* name;
  Compare compare;
  bool (*valid)(std::string_view);  // nullptr: nothing is invalid
};
const Order kOrders[] = {{"deb", deb::compare_versions, deb::is_version}, {"rpm", rpm::compare_versions, nullptr}, {"apk", apk::compare_versions, apk::is_version}};

std::string random_version(std::mt19937& random) {
  static constexpr const char* kParts[] = {"0",  "1", "9", "00", "10", ".",   "-",  "-r",    "~",      "^",   "+",
                                           "_", ":", "a", "rc", "_rc", "_p", "alpha", "_alpha", "el9", "\xc3\xa9"};
  std::string out;
  for (std::size_t count = random() % 7; count > 0; --count) out += kParts[random() % std::size(kParts)];
  return out;
}

TEST(VersionOrders, AreTotal) {
  std::mt19937 random(3);
  for (int i = 0; i < 60'000; ++i) {
    const std::string a = random_version(random), b = random_version(random), c = random_version(random);
    for (const Order& order : kOrders) {
      const int ab = sign(order.compare(a, b)), bc = sign(order.compare(b, c)), ac = sign(order.compare(a, c));
      const std::string what = fmt::format("{} '{}' '{}' '{}'", order.name, a, b, c);
      ASSERT_EQ(order.compare(a, a), 0) << what;
      ASSERT_EQ(sign(order.compare(b, a)), -ab) << what;
      if (ab <= 0 && bc <= 0) {
        ASSERT_EQ(ac, ab < 0 || bc < 0 ? -1 : 0) << what;
      }
    }
  }
}

TEST(VersionOrders, TakeNothingInvalidForEqual) {
  std::mt19937 random(5);
  int invalid = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string a = random_version(random);
    for (const std::string& b : {a + "-", a + "0", "0" + a, a + ".0", a + "~", ":" + a, "0:" + a, random_version(random)}) {
      for (const Order& order : kOrders) {
        if (order.valid == nullptr || (order.valid(a) && order.valid(b)) || a == b) continue;
        ++invalid;
        ASSERT_NE(order.compare(a, b), 0) << order.name << " '" << a << "' '" << b << "'";
      }
    }
  }
  EXPECT_GT(invalid, 100'000);
}

// ---- the programs themselves, on random pairs of real indexes

std::string unpacked(const std::string& name) {
  const char* directory = std::getenv("RESOLE_SHARED_DATA");
  std::string out;
  if (directory == nullptr) return out;
  gzFile file = gzopen((std::string(directory) + "/" + name).c_str(), "rb");
  char buffer[1 << 16];
  for (int got = 0; file != nullptr && (got = gzread(file, buffer, sizeof buffer)) > 0;) out.append(buffer, static_cast<std::size_t>(got));
  if (file != nullptr) gzclose(file);
  return out;
}

std::string program_output(const std::string& command) {
  std::string out;
  FILE* pipe = popen(command.c_str(), "r");
  char buffer[4096];
  for (std::size_t got = 0; pipe != nullptr && (got = fread(buffer, 1, sizeof buffer, pipe)) > 0;) out.append(buffer, got);
  if (pipe != nullptr) pclose(pipe);
  return out;
}

TEST(DebVersionOracle, RandomPairsOfARealIndex) {
  const std::string index = unpacked("feeds/debian/Packages.bookworm-security.main.amd64.gz");
  if (index.empty()) GTEST_SKIP() << "feeds/debian/Packages.bookworm-security.main.amd64.gz is not below $RESOLE_SHARED_DATA";
  if (std::system("dpkg --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "dpkg is not on this machine";
  std::vector<std::string> versions;
  for (std::string_view line : lines(index)) {
    if (line.starts_with("Version: ")) versions.emplace_back(line.substr(9));
  }
  ASSERT_GT(versions.size(), 1000u);
  std::mt19937 random(7);
  std::vector<std::pair<std::string, std::string>> pairs;
  std::string script;
  for (int i = 0; i < 100; ++i) {
    const std::size_t at = random() % versions.size();
    const std::string& a = versions[at];
    const std::string& b = i % 2 == 0 ? versions[random() % versions.size()] : versions[std::min(at + 1 + random() % 3, versions.size() - 1)];
    pairs.emplace_back(a, b);
    script += fmt::format("dpkg --compare-versions '{0}' lt '{1}' && printf '<' || {{ dpkg --compare-versions '{0}' eq '{1}' && printf '=' || printf '>'; }}\n", a, b);
  }
  const std::string said = program_output(script);
  ASSERT_EQ(said.size(), pairs.size());
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const int wanted = said[i] == '<' ? -1 : said[i] == '>' ? 1 : 0;
    EXPECT_EQ(sign(deb::compare_versions(pairs[i].first, pairs[i].second)), wanted) << pairs[i].first << " " << pairs[i].second;
  }
}

// librpm's own comparison, where the library is on this machine (rpm 4.16 and newer).
TEST(RpmVersionOracle, RandomPairsOfARealFeed) {
  const std::string feed = unpacked("feeds/almalinux/osv-almalinux9-ALSA.jsonl.gz");
  if (feed.empty()) GTEST_SKIP() << "feeds/almalinux/osv-almalinux9-ALSA.jsonl.gz is not below $RESOLE_SHARED_DATA";
  void* library = dlopen("librpmio.so.9", RTLD_NOW);
  if (library == nullptr) GTEST_SKIP() << "librpmio is not on this machine";
  const auto parse = reinterpret_cast<void* (*)(const char*)>(dlsym(library, "rpmverParse"));
  const auto compare = reinterpret_cast<int (*)(void*, void*)>(dlsym(library, "rpmverCmp"));
  const auto release = reinterpret_cast<void* (*)(void*)>(dlsym(library, "rpmverFree"));
  if (parse == nullptr || compare == nullptr || release == nullptr) GTEST_SKIP() << "librpmio is too old";
  std::vector<std::string> versions;
  constexpr std::string_view kKey = "{\"fixed\":\"";
  for (std::size_t at = feed.find(kKey); at != std::string::npos; at = feed.find(kKey, at + 1)) {
    const std::size_t begin = at + kKey.size();
    versions.push_back(feed.substr(begin, feed.find('"', begin) - begin));
  }
  ASSERT_GT(versions.size(), 10'000u);
  std::mt19937 random(11);
  for (int i = 0; i < 20'000; ++i) {
    const std::size_t at = random() % versions.size();
    const std::string& a = versions[at];
    const std::string& b = i % 2 == 0 ? versions[random() % versions.size()] : versions[std::min(at + 1 + random() % 40, versions.size() - 1)];
    void *left = parse(a.c_str()), *right = parse(b.c_str());
    ASSERT_TRUE(left != nullptr && right != nullptr) << a << " " << b;
    ASSERT_EQ(sign(rpm::compare_versions(a, b)), sign(compare(left, right))) << a << " " << b;
    release(left);
    release(right);
  }
}

}  // namespace RESOLE_TEST_FILE
}  // namespace resole::pkg
