// SPDX-License-Identifier: Apache-2.0
// Compiled feeds and matching; and the feeds that lie outside of the project, all of them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <random>
#include <set>

#include "advisory/feed/matching.hpp"
#include "advisory/feed_reading.hpp"
#include "advisory/shared_data.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::advisory::feed {
namespace RESOLE_TEST_FILE {

pkg::InstalledPackage installed(std::string name, std::string version, std::string arch, std::string source = {}, std::string source_version = {}) {
  pkg::InstalledPackage package;
  package.name = std::move(name);
  package.version = version;
  package.arch = std::move(arch);
  package.source = {source.empty() ? package.name : std::move(source), source_version.empty() ? std::move(version) : std::move(source_version)};
  return package;
}

pkg::Inventory inventory_of(std::string id, std::string version, std::vector<pkg::InstalledPackage> packages, std::string codename = {}) {
  pkg::Inventory inventory;
  inventory.os.id = std::move(id);
  inventory.os.version_id = std::move(version);
  inventory.os.codename = std::move(codename);
  inventory.packages = std::move(packages);
  return inventory;
}

TEST(FeedMatching, SourcesAreComparedWithSources) {
  const Index tracker = test::index_of_text(R"({"util-linux": {"CVE-2022-1": {"releases": {"bookworm": {"status": "resolved", "fixed_version": "2.37.2-4.1", "urgency": "low"}}},
    "CVE-2022-2": {"releases": {"bookworm": {"status": "resolved", "fixed_version": "2.37.2-4", "urgency": "low"}}},
    "CVE-2022-3": {"releases": {"bookworm": {"status": "resolved", "fixed_version": "0", "urgency": "low"}}},
    "CVE-2022-4": {"releases": {"bookworm": {"status": "open", "urgency": "low", "nodsa_reason": "ignored"}}}}})");
  const auto inventory = inventory_of("debian", "12", {installed("bsdutils", "1:2.37.2-4", "amd64", "util-linux", "2.37.2-4"), installed("mount", "2.37.2-4", "amd64", "util-linux")}, "bookworm");
  const auto findings = match_feeds({{"debian", tracker}}, inventory);
  ASSERT_EQ(findings.size(), 4u);
  EXPECT_EQ(findings[0].package, "bsdutils");
  EXPECT_EQ(findings[0].id, "CVE-2022-1");
  EXPECT_EQ(findings[0].installed, "1:2.37.2-4");
  EXPECT_EQ(findings[0].fixed, "2.37.2-4.1");
  EXPECT_EQ(findings[0].fix_of, FixOf::source);
  EXPECT_EQ(findings[0].origin, "debian");
  EXPECT_EQ(findings[1].id, "CVE-2022-4");
  EXPECT_EQ(findings[1].status, Status::will_not_fix);
  EXPECT_EQ(findings[1].status_word, "ignored");
  EXPECT_TRUE(covers(tracker, inventory.os));
  EXPECT_FALSE(covers(tracker, inventory_of("debian", "13", {}, "trixie").os));
}

TEST(FeedMatching, RpmBinariesModulesAndArchitectures) {
  IndexBuilder builder;
  const auto add = [&](std::string package, std::string id, std::string fixed, std::string arch = {}, std::string module = {}) {
    builder.add(Record{.scope = "almalinux:9", .order = Order::rpm, .source = false, .package = std::move(package), .arch = std::move(arch), .module = std::move(module), .id = std::move(id), .advisory = "ALSA-1",
                       .status = Status::fixed, .introduced = {}, .fixed = std::move(fixed), .last = {}, .severity = Severity::high, .word = {}});
  };
  add("openssl-libs", "CVE-1", "1:3.0.7-27.el9", "x86_64");
  add("openssl-libs", "CVE-1", "1:3.0.7-27.el9", "aarch64");
  add("openssl-libs", "CVE-1", "1:3.0.7-25.el9", "x86_64");
  add("openssl-libs", "CVE-2", "1:3.0.7-27.el9", "s390x");
  add("nodejs", "CVE-3", "1:18.20.2-1.module_el9.4.0+1", "", "");
  add("nodejs", "CVE-4", "1:20.20.2-1.module_el9.4.0+1", "", "");
  add("openssl-libs", "CVE-5", "3:9.0-1.ksplice1.el9");
  const Index index(Blob::of(builder.finish()));
  const auto findings = match_feeds({{"alma", index}}, inventory_of("almalinux", "9.4", {installed("nodejs", "1:18.1.0-1.module_el9.4.0+0", "x86_64"), installed("openssl-libs", "1:3.0.7-20.el9", "x86_64")}));
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_EQ(findings[0].id, "CVE-3");
  EXPECT_EQ(findings[1].id, "CVE-1");
  EXPECT_EQ(findings[1].fixed, "1:3.0.7-27.el9") << "the highest of several";
  EXPECT_EQ(findings[1].fix_of, FixOf::binary);
}

TEST(FeedMatching, AttributesOfWhateverFoundIt) {
  const Index epss = test::index_of_text("cve,epss,percentile\nCVE-1,0.25,0.9\n"), kev = test::index_of_text(R"({"catalogVersion": "1", "vulnerabilities": [{"cveID": "CVE-1"}]})");
  std::vector<Finding> findings(2);
  findings[0].id = "CVE-1";
  findings[1].id = "CVE-2";
  add_attributes(findings, {{"epss", epss}, {"kev", kev}});
  EXPECT_DOUBLE_EQ(findings[0].epss, 0.25);
  EXPECT_TRUE(findings[0].known_exploited);
  EXPECT_LT(findings[1].epss, 0);
  EXPECT_FALSE(findings[1].known_exploited);
}

std::string small_index() {
  IndexBuilder builder;
  for (int i = 0; i < 20; ++i) {
    builder.add(Record{.scope = i % 2 ? "debian:12" : "debian:13", .order = Order::deb, .source = i % 3 == 0, .package = "p" + std::to_string(i % 5), .arch = {}, .module = {}, .id = "CVE-" + std::to_string(i), .advisory = {},
                       .status = Status::fixed, .introduced = {}, .fixed = "2", .last = {}, .severity = Severity::low, .word = {}});
    builder.add(Attribute{"CVE-" + std::to_string(i), 0.5, i == 3});
  }
  return builder.finish();
}

TEST(FeedIndex, TheSameFactsGiveTheSameBytes) { EXPECT_EQ(small_index(), small_index()); }

void use_all(const std::string& bytes) {
  const Index index(Blob::of(bytes));
  const auto inventory = inventory_of("debian", "12", {installed("p0", "1", "amd64"), installed("p1", "1", "amd64"), installed("p3", "1", "amd64")});
  match_feeds({{"x", index}}, inventory);
  index.scopes();
  index.date();
}

TEST(FeedIndex, NothingInItIsBelieved) {
  const std::string whole = small_index();
  use_all(whole);
  for (std::size_t size = 0; size < whole.size(); size += 7) EXPECT_THROW(use_all(whole.substr(0, size)), Error) << size;
  std::mt19937 random(1);
  int refused = 0;
  for (int i = 0; i < 8'000; ++i) {
    std::string bytes = whole;
    for (int change = 0; change < 3; ++change) bytes[random() % bytes.size()] = static_cast<char>(random());
    try {
      use_all(bytes);
    } catch (const Error& error) {
      ASSERT_EQ(error.kind(), ErrorKind::input);
      ++refused;
    }
  }
  EXPECT_GT(refused, 500);
}

// ---- real feeds

std::vector<pkg::InstalledPackage> packages_of_status(const std::string& text) {
  std::vector<pkg::InstalledPackage> packages;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = text.find("\n\n", begin);
    if (end == std::string::npos) end = text.size();
    std::map<std::string, std::string> fields;
    for (const std::string_view line : lines(std::string_view(text).substr(begin, end - begin))) {
      const std::size_t colon = line.find(": ");
      if (!line.starts_with(' ') && colon != std::string_view::npos) fields[std::string(line.substr(0, colon))] = line.substr(colon + 2);
    }
    begin = end + 2;
    if (!fields["Status"].ends_with(" installed")) continue;
    std::string source = fields["Source"], version;
    if (const std::size_t open = source.find(" ("); open != std::string::npos) {
      version = source.substr(open + 2, source.size() - open - 3);
      source.resize(open);
    }
    packages.push_back(installed(fields["Package"], fields["Version"], fields["Architecture"], source, version));
  }
  return packages;
}

TEST(RealFeeds, TheDerivedTrackerGivesTheListedOpenSet) {
  const auto folder = test::shared_data("feeds/debian");
  if (folder.empty() || !std::filesystem::exists(folder / "status-12.11.gz")) GTEST_SKIP() << "feeds/debian is not below $RESOLE_SHARED_DATA";
  const auto inventory = inventory_of("debian", "12", packages_of_status(test::read_plain_or_gzip(folder / "status-12.11.gz")), "bookworm");
  ASSERT_GT(inventory.packages.size(), 800u);
  const Index index = test::index_of_text(test::read_plain_or_gzip(folder / "tracker-bookworm.derived-from-changelogs.json.gz"), "tracker");
  std::set<std::string> wanted, got;
  const std::string table = test::read_plain_or_gzip(folder / "expected-open-cves.status-12.11.tsv");
  for (const std::string_view line : lines(table)) {
    if (line.starts_with("CVE-")) wanted.emplace(line);
  }
  for (const Finding& each : match_feeds({{"tracker", index}}, inventory))
    got.insert(fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}", each.id, each.source, each.source_version, each.fixed, each.package, each.arch, each.installed));
  EXPECT_EQ(wanted.size(), 4650u);
  EXPECT_EQ(got, wanted);
}

std::string outcome_of(const std::filesystem::path& path) {
  const std::string name = path.filename();
  std::ifstream file(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  test::KeptRecords kept;
  std::set<std::string> formats;
  try {
    archive::for_each_document(bytes, name, [&](std::string_view document, Source& content) { formats.emplace(read_document(content, {.name = document, .os = {}, .out = kept})); });
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input) << path;
    return std::string("refused: ") + error.what();
  }
  EXPECT_EQ(formats.size(), 1u) << path;
  return fmt::format("{} {}", *formats.begin(), kept.records.size() + kept.attributes.size());
}

// What each must come to: the format, or a word of the reason.
std::string wanted_of(const std::string& path) {
  static const std::pair<const char*, const char*> kWanted[] = {
      {"almalinux/errata.json", "errata"}, {"almalinux/osv-", "osv"}, {"alpine/APKINDEX", "refused"}, {"alpine/secdb-", "secdb"}, {"amazon/updateinfo", "updateinfo"}, {"amazon/repomd.xml", "files"},
      {"amazon/ALAS", "another tool"}, {"amazon/mirrors", "no advisory feed"}, {"azurelinux/", "oval"}, {"bitnami/BIT", "osv"}, {"bitnami/vunnel", "no advisory feed"}, {"debian/DLA-list", "raw list"}, {"debian/DSA-list", "raw list"},
      {"debian/InRelease", "release file"}, {"debian/Packages", "package index"}, {"debian/apt-oracle", "no advisory feed"}, {"debian/changelog", "no advisory feed"},
      {"debian/expected", "no advisory feed"}, {"debian/security_tracker.format", "no advisory feed"}, {"debian/status", "package index"}, {"debian/tracker", "debian-tracker"},
      {"debian/vuln-list-debian/", "refused"}, {"eol/", "no advisory feed"}, {"exploit/example-1", "epss"}, {"exploit/invalid-header", "line 2"}, {"exploit/missing-date", "epss"},
      {"exploit/single-entry", "kev"}, {"exploit/valid-catalog", "kev"}, {"exploit/valid-eol", "releases and their support"}, {"oracle/oval.sample", "is cut: it names the test"}, {"photon/", "oval"},
      {"redhat/ansible", "oval"},
      // Of Quarkus, whose packages are Java's, and of OpenShift, whose package is in none of RHEL's own repositories.
      {"redhat/csaf-rhsa-2024-2705", "csaf 0"}, {"redhat/vex-cve-2024-24786-simple", "csaf 0"}, {"redhat/csaf-", "csaf "}, {"redhat/vex-", "csaf "}, {"redhat/inventory", "no advisory feed"}, {"rocky/updateinfo", "updateinfo"}, {"rocky/repomd", "files"},
      {"rpm-md/dnf5-repo1/updateinfo", "updateinfo"}, {"rpm-md/updateinfo", "updateinfo"}, {"rpm-md/dnf5-repo1/repomd", "files"}, {"rpm-md/dnf5-repo1/", "package index"}, {"suse/cvrf", "CVRF"},
      {"suse/sles-oval.truncated", "is cut: it names the test"}, {"suse/updateinfo", "updateinfo"}, {"ubuntu/osv", "osv"}, {"ubuntu/vex", "OpenVEX"}, {"wolfi/advisories/", "source of a secdb"},
      {"wolfi/chainguard-osv-all", "without their content"}, {"wolfi/chainguard-osv-CGA", "osv"}, {"wolfi/", "secdb"}, {"INDEX", "no advisory feed"},
  };
  for (const auto& [beginning, outcome] : kWanted) {
    if (path.starts_with(beginning)) return outcome;
  }
  return {};
}

TEST(RealFeeds, EveryFileIsReadOrRefusedByName) {
  const auto folder = test::shared_data("feeds");
  if (folder.empty() || !std::filesystem::exists(folder)) GTEST_SKIP() << "feeds are not below $RESOLE_SHARED_DATA";
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    ++files;
    const std::string path = std::filesystem::relative(entry.path(), folder), wanted = wanted_of(path), outcome = outcome_of(entry.path());
    EXPECT_NE(outcome.find(wanted), std::string::npos) << path << ": " << outcome;
    if (wanted == "csaf ") { EXPECT_NE(outcome, "csaf 0") << path; }
    if (outcome.starts_with("refused")) {
      EXPECT_NE(outcome.find(entry.path().filename().string()), std::string::npos) << path << ": " << outcome;
    }
    if (std::getenv("RESOLE_TEST_SHOW") != nullptr) printf("%s\t%s\n", path.c_str(), outcome.substr(0, 160).c_str());
  }
  EXPECT_GT(files, 50u);
}

}  // namespace RESOLE_TEST_FILE
}  // namespace resole::advisory::feed
