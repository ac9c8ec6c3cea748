// SPDX-License-Identifier: Apache-2.0
// Real reports of many scanners: each is read, or refused by name with a reason.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "advisory/finding.hpp"
#include "advisory/package_type.hpp"
#include "advisory/shared_data.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::advisory {
namespace RESOLE_TEST_FILE {

namespace fs = std::filesystem;

// What is in a file, counted by another program: format, findings of the distribution's packages, of others, with a fix, suppressed; packages; or what it is refused for.
struct Known {
  const char* file;
  const char* format;
  int os, other, with_fix, packages;
  const char* refused;
};
constexpr int kAny = -1;
constexpr Known kKnown[] = {
    {"anchore/dd-anchorectl.json", "anchore", kAny, kAny, kAny, 0, nullptr},
    {"anchore/dd-enterprise-new.json", "anchore", kAny, kAny, kAny, 0, nullptr},
    {"aqua/dd-many-v2.json", "aqua", 0, 3, kAny, 0, nullptr},
    {"aws/dd-securityhub-ecr.json", "", 0, 0, 0, 0, "this is about 7 images"},
    {"clair/dd-clair-scanner.json", "clair-scanner", 35, 0, kAny, 0, nullptr},
    {"clair/v4-docker.io-library-debian-10.index.json", "clair", 0, 0, 0, 91, nullptr},
    {"clair/v4-indexreport-buster-jackson-databind.json", "clair", 0, 0, 0, kAny, nullptr},
    {"clair/v4-rhacs-main-rhel8.index.json", "clair", 0, 0, 0, kAny, nullptr},
    {"clair/v4-example-vulnerability.json", "", 0, 0, 0, 0, "a single vulnerability of Clair's"},
    {"copa/fake_report.json", "copa-example", 3, 0, kAny, 0, nullptr},
    {"copa/plugin-fake-report.json", "copa-example", 1, 0, 1, 0, nullptr},
    {"grype/dd-busybox-epss.json", "grype", 0, 15, kAny, 0, nullptr},
    {"grype/dd-debian10-v0.28.json", "grype", kAny, kAny, kAny, 0, nullptr},
    {"grype/dd-no-vuln.json", "grype", 0, 0, 0, 0, nullptr},
    {"grype/dd-rhel8.7-v0.96.json", "grype", kAny, kAny, kAny, 0, nullptr},
    {"grype/golden-image-simple.txt", "", 0, 0, 0, 0, "byte 0: neither JSON nor XML"},
    {"neuvector/dd-many.json", "neuvector", 2, 0, 1, 0, nullptr},
    {"osv/dd-many.json.gz", "osv-scanner", 0, kAny, kAny, kAny, nullptr},
    {"prisma/dd-twistlock.json", "prisma", kAny, kAny, kAny, 0, nullptr},
    {"sarif/nginx-grype.sarif.json.gz", "sarif", 99, 0, 0, 0, nullptr},
    {"sarif/nginx-trivy.sarif.json.gz", "sarif", 99, 0, 0, 0, nullptr},
    {"sbom/dd-cyclonedx-vdr.json.gz", "cyclonedx", kAny, 0, kAny, kAny, nullptr},
    {"sbom/dd-valid-vulnerability-1.4.xml", "cyclonedx", 0, 1, 0, 1, nullptr},
    {"sbom/dockerhub-ubuntu.syft.spdx.json.gz", "spdx", 0, 0, 0, 101, nullptr},
    {"sbom/real-debian-13.5.spdx.json.gz", "spdx", 0, 0, 0, 117, nullptr},
    {"sbom/syft-ubuntu-20.04-pruned.syft.json", "syft", 0, 0, 0, 4, nullptr},
    {"sbom/trivy-fluentd-short.cdx.json", "cyclonedx", 2, 1, 2, 3, nullptr},
    {"snyk/dd-container.json", "snyk", kAny, kAny, kAny, 0, nullptr},
    {"sysdig/dd-sysdig-2025.json", "", 0, 0, 0, 0, "this is about 2 images"},
    {"trivy/dd-kubernetes.json", "", 0, 0, 0, 0, "report of a Kubernetes cluster"},
    {"trivy/real-wrapped-input.json", "", 0, 0, 0, 0, "wrapped in"},
    {"trivy/dd-schema1-list-debian.json", "trivy", 93, 0, kAny, 0, nullptr},
    {"trivy/copa-complex-report.json", "copa", 4, 0, 4, 0, nullptr},
    {"trivy/copa-invalid.json", "", 0, 0, 0, 0, "copa-invalid.json"},
    {"trivy/real-ubuntu-22.04-a.json.gz", "trivy", 464, 0, 356, 133, nullptr},
    {"vex/grype-csaf-demo1.json", "", 0, 0, 0, 0, "--vex"},
    {"vex/trivy-openvex.json", "", 0, 0, 0, 0, "--vex"},
    {"vex/trivy-cyclonedx.json", "", 0, 0, 0, 0, "--vex"},
};

fs::path reports() { return test::shared_data("reports"); }

struct Outcome {
  std::optional<Report> report;
  std::string failure;
};

Outcome outcome_of(const fs::path& path) {
  Outcome outcome;
  try {
    outcome.report = read_report(test::read_plain_or_gzip(path), path.filename().string());
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input) << path << ": " << error.what();
    outcome.failure = std::string(error.what()) + (error.hint().empty() ? "" : " | " + error.hint());
  }
  return outcome;
}

TEST(SharedReports, every_file_is_read_or_refused_by_name_with_a_reason) {
  if (reports().empty() || !fs::exists(reports())) GTEST_SKIP() << "needs RESOLE_SHARED_DATA";
  std::size_t read = 0;
  for (const auto& entry : fs::recursive_directory_iterator(reports())) {
    if (!entry.is_regular_file() || entry.path().extension() == ".tsv") continue;
    SCOPED_TRACE(entry.path().string());
    const Outcome outcome = outcome_of(entry.path());
    if (!outcome.report) {
      EXPECT_NE(outcome.failure.find(entry.path().filename().string()), std::string::npos) << outcome.failure;
      EXPECT_GT(outcome.failure.size(), entry.path().filename().string().size() + 20);
      if (std::getenv("RESOLE_TEST_VERBOSE") != nullptr) std::printf("%s\n", outcome.failure.c_str());
      continue;
    }
    ++read;
    for (const Finding& finding : outcome.report->findings) {
      ASSERT_FALSE(finding.id.empty() || finding.package.empty());
      EXPECT_TRUE(finding.fixed.empty() || finding.status != Status::unfixed) << finding.id << " " << finding.package << " " << finding.fixed;
      EXPECT_EQ(finding.origin, entry.path().filename().string());
    }
    if (std::getenv("RESOLE_TEST_VERBOSE") != nullptr) {
      const auto& findings = outcome.report->findings;
      const auto os = std::count_if(findings.begin(), findings.end(), [](const Finding& each) { return each.operating_system; });
      const auto fixed = std::count_if(findings.begin(), findings.end(), [](const Finding& each) { return !each.fixed.empty(); });
      std::printf("%-60s %-13s os %ld other %ld fixed %ld packages %zu %s %s %s\n", fs::relative(entry.path(), reports()).c_str(), outcome.report->format.c_str(), os,
                  static_cast<long>(findings.size()) - os, fixed, outcome.report->packages.size(), outcome.report->subject.os_family.c_str(), outcome.report->subject.os_name.c_str(),
                  outcome.report->subject.architecture.c_str());
    }
  }
  EXPECT_GT(read, 50u);
}

TEST(SharedReports, what_is_in_them_is_what_another_program_counted) {
  if (reports().empty() || !fs::exists(reports())) GTEST_SKIP() << "needs RESOLE_SHARED_DATA";
  for (const Known& known : kKnown) {
    if (!fs::exists(reports() / known.file)) continue;  // only part of the collection may be there
    SCOPED_TRACE(known.file);
    const Outcome outcome = outcome_of(reports() / known.file);
    if (known.refused != nullptr) {
      EXPECT_NE(outcome.failure.find(known.refused), std::string::npos) << outcome.failure;
      continue;
    }
    ASSERT_TRUE(outcome.report) << outcome.failure;
    const auto& findings = outcome.report->findings;
    const auto count = [&](auto wanted) { return static_cast<int>(std::count_if(findings.begin(), findings.end(), wanted)); };
    EXPECT_EQ(outcome.report->format, known.format);
    if (known.os != kAny) { EXPECT_EQ(count([](const Finding& each) { return each.operating_system; }), known.os); }
    if (known.other != kAny) { EXPECT_EQ(count([](const Finding& each) { return !each.operating_system; }), known.other); }
    if (known.with_fix != kAny) { EXPECT_EQ(count([](const Finding& each) { return !each.fixed.empty(); }), known.with_fix); }
    if (known.packages != kAny) { EXPECT_EQ(static_cast<int>(outcome.report->packages.size()), known.packages); }
  }
}

// Two scanners of one image. What one alone says is explained line by line: a file guessed by its product's name, or a vulnerability for which there is no fix, so that
// it cannot change what is done. What both say, they say alike.
TEST(SharedReports, two_scanners_of_one_image_ask_for_the_same) {
  const fs::path trivy_file = reports() / "trivy/real-ubuntu-22.04-a.json.gz", grype_file = reports() / "grype/real-ubuntu-22.04-a.json.gz";
  if (!fs::exists(trivy_file) || !fs::exists(grype_file)) GTEST_SKIP() << "needs RESOLE_SHARED_DATA";
  const Outcome trivy = outcome_of(trivy_file), grype = outcome_of(grype_file);
  ASSERT_TRUE(trivy.report && grype.report) << trivy.failure << grype.failure;
  EXPECT_EQ(trivy.report->subject.image_id, grype.report->subject.image_id);
  EXPECT_EQ(trivy.report->subject.diff_ids, grype.report->subject.diff_ids);
  using Pair = std::pair<std::string, std::string>;
  const auto by_pair = [](const Report& report) {
    std::map<Pair, const Finding*> out;
    for (const Finding& finding : report.findings) out.emplace(Pair(finding.package, finding.id), &finding);
    return out;
  };
  const auto ours = by_pair(*trivy.report), theirs = by_pair(*grype.report);
  std::size_t shared = 0;
  for (const auto& [pair, finding] : ours) {
    const auto other = theirs.find(pair);
    ASSERT_NE(other, theirs.end()) << pair.first << " " << pair.second << ": only Trivy has it";
    ++shared;
    EXPECT_EQ(finding->fixed, other->second->fixed) << pair.first << " " << pair.second;
    EXPECT_EQ(finding->status == Status::fixed, other->second->status == Status::fixed) << pair.first << " " << pair.second;
    EXPECT_EQ(finding->installed, other->second->installed);
    EXPECT_EQ(finding->source, other->second->source.empty() ? finding->package : other->second->source) << pair.first;
  }
  EXPECT_EQ(shared, 464u);
  std::map<std::string, int> why;
  for (const auto& [pair, finding] : theirs) {
    if (ours.contains(pair)) continue;
    const std::string reason = finding->by_cpe ? "a file known by its product's name" : finding->fixed.empty() ? "no fix exists" : "?";
    EXPECT_NE(reason, "?") << pair.first << " " << pair.second << " " << finding->fixed;
    ++why[reason];
  }
  EXPECT_EQ(why["no fix exists"], 34);
  EXPECT_EQ(why["a file known by its product's name"], 31);
}

// Rows where the installed version looks newer than the fix and is not: the fix is the source's, without the binary's epoch.
TEST(SharedReports, fixes_that_look_older_than_what_is_installed_name_their_source) {
  const fs::path file = reports() / "trivy/real-ubuntu-22.04-a.json.gz";
  if (!fs::exists(file)) GTEST_SKIP() << "needs RESOLE_SHARED_DATA";
  const Outcome outcome = outcome_of(file);
  ASSERT_TRUE(outcome.report);
  std::size_t seen = 0;
  for (const Finding& finding : outcome.report->findings) {
    if (finding.package != "bsdutils" || finding.fixed.empty()) continue;
    ++seen;
    EXPECT_TRUE(finding.installed.starts_with("1:2.37.2")) << finding.installed;
    EXPECT_TRUE(finding.fixed.starts_with("2.37.2")) << finding.fixed;
    EXPECT_EQ(finding.source, "util-linux");
    EXPECT_EQ(finding.source_version, "2.37.2-4ubuntu3") << "which is what the fix is compared with";
    EXPECT_EQ(finding.fix_of, FixOf::family);
  }
  EXPECT_GE(seen, 1u);
}

}  // namespace RESOLE_TEST_FILE
}  // namespace resole::advisory
