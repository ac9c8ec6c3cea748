// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "advisory/report_samples.hpp"
#include "fuzz/mutate.hpp"
#include "fuzz/mutate_json.hpp"
#include "fuzz/report_targets.hpp"

namespace resole::fuzz {
namespace RESOLE_TEST_FILE {

const std::string kReport = R"json({"SchemaVersion": 2, "ArtifactName": "app:1.4",
  "Metadata": {"OS": {"Family": "debian", "Name": "12.11"}, "ImageID": "sha256:aa", "DiffIDs": ["sha256:01", "sha256:02"],
               "RepoDigests": ["registry.example.org/app@sha256:bb"], "ImageConfig": {"architecture": "arm64"}},
  "Results": [
    {"Target": "app:1.4 (debian 12.11)", "Class": "os-pkgs", "Type": "debian",
     "Packages": [{"ID": "libcurl4@7.88.1-10", "Name": "libcurl4", "SrcName": "curl", "Arch": "arm64", "Identifier": {"UID": "77"}}],
     "Vulnerabilities": [
       {"VulnerabilityID": "CVE-2024-2398", "VendorIDs": ["DSA-5650-1"], "PkgName": "libcurl4", "PkgID": "libcurl4@7.88.1-10", "InstalledVersion": "7.88.1-10",
        "FixedVersion": "7.88.1-10+deb12u6", "Status": "fixed", "Severity": "HIGH", "Title": "curl: leak", "PrimaryURL": "https://advisories.example.org/1"},
       {"VulnerabilityID": "CVE-2011-3374", "PkgName": "apt", "InstalledVersion": "2.6.1", "PkgPath": "x", "PkgIdentifier": {"UID": "77",
        "PURL": "pkg:deb/debian/apt@2.6.1?arch=arm64&distro=debian-12.11#x"}}]}]})json";

// Shapes that are recognised to be refused.
const std::vector<std::string> kOthers = {
    R"([{"Target": "x", "Vulnerabilities": []}])", R"({"ClusterName": "c", "Resources": []})", R"({"input": {"SchemaVersion": 2}})",
    R"({"items": [{"kind": "VulnerabilityReport"}]})", R"({"report": {"vulnerabilities": [], "scanner": {}}})"};

TEST(FuzzReplay, Report) {
  std::vector<std::string> seeds = {kReport};
  replay(seeds, 3000, report, json_values(seeds));
}

TEST(FuzzReplay, ReportOfAnotherShape) {
  for (const std::string& seed : kOthers) report(seed);
  std::vector<std::string> seeds = kOthers;
  seeds.push_back(kReport);
  replay(seeds, 6000, report, json_values(seeds));
}

// A sample of every format, damaged, and mixed with the others.
TEST(FuzzReplay, ReportOfAnyFormat) {
  std::vector<std::string> json, all;
  for (const advisory::Sample& sample : advisory::kSamples) {
    all.emplace_back(sample.text);
    if (!sample.text.starts_with('<')) json.emplace_back(sample.text);
  }
  replay(all, 10000, report);
  replay(json, 10000, report, json_values(json));
}

// Every format by itself, so that none is lost among the others.
TEST(FuzzReplay, ReportOfEachFormat) {
  const std::size_t rounds = std::getenv("RESOLE_TEST_FULL") != nullptr ? 20'000 : 300;
  for (const advisory::Sample& sample : advisory::kSamples) {
    SCOPED_TRACE(std::string(sample.name));
    const std::vector<std::string> seed = {std::string(sample.text)};
    if (sample.text.starts_with('<')) {
      replay(seed, rounds, report);
    } else {
      replay(seed, rounds, report, json_values(seed));
    }
  }
}

}  // namespace
}  // namespace resole::fuzz
