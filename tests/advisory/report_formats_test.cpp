// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "advisory/formats.hpp"
#include "advisory/report_samples.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::advisory {
namespace RESOLE_TEST_FILE {

std::string in_words(const Report& report) {
  const Subject& subject = report.subject;
  std::string out = report.format + " | " + subject.name + " " + subject.os_family + " " + subject.os_name + " " + subject.architecture + " " + subject.image_id + " " +
                    join(subject.digests, ",") + " " + join(subject.diff_ids, ",");
  out = std::string(out.substr(0, out.find_last_not_of(' ') + 1)) + "\n";
  if (report.inventory_only) return out + "inventory of " + std::to_string(report.packages.size()) + "\n";
  for (const Finding& finding : report.findings) {
    out += finding.id + " " + finding.package + " " + finding.arch + " " + finding.installed + " -> " + (finding.fixed_in.empty() ? finding.fixed : join(finding.fixed_in, ",")) + " " +
           std::string(severity_name(finding.severity)) + " " + std::string(status_name(finding.status));
    if (!finding.source.empty()) out += " [" + finding.source + " " + finding.source_version + "]";
    if (!finding.aliases.empty()) out += " aliases " + join(finding.aliases, ",");
    if (!finding.operating_system) out += " application";
    if (finding.by_cpe) out += " cpe";
    if (finding.selector) out += " selector";
    if (!finding.suppressed.empty()) out += " suppressed";
    if (finding.known_exploited) out += " exploited";
    if (finding.epss >= 0) out += " epss";
    if (finding.fix_of == FixOf::source) out += " of source";
    if (finding.fix_of == FixOf::binary) out += " of binary";
    out += "\n";
  }
  return out;
}

TEST(ReportFormats, every_format_is_read) {
  for (const Sample& sample : kSamples) {
    SCOPED_TRACE(std::string(sample.name));
    EXPECT_EQ(in_words(read_report(sample.text, "sample")), sample.expected);
  }
}

TEST(ReportFormats, there_is_a_sample_of_each) {
  for (const Format& format : formats()) {
    if (format.name == "trivy" || format.name == "copa-example" || format.name == "clair-v1") continue;  // read_report_test; trivial
    EXPECT_TRUE(std::any_of(std::begin(kSamples), std::end(kSamples), [&](const Sample& sample) { return sample.expected.starts_with(format.name + " |"); })) << format.name;
  }
}

std::string refused(std::string_view text) {
  try {
    read_report(text, "r");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    return std::string(error.what()) + " / " + error.hint();
  }
  return "read";
}

TEST(ReportFormats, what_is_given_by_mistake_is_told_what_it_is) {
  EXPECT_NE(refused(R"({"@context": "x", "statements": []})").find("OpenVEX"), std::string::npos);
  EXPECT_NE(refused(R"({"document": {"csaf_version": "2.0"}})").find("CSAF"), std::string::npos);
  EXPECT_NE(refused(R"({"bomFormat": "CycloneDX", "vulnerabilities": [{"id": "CVE-1", "affects": [{"ref": "x"}]}]})").find("--vex"), std::string::npos);
  EXPECT_NE(refused(R"({"schemaVersion": 2, "layers": []})").find("manifest"), std::string::npos);
  EXPECT_NE(refused("<html><body/></html>").find("<html>"), std::string::npos);
  EXPECT_NE(refused("Total: 5 (HIGH: 5)").find("byte 0: neither JSON nor XML"), std::string::npos);
  EXPECT_NE(refused(std::string_view("\xff\xfe{\0}\0", 6)).find("UTF-16"), std::string::npos);
  EXPECT_NE(refused(R"({"results": [{"distro": "debian 12", "name": "a", "vulnerabilities": []}, {"distro": "debian 12", "name": "b", "vulnerabilities": []}]})").find("2 images"), std::string::npos);
}

TEST(ReportFormats, bad_input_is_refused_with_its_place) {
  EXPECT_NE(refused(R"({"matches": [{"vulnerability": {"id": "CVE-1"}}], "source": {}})").find("r: nothing of it can be read, 1 row of it cannot; the first: matches[0]: \"name\" is missing"), std::string::npos);
  EXPECT_NE(refused(R"({"matches": 7, "source": {}})").find("\"matches\" must be a list"), std::string::npos);
  EXPECT_NE(refused(R"({"matches": [)").find("byte "), std::string::npos);
  EXPECT_NE(refused(R"({"a": 1, "a": 2})").find("appears twice"), std::string::npos);
  EXPECT_NE(refused("{\"a\": \"\xff\"}").find("byte "), std::string::npos);
  EXPECT_NE(refused(std::string_view("{\"matches\": []\0}", 16)).find("byte "), std::string::npos);
  EXPECT_NE(refused(std::string(5000, '[')).find("nested deeper than 100"), std::string::npos);
  EXPECT_NE(refused("<!DOCTYPE a [<!ENTITY b \"c\">]><oval_results>&b;</oval_results>").find("refused"), std::string::npos);
  EXPECT_NE(refused(R"({"manifest_hash": "sha256:aa", "packages": {"1": {"name": "a"}}, "vulnerabilities": {}, "package_vulnerabilities": {"1": ["9"]}})").find("has no \"9\""), std::string::npos);
}

}  // namespace RESOLE_TEST_FILE
}  // namespace resole::advisory
