// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/version.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdlib>
#include <string>

#include "base/text.hpp"
#include "pkg/shared_data.hpp"

namespace resole::deb {
namespace RESOLE_TEST_FILE {

int sign(int value) { return value < 0 ? -1 : value > 0 ? 1 : 0; }
int order_of(std::string_view op) { return op == "<" ? -1 : op == ">" ? 1 : 0; }

// Rows "a <TAB> op <TAB> b"; returns how many there were.
std::size_t check_vectors(const std::string& table) {
  std::size_t rows = 0;
  for (std::string_view line : lines(table)) {
    const auto columns = split(line, '\t');
    if (line.starts_with('#') || columns.size() != 3) continue;
    ++rows;
    EXPECT_EQ(sign(compare_versions(columns[0], columns[2])), order_of(columns[1])) << line;
    EXPECT_EQ(sign(compare_versions(columns[2], columns[0])), -order_of(columns[1])) << line;
  }
  return rows;
}

TEST(DebVersion, EpochThenUpstreamThenRevision) {
  EXPECT_LT(compare_versions("9:1-1", "10:0-1"), 0);
  EXPECT_LT(compare_versions("1.9", "1.10"), 0);
  EXPECT_LT(compare_versions("1.0-9", "1.0-10"), 0);
  EXPECT_EQ(compare_versions("1.0", "0:1.0-0"), 0);
  EXPECT_LT(compare_versions("1.0-0~", "1.0"), 0);
}

TEST(DebVersion, TildeBeforeEndBeforeLettersBeforeOthers) {
  EXPECT_LT(compare_versions("1~~", "1~"), 0);
  EXPECT_LT(compare_versions("1~rc1", "1"), 0);
  EXPECT_LT(compare_versions("1", "1a"), 0);
  EXPECT_LT(compare_versions("1a", "1+"), 0);
  EXPECT_LT(compare_versions("7.88.1-10+deb12u8", "7.88.1-10+deb12u15"), 0);
}

TEST(DebVersion, DigitRunsOfAnyLength) {
  EXPECT_LT(compare_versions("99999999999999999999", "100000000000000000000"), 0);
  EXPECT_LT(compare_versions("0~git20230101120000123456789-1", "0~git20230101120000123456790-1"), 0);
  EXPECT_EQ(compare_versions("1.000000000000000000000000001", "1.1"), 0);
}

TEST(DebVersion, Parts) {
  const VersionParts parts = split_version("1:2.3-4-5+b1");
  EXPECT_EQ(parts.epoch, "1");
  EXPECT_EQ(parts.upstream, "2.3-4");
  EXPECT_EQ(parts.revision, "5+b1");
  EXPECT_EQ(upstream_part("2:15.12-0+deb12u2"), "15.12");
  EXPECT_EQ(upstream_part("20230311+deb12u1"), "20230311+deb12u1");
}

TEST(DebVersion, Satisfies) {
  EXPECT_TRUE(satisfies("2.36-9", pkg::Operator::greater_equal, "2.36"));
  EXPECT_FALSE(satisfies("2.36", pkg::Operator::greater, "2.36-0"));
  EXPECT_TRUE(satisfies("2.36", pkg::Operator::equal, "2.36-0"));
  EXPECT_TRUE(satisfies("2.35", pkg::Operator::less, "2.36"));
  EXPECT_TRUE(satisfies("2.36", pkg::Operator::less_equal, "2.36"));
  EXPECT_TRUE(satisfies("anything", pkg::Operator::any, ""));
}

TEST(DebVersion, Syntax) {
  for (const char* good : {"1", "1:2.3-4", "0~", "1:1:1-1", "20230101", "1.0-1+b2"}) EXPECT_TRUE(is_version(good)) << good;
  for (const char* bad : {"", "a1", ":1", "1:", "1-", "1 2", "1:a", "1/2", "1:1-1/2", "99999999999:1", "-1"})
    EXPECT_FALSE(is_version(bad)) << bad;
}

TEST(DebVersion, AgreesWithRecordedVectors) {
  SHARED_DATA_OR_SKIP(crafted, "versions/deb.tsv");
  EXPECT_GT(check_vectors(crafted), 80u);
  SHARED_DATA_OR_SKIP(chains, "versions/deb-osv-chains.tsv");
  EXPECT_GT(check_vectors(chains), 7'000u);
}

std::string random_version() {
  const auto letters = rc::gen::elementOf(std::string("0123459a~Z+.-:"));
  return *rc::gen::container<std::string>(letters);
}

RC_GTEST_PROP(DebVersionOrder, IsAntisymmetricAndTransitive, ()) {
  const std::string a = random_version(), b = random_version(), c = random_version();
  RC_ASSERT(sign(compare_versions(a, b)) == -sign(compare_versions(b, a)));
  RC_ASSERT(compare_versions(a, a) == 0);
  if (compare_versions(a, b) <= 0 && compare_versions(b, c) <= 0) RC_ASSERT(compare_versions(a, c) <= 0);
}

// What dpkg itself says of versions that it accepts without a word.
TEST(DebVersion, AgreesWithDpkg) {
  if (std::system("dpkg --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "dpkg is not on this machine";
  const char* versions[] = {"1",       "1.0", "1.0-0", "1.0-1", "1:0",    "0~",    "1~a",        "1.0+b1", "1.0-1+b1",
                            "1.0-1~x", "1a",  "1.a",   "10.0",  "2.0-10", "2.0-9", "00:1.00-01", "1.0.",   "1.0~~1"};
  std::string script;
  for (const char* a : versions) {
    for (const char* b : versions) {
      script += std::string("dpkg --compare-versions '") + a + "' lt '" + b + "'; test $? -eq " + (compare_versions(a, b) < 0 ? "0" : "1") +
                " || exit 9; ";
    }
  }
  EXPECT_EQ(std::system(script.c_str()), 0);
}

}  // namespace
}  // namespace resole::deb
