// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "advisory/finding.hpp"
#include "advisory/shared_data.hpp"
#include "base/error.hpp"

namespace resole::advisory {
namespace RESOLE_TEST_FILE {

constexpr std::string_view kSmall = R"json({
  "SchemaVersion": 2, "ArtifactName": "app:1.4", "ArtifactType": "container_image",
  "Metadata": {"OS": {"Family": "debian", "Name": "12.11"}, "ImageID": "sha256:aa", "DiffIDs": ["sha256:01", "sha256:02"],
               "RepoDigests": ["registry.example.org/app@sha256:bb"], "ImageConfig": {"architecture": "arm64"}},
  "Results": [
    {"Target": "app:1.4 (debian 12.11)", "Class": "os-pkgs", "Type": "debian",
     "Packages": [{"ID": "libcurl4@7.88.1-10", "Name": "libcurl4", "SrcName": "curl", "Arch": "arm64", "Identifier": {"UID": "77"}}],
     "Vulnerabilities": [
       {"VulnerabilityID": "CVE-2024-2398", "VendorIDs": ["DSA-5650-1"], "PkgName": "libcurl4", "PkgID": "libcurl4@7.88.1-10", "InstalledVersion": "7.88.1-10",
        "FixedVersion": "7.88.1-10+deb12u6", "Status": "fixed", "Severity": "HIGH", "Title": "curl: leak", "PrimaryURL": "https://advisories.example.org/1"},
       {"VulnerabilityID": "CVE-2011-3374", "PkgName": "apt", "InstalledVersion": "2.6.1", "Status": "affected", "Severity": "LOW",
        "PkgIdentifier": {"PURL": "pkg:deb/debian/apt@2.6.1?arch=arm64&distro=debian-12.11"}}]},
    {"Target": "Python", "Class": "lang-pkgs", "Type": "python-pkg",
     "Vulnerabilities": [{"VulnerabilityID": "CVE-1", "PkgName": "pip", "PkgPath": "usr/lib/python3/pip/METADATA", "InstalledVersion": "23", "FixedVersion": "24"}]}
  ]})json";

std::string failure_of(std::string_view text) {
  try {
    read_report(text, "report.json");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    return error.what();
  }
  return "";
}

TEST(TrivyReport, fields_are_read) {
  const Report report = read_report(kSmall, "report.json");
  EXPECT_EQ(report.format, "trivy");
  EXPECT_EQ(report.name, "report.json");
  EXPECT_EQ(report.sha256, Digest::of(kSmall));
  EXPECT_EQ(report.subject.name, "app:1.4");
  EXPECT_EQ(report.subject.os_family, "debian");
  EXPECT_EQ(report.subject.os_name, "12.11");
  EXPECT_EQ(report.subject.architecture, "arm64");
  EXPECT_EQ(report.subject.diff_ids, (std::vector<std::string>{"sha256:01", "sha256:02"}));
  EXPECT_EQ(report.subject.digests, std::vector<std::string>{"sha256:bb"});
  ASSERT_EQ(report.findings.size(), 3u);
  const Finding& curl = report.findings[0];
  EXPECT_EQ(curl.id, "CVE-2024-2398");
  EXPECT_EQ(curl.aliases, std::vector<std::string>{"DSA-5650-1"});
  EXPECT_EQ(curl.package, "libcurl4");
  EXPECT_EQ(curl.source, "curl") << "from Packages, by PkgID";
  EXPECT_EQ(curl.arch, "arm64");
  EXPECT_EQ(curl.fixed, "7.88.1-10+deb12u6");
  EXPECT_EQ(curl.severity, Severity::high);
  EXPECT_EQ(curl.status, Status::fixed);
  EXPECT_TRUE(curl.operating_system);
  const Finding& apt = report.findings[1];
  EXPECT_EQ(apt.status, Status::unfixed);
  EXPECT_EQ(apt.arch, "arm64") << "from the package URL";
  EXPECT_EQ(apt.source, "");
  EXPECT_FALSE(report.findings[2].operating_system);
  EXPECT_EQ(report.findings[2].target, "usr/lib/python3/pip/METADATA");
  EXPECT_EQ(report.findings[2].status, Status::fixed) << "older reports have no Status";
}

TEST(TrivyReport, other_shapes_are_read_or_refused_by_name) {
  const Report schema1 = read_report(R"json([{"Target": "app:1 (debian 10.8)", "Type": "debian", "Vulnerabilities": [
      {"VulnerabilityID": "CVE-1", "PkgName": "a", "InstalledVersion": "1", "FixedVersion": "2"}]}, {"Target": "x", "Type": "npm", "Vulnerabilities": null}])json", "report.json");
  EXPECT_EQ(schema1.subject.os_family + " " + schema1.subject.os_name, "debian 10.8");
  ASSERT_EQ(schema1.findings.size(), 1u);
  EXPECT_TRUE(schema1.findings[0].operating_system);
  const std::string resource = R"({"kind": "VulnerabilityReport", "report": {"artifact": {"repository": "app", "tag": "1", "digest": "sha256:aa"}, "os": {"family": "alpine", "name": "3.19"},
      "vulnerabilities": [{"vulnerabilityID": "CVE-1", "resource": "a", "installedVersion": "1", "fixedVersion": "2", "severity": "LOW"}]}})";
  for (const std::string& text : {resource, R"({"kind": "List", "items": [)" + resource + "]}"}) {
    const Report report = read_report(text, "report.json");
    EXPECT_EQ(report.subject.digests, std::vector<std::string>{"sha256:aa"});
    ASSERT_EQ(report.findings.size(), 1u);
    EXPECT_EQ(report.findings[0].fixed, "2");
  }
  EXPECT_NE(failure_of(R"({"items": [)" + resource + R"(, {"kind": "VulnerabilityReport", "report": {"artifact": {"repository": "other"}}}]})").find("about 2 images"), std::string::npos);
  EXPECT_NE(failure_of(R"({"ClusterName": "c", "Resources": []})").find("Kubernetes cluster"), std::string::npos);
  EXPECT_NE(failure_of(R"({"input": {"SchemaVersion": 2}})").find("wrapped"), std::string::npos);
  EXPECT_NE(failure_of(R"({"SchemaVersion": 3, "ArtifactName": "x"})").find("schema 3"), std::string::npos);
}

TEST(ReadReport, what_is_no_report_says_so) {
  EXPECT_NE(failure_of("  \n").find("report report.json is empty"), std::string::npos);
  EXPECT_NE(failure_of("\x1f\x8b\x08").find("compressed"), std::string::npos);
  EXPECT_NE(failure_of("{\"hello\": []}").find("none of the known formats"), std::string::npos);
  EXPECT_NE(failure_of("{\"SchemaVersion\": 2,").find("report report.json"), std::string::npos);
  EXPECT_NE(failure_of("{\"SchemaVersion\": 2, \"SchemaVersion\": 2}"), "") << "duplicate key";
}

TEST(ReadReport, a_wrong_type_is_found_by_its_place) {
  const std::string failure = failure_of(R"({"SchemaVersion": 2, "ArtifactName": "x", "Results": [{"Class": "os-pkgs", "Vulnerabilities": [
      {"VulnerabilityID": "CVE-2", "PkgName": 7}]}]})");
  EXPECT_NE(failure.find("report report.json: nothing of it can be read, 1 row of it cannot; the first: Results[0]: Vulnerabilities[0]: \"PkgName\" must be a string"), std::string::npos) << failure;
  EXPECT_NE(failure_of(R"({"SchemaVersion": 2, "ArtifactName": "x", "Results": 5})").find("\"Results\" must be a list"), std::string::npos);
  EXPECT_NE(failure_of(R"({"SchemaVersion": 2, "ArtifactName": "x", "Results": [{"Vulnerabilities": [{"PkgName": "a"}]}]})")
                .find("VulnerabilityID"),
            std::string::npos);
}

// One rule for all formats: a row that cannot be read does not take the others with it, and does not pass in silence.
TEST(ReadReport, rows_that_cannot_be_read_are_left_out_and_told) {
  const std::pair<const char*, const char*> reports[] = {
      {R"({"SchemaVersion": 2, "ArtifactName": "x", "Results": [{"Class": "os-pkgs", "Vulnerabilities": [{"VulnerabilityID": "CVE-1", "PkgName": "a"}, {"VulnerabilityID": "", "PkgName": "b"}, 7]}]})",
       "2 rows could not be read and are left out; the first: Results[0]: Vulnerabilities[1]: \"VulnerabilityID\" is missing or empty"},
      {R"({"matches": [{"vulnerability": {"id": "CVE-1"}, "artifact": {"name": "a"}}, {"vulnerability": {"id": "CVE-2"}, "artifact": {"name": []}}], "source": {}})",
       "1 row could not be read and is left out; the first: matches[1]: \"name\" must be a string, not array"},
      {R"({"OSType": "debian", "Packages": [{"Name": "a", "VulnerabilityID": "CVE-1"}, {"Name": "b"}]})", "1 row could not be read and is left out; the first: /Packages/1: it names no advisory"},
      {R"({"findings": [{"packageVulnerabilityDetails": {"vulnerabilityId": "CVE-1", "vulnerablePackages": [{"name": "a"}, {"name": null}]}}]})",
       "1 row could not be read and is left out; the first: findings[0]: vulnerablePackages[1]: \"name\" is missing or empty"},
      {R"({"manifest_hash": "sha256:aa", "packages": {"1": {"name": "a"}}, "vulnerabilities": {"8": {"name": "CVE-1"}}, "package_vulnerabilities": {"1": ["8", "9"]}})",
       "1 row could not be read and is left out; the first: package_vulnerabilities: 1: \"vulnerabilities\" has no \"9\""},
  };
  for (const auto& [text, note] : reports) {
    const Report report = read_report(text, "report.json");
    EXPECT_EQ(report.findings.size(), 1u) << text;
    ASSERT_FALSE(report.notes.empty()) << text;
    EXPECT_EQ(report.notes.front(), note);
  }
}

TEST(Severity, words_of_vendors_are_known) {
  EXPECT_EQ(parse_severity("Important"), Severity::high);
  EXPECT_EQ(parse_severity("moderate"), Severity::medium);
  EXPECT_EQ(parse_severity(" CRITICAL "), Severity::critical);
  EXPECT_EQ(parse_severity("spicy"), Severity::unknown);
  for (const char* word : {"UNKNOWN", "NEGLIGIBLE", "LOW", "MEDIUM", "HIGH", "CRITICAL"})
    EXPECT_EQ(severity_name(parse_severity(word)), word);
}

// What each real report holds, counted by another program; -1: not a schema 2 report of one image.
struct Expected {
  const char* file;
  int os_findings, other_findings, with_fix;
};
constexpr Expected kReal[] = {
    {"almalinux-8.json", 1, 0, 1},
    {"alpine-310.json", 4, 0, 4},
    {"alpine-distroless.json", 1, 0, 1},
    {"amazon-1.json", 1, 0, 1},
    {"busybox-with-lockfile.json", 0, 2, 2},
    {"centos-6.json", 2, 0, 1},
    {"centos-7.json", 3, 0, 2},
    {"copa-complex-report.json", 4, 0, 4},
    {"copa-pkg_types_test.json", 1, 1, 2},
    {"copa-trivy_dotnet.json", 0, 6, 6},
    {"copa-trivy_node_valid.json", 1, 2, 3},
    {"copa-trivy_python_venv.json", 0, 3, 3},
    {"dd-all-statuses.json", 8, 0, 0},
    {"dd-debian-10.13.json", 13, 0, 1},
    {"dd-kubernetes.json", -1, 0, 0},
    {"dd-no-vuln.json", 0, 0, 0},
    {"dd-schema1-list-debian.json", 93, 0, 0},
    {"debian-buster-ignore-unfixed.json", 1, 0, 1},
    {"debian-stretch.json", 5, 0, 4},
    {"distroless-base.json", 4, 0, 2},
    {"fluentd-gems.json", 1, 1, 2},
    {"fluentd-multiple-lockfiles.json", 2, 1, 2},
    {"mariner-1.0.json", 2, 0, 1},
    {"npm-with-suppressed.json", 0, 2, 2},
    {"opensuse-leap-151.json", 2, 0, 2},
    {"opensuse-tumbleweed.json", 1, 0, 1},
    {"photon-30.json", 3, 0, 3},
    {"pip.json", 0, 2, 2},
    {"real-alpine-3.19.1-node.json", 24, 5, 29},
    {"real-alpine-3.19.4-node.json", 6, 1, 7},
    {"real-alpine-3.23.3-node.json.gz", 2, 34, 36},
    {"real-debian-13.1-python.json.gz", 61, 1, 9},
    {"real-debian-13.6-python.json.gz", 179, 6, 60},
    {"real-distroless-debian-13.3-java.json.gz", 1, 0, 0},
    {"real-ubuntu-22.04-a.json.gz", 464, 0, 356},
    {"real-wrapped-input.json", -1, 0, 0},
    {"sl-micro-rancher5.4.json", 0, 0, 0},
    {"spring4shell-jre8.json", 0, 1, 1},
    {"ubi-7.json", 1, 0, 0},
    {"ubuntu-1804-ignore-unfixed.json", 4, 0, 4},
    {"ubuntu-gp2-x86-vm.json", 1, 0, 0},
};

TEST(RealReports, are_read_whole_or_refused_by_name) {
  const auto folder = test::shared_data("reports/trivy");
  if (folder.empty() || !std::filesystem::exists(folder)) GTEST_SKIP() << "needs RESOLE_SHARED_DATA";
  for (const Expected& expected : kReal) {
    SCOPED_TRACE(expected.file);
    const std::string text = test::read_plain_or_gzip(folder / expected.file);
    ASSERT_FALSE(text.empty());
    if (expected.os_findings < 0) {
      EXPECT_NE(failure_of(text), "");
      continue;
    }
    const Report report = read_report(text, expected.file);
    const auto count = [&](auto wanted) { return static_cast<int>(std::count_if(report.findings.begin(), report.findings.end(), wanted)); };
    EXPECT_EQ(count([](const Finding& each) { return each.operating_system; }), expected.os_findings);
    EXPECT_EQ(count([](const Finding& each) { return !each.operating_system; }), expected.other_findings);
    EXPECT_EQ(count([](const Finding& each) { return !each.fixed.empty(); }), expected.with_fix);
  }
}

TEST(RealReports, none_is_left_out_of_the_table) {
  const auto folder = test::shared_data("reports/trivy");
  if (folder.empty() || !std::filesystem::exists(folder)) GTEST_SKIP() << "needs RESOLE_SHARED_DATA";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    EXPECT_TRUE(std::any_of(std::begin(kReal), std::end(kReal), [&](const Expected& each) { return entry.path().filename() == each.file; }))
        << entry.path();
  }
}

TEST(RealReports, refusals_say_what_the_file_is) {
  const auto folder = test::shared_data("reports/trivy");
  if (folder.empty() || !std::filesystem::exists(folder)) GTEST_SKIP() << "needs RESOLE_SHARED_DATA";
  const auto failure = [&](const char* file) { return failure_of(test::read_plain_or_gzip(folder / file)); };
  EXPECT_NE(failure("dd-kubernetes.json").find("Kubernetes"), std::string::npos);
  EXPECT_NE(failure("real-wrapped-input.json").find("wrapped"), std::string::npos);
}

TEST(RealReports, all_eight_statuses_are_kept_apart) {
  const auto path = test::shared_data("reports/trivy/dd-all-statuses.json");
  if (path.empty() || !std::filesystem::exists(path)) GTEST_SKIP() << "needs RESOLE_SHARED_DATA";
  std::vector<Status> statuses;
  for (const Finding& finding : read_report(test::read_plain_or_gzip(path), "r").findings) statuses.push_back(finding.status);
  std::sort(statuses.begin(), statuses.end());
  EXPECT_EQ(std::unique(statuses.begin(), statuses.end()) - statuses.begin(), 8);
}

// Damaged in any way, a report is read or refused with Error(input); nothing else leaves the reader.
TEST(RealReports, mutations_never_crash) {
  std::vector<std::string> seeds{std::string(kSmall)};
  const auto folder = test::shared_data("reports/trivy");
  for (const char* file : {"dd-no-vuln.json", "copa-pkg_types_test.json", "ubi-7.json", "npm-with-suppressed.json"}) {
    if (!folder.empty() && std::filesystem::exists(folder / file)) seeds.push_back(test::read_plain_or_gzip(folder / file));
  }
  const std::string_view pieces[] = {
      "null", "[]", "{}", "\"\"", "-1", "1e400", "\"\\ud800\"", "true", ",", "]", "\xff", "[[[[[[", "\"SchemaVersion\""};
  std::mt19937 random(2);
  for (const std::string& seed : seeds) {
    for (int i = 0; i < 600; ++i) {
      std::string text = seed;
      for (unsigned edits = 1 + random() % 3; edits > 0; --edits) {
        const std::size_t at = random() % text.size();
        switch (random() % 4) {
          case 0:
            text[at] = static_cast<char>(random());
            break;
          case 1:
            text.erase(at, 1 + random() % 20);
            break;
          case 2:
            text.insert(at, pieces[random() % std::size(pieces)]);
            break;
          default: {  // another value for a member
            const std::size_t colon = text.find(": ", at), end = colon == std::string::npos ? colon : text.find_first_of(",}\n", colon);
            if (end != std::string::npos) text.replace(colon + 2, end - colon - 2, pieces[random() % std::size(pieces)]);
          }
        }
        if (text.empty()) text = "x";
      }
      try {
        read_report(text, "mutated.json");
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::input) << error.what();
      }
    }
  }
}

}  // namespace
}  // namespace resole::advisory
