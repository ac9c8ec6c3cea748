// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/release.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/shared_data.hpp"
#include "pkg/signature.hpp"

namespace resole::deb {
namespace RESOLE_TEST_FILE {

const std::string kFiles =
    "SHA256:\n " + std::string(64, 'a') + " 12 main/binary-amd64/Packages.gz\n " + std::string(64, 'b') + " 3 ../../etc/passwd\n";

TEST(DebRelease, Fields) {
  const ReleaseFile release = parse_release(
      "Origin: Debian Backports\nLabel: L\nSuite: stable-backports\nCodename: bookworm-backports\nVersion: 12\nDate: Sat, 07 Jun 2025 "
      "08:45:58 UTC\n"
      "Valid-Until: Sat, 14 Jun 2025 08:45:58 UTC\nNotAutomatic: yes\nButAutomaticUpgrades: yes\nAcquire-By-Hash: yes\nArchitectures: all "
      "amd64\n"
      "Components: main contrib\n" +
          kFiles,
      "x");
  EXPECT_EQ(release.origin, "Debian Backports");
  EXPECT_EQ(format_time(release.date), "2025-06-07T08:45:58Z");
  EXPECT_EQ(format_time(release.valid_until), "2025-06-14T08:45:58Z");
  EXPECT_TRUE(release.acquire_by_hash);
  EXPECT_EQ(release.default_priority(), 100);
  EXPECT_FALSE(release.all_in_architectures);
  ASSERT_EQ(release.files.size(), 1u);  // what leaves the archive is no file of it
  EXPECT_EQ(release.files.begin()->second.size, 12u);
  EXPECT_EQ(parse_release("NotAutomatic: yes\n" + kFiles, "x").default_priority(), 1);
  EXPECT_EQ(parse_release(kFiles, "x").default_priority(), 500);
  EXPECT_TRUE(parse_release("Architectures: all amd64\nNo-Support-for-Architecture-all: Packages\n" + kFiles, "x").all_in_architectures);
}

TEST(DebRelease, WeakOrBrokenIsRefused) {
  try {
    parse_release("MD5Sum:\n abc 1 x\nSHA1:\n abc 1 x\n", "InRelease");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::verification);
    EXPECT_NE(error.message().find("weaker hashes are refused"), std::string::npos);
  }
  EXPECT_THROW(parse_release("SHA256:\n abc 1 x\n", "x"), Error);
  EXPECT_THROW(parse_release("SHA256:\n " + std::string(64, 'a') + " -1 x\n", "x"), Error);
  EXPECT_THROW(parse_release("Date: yesterday\n" + kFiles, "x"), Error);
}

std::string freshness_problem(std::int64_t date, std::int64_t valid_until, Freshness freshness) {
  ReleaseFile release;
  release.date = date;
  release.valid_until = valid_until;
  try {
    require_fresh(release, freshness, "x");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::verification);
    EXPECT_FALSE(error.hint().empty());
    return error.message();
  }
  return "";
}

TEST(DebRelease, Freshness) {
  constexpr std::int64_t day = 86400, now = 20'000 * day;
  EXPECT_EQ(freshness_problem(now - day, now + day, {.now = now}), "");
  EXPECT_EQ(freshness_problem(now - day, 0, {.now = now}), "");
  EXPECT_EQ(freshness_problem(now - 8 * day, now - day, {.now = now}), "x: expired on 2024-10-03T00:00:00Z");
  EXPECT_EQ(freshness_problem(now - 8 * day, now - day, {.now = now, .max_age = 30 * day}), "");
  EXPECT_NE(freshness_problem(now - 8 * day, now + day, {.now = now, .max_age = 7 * day}), "");
  EXPECT_NE(freshness_problem(0, 0, {.now = now, .max_age = 7 * day}), "");
  EXPECT_EQ(freshness_problem(now + 3600, 0, {.now = now}), "");
  EXPECT_NE(freshness_problem(now + day, 0, {.now = now}), "");
  EXPECT_NE(freshness_problem(now - 2 * day, 0, {.now = now, .newest_seen = now - day}).find("has been seen already"), std::string::npos);
  EXPECT_EQ(freshness_problem(now - day, 0, {.now = now, .newest_seen = now - day}), "");
  EXPECT_EQ(freshness_problem(now - 2 * day, 0, {.now = now, .max_age = 7 * day, .newest_seen = now - day}), "");
}

TEST(DebRelease, SuiteOrCodename) {
  ReleaseFile release;
  EXPECT_TRUE(is_release(release, "anything"));
  release.suite = "oldstable";
  release.codename = "bookworm";
  for (const char* good : {"oldstable", "bookworm", "bookworm/updates", "./", ""}) EXPECT_TRUE(is_release(release, good)) << good;
  for (const char* bad : {"trixie", "stable", "bookworm-security"}) EXPECT_FALSE(is_release(release, bad)) << bad;
}

TEST(DebRelease, RealOnes) {
  SHARED_DATA_OR_SKIP(main, "feeds/debian/InRelease.bookworm");
  SHARED_DATA_OR_SKIP(security, "feeds/debian/InRelease.bookworm-security");
  const ReleaseFile release = parse_release(pkg::text_of_clearsigned(main, "x"), "x");
  EXPECT_EQ(release.codename, "bookworm");
  EXPECT_EQ(release.valid_until, 0);
  EXPECT_TRUE(release.all_in_architectures);
  EXPECT_TRUE(release.files.contains("main/binary-amd64/Packages.gz"));
  const ReleaseFile other = parse_release(pkg::text_of_clearsigned(security, "x"), "x");
  EXPECT_EQ(other.label, "Debian-Security");
  EXPECT_EQ(other.valid_until - other.date, 7 * 86400);
}

}  // namespace
}  // namespace resole::deb
