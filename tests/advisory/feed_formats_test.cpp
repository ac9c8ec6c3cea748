// SPDX-License-Identifier: Apache-2.0
// What each kind of feed says, in small.
#include <gtest/gtest.h>

#include <algorithm>

#include "advisory/feed/scope.hpp"
#include "advisory/feed/severity.hpp"
#include "advisory/feed_reading.hpp"
#include "base/error.hpp"

namespace resole::advisory::feed {
namespace RESOLE_TEST_FILE {

using test::read_feed_text;

const Record* find(const test::KeptRecords& kept, std::string_view id, std::string_view package, std::string_view scope = {}) {
  const auto found = std::ranges::find_if(kept.records, [&](const Record& each) { return each.id == id && each.package == package && (scope.empty() || each.scope == scope); });
  return found == kept.records.end() ? nullptr : &*found;
}

std::string refusal(std::string_view text, std::string_view name = "feed") {
  try {
    read_feed_text(text, name);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input) << error.what();
    return std::string(error.what()) + (error.hint().empty() ? "" : " | " + error.hint());
  }
  return "accepted";
}

TEST(DebianTracker, EveryStateIsKept) {
  const auto kept = read_feed_text(R"({"curl": {
    "CVE-1-1": {"releases": {"bookworm": {"status": "resolved", "fixed_version": "7.88-2", "urgency": "medium", "repositories": {"bookworm": "7.88-2"}}}},
    "CVE-1-2": {"releases": {"bookworm": {"status": "resolved", "fixed_version": "0", "urgency": "unimportant"}}},
    "CVE-1-3": {"releases": {"bookworm": {"status": "open", "urgency": "high**"}, "sid": {"status": "undetermined", "urgency": "not yet assigned"}}},
    "CVE-1-4": {"releases": {"bookworm": {"status": "open", "urgency": "low", "nodsa": "Minor issue", "nodsa_reason": ""}}},
    "CVE-1-5": {"releases": {"bookworm": {"status": "open", "urgency": "low", "nodsa": "x", "nodsa_reason": "postponed"}}},
    "CVE-1-6": {"releases": {"bookworm": {"status": "open", "urgency": "low", "nodsa": "x", "nodsa_reason": "ignored"}}},
    "CVE-1-7": {"releases": {"bookworm": {"status": "open", "urgency": "end-of-life"}}},
    "CVE-1-8": {"releases": {"bookworm": {"status": "open", "urgency": "unimportant"}}}},
    "zlib": {"TEMP-0-1": {"releases": {}}}})");
  EXPECT_EQ(kept.format, "debian-tracker");
  struct Case {
    const char* id;
    Status status;
    const char *fixed, *word;
    Severity severity;
  };
  const Case cases[] = {
      {"CVE-1-1", Status::fixed, "7.88-2", "", Severity::medium},      {"CVE-1-2", Status::not_affected, "", "unimportant", Severity::negligible},
      {"CVE-1-3", Status::unfixed, "", "open", Severity::high},        {"CVE-1-4", Status::deferred, "", "no-dsa", Severity::low},
      {"CVE-1-5", Status::deferred, "", "postponed", Severity::low},   {"CVE-1-6", Status::will_not_fix, "", "ignored", Severity::low},
      {"CVE-1-7", Status::end_of_life, "", "end-of-life", Severity::unknown}, {"CVE-1-8", Status::unfixed, "", "unimportant", Severity::negligible},
  };
  for (const Case& each : cases) {
    const Record* record = find(kept, each.id, "curl", "debian:bookworm");
    ASSERT_NE(record, nullptr) << each.id;
    EXPECT_EQ(record->status, each.status) << each.id;
    EXPECT_EQ(record->fixed, each.fixed) << each.id;
    EXPECT_EQ(record->word, each.word) << each.id;
    EXPECT_EQ(record->severity, each.severity) << each.id;
    EXPECT_TRUE(record->source);
  }
  EXPECT_EQ(find(kept, "CVE-1-3", "curl", "debian:sid")->status, Status::under_investigation);
}

TEST(Osv, UbuntuKeepsThePaidArchiveApart) {
  const auto kept = read_feed_text(R"({"schema_version": "1.7.0", "id": "UBUNTU-CVE-2021-3782", "modified": "2026-04-22T07:39:49Z", "upstream": ["CVE-2021-3782"],
    "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}, {"type": "Ubuntu", "score": "medium"}],
    "affected": [{"package": {"ecosystem": "Ubuntu:Pro:16.04:LTS", "name": "wayland"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.12+esm1"}]}]},
                 {"package": {"ecosystem": "Ubuntu:22.04:LTS", "name": "wayland"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}], "versions": ["1"]},
                 {"package": {"ecosystem": "Ubuntu:Pro:FIPS:20.04:LTS", "name": "wayland"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}]}]})");
  EXPECT_EQ(kept.format, "osv");
  EXPECT_EQ(kept.date, "2026-04-22T07:39:49Z");
  ASSERT_EQ(kept.records.size(), 2u);
  EXPECT_EQ(find(kept, "CVE-2021-3782", "wayland", "ubuntu:16.04")->word, "available with Ubuntu Pro");
  EXPECT_EQ(find(kept, "CVE-2021-3782", "wayland", "ubuntu:16.04")->fixed, "1.12+esm1");
  EXPECT_EQ(find(kept, "CVE-2021-3782", "wayland", "ubuntu:22.04")->status, Status::unfixed);
  EXPECT_EQ(find(kept, "CVE-2021-3782", "wayland", "ubuntu:22.04")->severity, Severity::medium);
}

TEST(Osv, LinesArraysAndRanges) {
  const std::string one = R"({"id": "ALSA-1:1", "modified": "2026-01-01T00:00:00Z", "summary": "Important: pcs security update", "related": ["CVE-2026-1", "CVE-2026-2"],
    "affected": [{"package": {"ecosystem": "AlmaLinux:9", "name": "pcs"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "1"}, {"fixed": "2"}, {"introduced": "3"}, {"last_affected": "4"}]}]}]})";
  const auto lines = read_feed_text(one + "\n" + one + "\n");
  ASSERT_EQ(lines.records.size(), 8u);
  const auto array = read_feed_text("[" + one + "]");
  ASSERT_EQ(array.records.size(), 4u);
  const Record& first = array.records[0];
  EXPECT_EQ(first.scope, "almalinux:9");
  EXPECT_FALSE(first.source);
  EXPECT_EQ(first.id, "CVE-2026-1");
  EXPECT_EQ(first.advisory, "ALSA-1:1");
  EXPECT_EQ(first.introduced, "1");
  EXPECT_EQ(first.fixed, "2");
  EXPECT_EQ(first.severity, Severity::high);
  EXPECT_EQ(array.records[2].introduced, "3");
  EXPECT_EQ(array.records[2].last, "4");
  EXPECT_EQ(array.records[2].status, Status::unfixed);
}

TEST(Secdb, NeverAffectedAndSeveralNames) {
  const auto kept = read_feed_text(R"({"distroversion": "v3.20", "reponame": "main", "packages": [{"pkg": {"name": "xen", "secfixes": {
    "0": ["CVE-2020-1"], "4.1-r0": ["CVE-2020-2 GHSA-aaaa", "XSA-1"]}}}]})");
  EXPECT_EQ(find(kept, "CVE-2020-1", "xen")->status, Status::not_affected);
  EXPECT_EQ(find(kept, "CVE-2020-2", "xen", "alpine:3.20")->fixed, "4.1-r0");
  EXPECT_NE(find(kept, "XSA-1", "xen"), nullptr);
  EXPECT_NE(refusal(R"({"reponame": "x", "packages": []})").find("--os"), std::string::npos);
  EXPECT_EQ(read_feed_text("reponame: main\ndistroversion: v3.8\npackages:\n  - pkg:\n      name: a\n      secfixes:\n        1-r0:\n          - CVE-2020-3\n").records.size(), 1u);
}

TEST(Csaf, StreamsAndReasons) {
  const auto kept = read_feed_text(R"({"document": {"csaf_version": "2.0", "aggregate_severity": {"text": "Low"}, "tracking": {"id": "CVE-2024-1", "current_release_date": "2025-11-21T00:00:00Z"}},
    "product_tree": {"branches": [{"category": "vendor", "name": "v", "branches": [
       {"category": "product_name", "name": "RHEL 9", "product": {"name": "RHEL 9", "product_id": "A", "product_identification_helper": {"cpe": "cpe:/a:redhat:enterprise_linux:9::appstream"}}},
       {"category": "product_name", "name": "EUS", "product": {"name": "EUS", "product_id": "E", "product_identification_helper": {"cpe": "cpe:/a:redhat:rhel_eus:9.4::appstream"}}},
       {"category": "product_version", "name": "x", "product": {"name": "x", "product_id": "p1", "product_identification_helper": {"purl": "pkg:rpm/redhat/openssl@3.0.7-27.el9?arch=x86_64&epoch=1"}}},
       {"category": "product_version", "name": "y", "product": {"name": "y", "product_id": "p2", "product_identification_helper": {"purl": "pkg:rpm/redhat/openssl"}}}]}],
     "relationships": [
       {"category": "default_component_of", "full_product_name": {"name": "", "product_id": "A:p1"}, "product_reference": "p1", "relates_to_product_reference": "A"},
       {"category": "default_component_of", "full_product_name": {"name": "", "product_id": "E:p1"}, "product_reference": "p1", "relates_to_product_reference": "E"},
       {"category": "default_component_of", "full_product_name": {"name": "", "product_id": "A:p2"}, "product_reference": "p2", "relates_to_product_reference": "A"}]},
    "vulnerabilities": [{"cve": "CVE-2024-1", "product_status": {"fixed": ["A:p1", "E:p1"], "known_affected": ["A:p2"]},
      "remediations": [{"category": "vendor_fix", "details": "x", "product_ids": ["A:p1"], "url": "https://advisories.example.org/errata/RHSA-2024:1"},
                       {"category": "no_fix_planned", "details": "Will not fix", "product_ids": ["A:p2"]}],
      "threats": [{"category": "impact", "details": "Important", "product_ids": ["A:p1"]}]}]})");
  EXPECT_EQ(kept.format, "csaf");
  const auto fixed = std::ranges::find_if(kept.records, [](const Record& each) { return each.scope == "rhel:9" && each.status == Status::fixed; });
  ASSERT_NE(fixed, kept.records.end());
  EXPECT_EQ(fixed->fixed, "1:3.0.7-27.el9");
  EXPECT_EQ(fixed->advisory, "RHSA-2024:1");
  EXPECT_EQ(fixed->severity, Severity::high);
  EXPECT_EQ(fixed->arch, "x86_64");
  EXPECT_NE(find(kept, "CVE-2024-1", "openssl", "rhel-eus:9.4"), nullptr);
  const auto open = std::ranges::find_if(kept.records, [](const Record& each) { return each.status == Status::will_not_fix; });
  ASSERT_NE(open, kept.records.end());
  EXPECT_EQ(open->word, "Will not fix");
}

TEST(Updateinfo, SecurityUpdatesOnly) {
  const auto kept = read_feed_text(R"(<updates><update type="bugfix"><id>B</id></update><update type="security"><id>RLSA-1</id><severity>Moderate</severity>
    <references><reference type="cve" id="CVE-2021-3520"/><reference type="erratum" id="RHSA-1"/></references>
    <pkglist><collection short="x"><name>Rocky Linux 8</name><module name="nodejs" stream="18"/>
    <package name="lz4" version="1.8.3" release="3.el8_4" epoch="2" arch="x86_64"/><package name="lz4" version="1" release="1" epoch="0" arch="src"/></collection></pkglist></update></updates>)");
  EXPECT_EQ(kept.format, "updateinfo");
  ASSERT_EQ(kept.records.size(), 1u);
  const Record& record = kept.records.front();
  EXPECT_EQ(record.scope, "rocky:8");
  EXPECT_EQ(record.fixed, "2:1.8.3-3.el8_4");
  EXPECT_EQ(record.module, "nodejs:18");
  EXPECT_EQ(record.id, "CVE-2021-3520");
  EXPECT_EQ(record.advisory, "RLSA-1");
  EXPECT_EQ(record.severity, Severity::medium);
}

constexpr std::string_view kOval = R"(<oval_definitions><generator><timestamp>2024-10-10T12:04:24</timestamp></generator><definitions>
  <definition class="patch" id="d1"><metadata><title>ELSA-1: x</title><affected><platform>Oracle Linux 8</platform></affected>
    <reference source="elsa" ref_id="ELSA-1"/><reference source="CVE" ref_id="CVE-2020-1"/><advisory><severity>IMPORTANT</severity></advisory></metadata>
    <criteria operator="AND"><criterion test_ref="t0" comment="Oracle Linux 8 is installed"/><criterion test_ref="t9" comment="Module nodejs:12 is enabled"/>
      <criteria operator="OR"><criterion test_ref="t1" comment="bind is earlier than 1:2-3"/></criteria></criteria></definition>
  <definition class="vulnerability" id="d2"><metadata><title>CVE-2020-2</title><affected><platform>Oracle Linux 8</platform></affected><reference source="CVE" ref_id="CVE-2020-2"/>
    <advisory><affected><resolution state="Will not fix"/></affected></advisory></metadata>
    <criteria operator="AND"><criterion test_ref="t2" comment="bind is installed"/><criterion test_ref="t3" comment="bind is signed with the key"/></criteria></definition>
  <definition class="vulnerability" id="d3"><metadata><title>CVE-2020-3</title><reference source="CVE" ref_id="Mitre CVE-2020-3"/></metadata>
    <criteria operator="AND"><criteria operator="OR"><criterion test_ref="t0" comment="SUSE Linux Enterprise Server 15 SP2 is installed"/><criterion test_ref="t0" comment="SUSE Linux Enterprise Desktop 15 SP2 is installed"/></criteria>
      <criterion test_ref="t4" comment="bind is not affected"/></criteria></definition></definitions>
  <tests><textfilecontent54_test id="t0"/><rpmverifyfile_test id="t9"/><rpminfo_test id="t1"><object object_ref="o1"/><state state_ref="s1"/></rpminfo_test><rpminfo_test id="t2"><object object_ref="o1"/></rpminfo_test>
    <rpminfo_test id="t3"><object object_ref="o1"/><state state_ref="s3"/></rpminfo_test><rpminfo_test id="t4"><object object_ref="o1"/><state state_ref="s4"/></rpminfo_test></tests>
  <objects><rpminfo_object id="o1"><name>bind</name></rpminfo_object></objects>
  <states><rpminfo_state id="s1"><evr operation="less than">1:2-3</evr><arch operation="pattern match">aarch64|x86_64</arch></rpminfo_state>
    <rpminfo_state id="s3"><signature_keyid operation="equals">7</signature_keyid></rpminfo_state><rpminfo_state id="s4"><version operation="equals">0</version></rpminfo_state></states></oval_definitions>)";

TEST(Oval, CriteriaBecomeFacts) {
  const auto kept = read_feed_text(kOval);
  EXPECT_EQ(kept.format, "oval");
  ASSERT_EQ(kept.records.size(), 3u);
  const Record* fixed = find(kept, "CVE-2020-1", "bind", "ol:8");
  ASSERT_NE(fixed, nullptr);
  EXPECT_EQ(fixed->fixed, "1:2-3");
  EXPECT_EQ(fixed->arch, "aarch64,x86_64");
  EXPECT_EQ(fixed->module, "nodejs:12");
  EXPECT_EQ(fixed->advisory, "ELSA-1");
  EXPECT_EQ(fixed->severity, Severity::high);
  EXPECT_EQ(find(kept, "CVE-2020-2", "bind")->status, Status::will_not_fix);
  EXPECT_EQ(find(kept, "CVE-2020-3", "bind", "sles:15.2")->status, Status::not_affected);
}

// A document whose brackets somebody has closed again is still cut.
TEST(Oval, WhatIsCutIsRefused) {
  const auto without = [](std::string_view part) {
    std::string text(kOval);
    text.erase(text.find(part), part.size());
    return refusal(text, "x");
  };
  EXPECT_NE(without(R"(<rpmverifyfile_test id="t9"/>)").find("x is cut: it names the test t9"), std::string::npos);
  EXPECT_NE(without(R"(<rpminfo_object id="o1"><name>bind</name></rpminfo_object>)").find("the object o1"), std::string::npos);
  EXPECT_NE(without(R"(<rpminfo_state id="s4"><version operation="equals">0</version></rpminfo_state>)").find("the state s4"), std::string::npos);
  for (std::size_t size = 40; size + 1 < kOval.size(); size += 97) EXPECT_NE(refusal(kOval.substr(0, size), "x").find("x: line "), std::string::npos) << size;
}

TEST(Exploitation, ScoresAndCatalogue) {
  const auto epss = read_feed_text("#model_version:v1,score_date:2025-02-20T00:00:00+0000\ncve,epss,percentile\nCVE-1999-1,0.5,0.9\n");
  EXPECT_EQ(epss.format, "epss");
  ASSERT_EQ(epss.attributes.size(), 1u);
  EXPECT_DOUBLE_EQ(epss.attributes[0].epss, 0.5);
  EXPECT_NE(refusal("#model_version:v1\ninvalid,header\nx,1\n").find("line 2"), std::string::npos);
  EXPECT_NE(refusal("cve,epss\nCVE-1,nan\n").find("line 2"), std::string::npos);
  const auto kev = read_feed_text(R"({"catalogVersion": "1", "dateReleased": "2025-01-01T00:00:00Z", "vulnerabilities": [{"cveID": "CVE-2"}]})");
  EXPECT_TRUE(kev.attributes.at(0).known_exploited);
}

TEST(FeedDocuments, RefusalsNameTheDocumentAndTheReason) {
  EXPECT_NE(refusal("", "x").find("x is empty"), std::string::npos);
  EXPECT_NE(refusal("hello", "x").find("x is no advisory feed"), std::string::npos);
  EXPECT_NE(refusal("{\"a\": 1}", "x").find("x is no advisory feed"), std::string::npos);
  EXPECT_NE(refusal("{\"a\": 1", "x").find("x: byte 7: it ends too early"), std::string::npos) << refusal("{\"a\": 1", "x");
  EXPECT_NE(refusal("<cvrfdoc/>", "x").find("CVRF"), std::string::npos);
  EXPECT_NE(refusal("{\"SchemaVersion\": 2}", "x").find("--report"), std::string::npos);
  EXPECT_NE(refusal("{\"@context\": \"c\", \"statements\": []}", "x").find("--vex"), std::string::npos);
  EXPECT_NE(refusal("<!DOCTYPE updates [<!ENTITY a \"b\">]><updates/>", "x").find("declarations"), std::string::npos);
  EXPECT_NE(refusal("{\"p\": {\"CVE-1\": {\"releases\": {\"r\": {\"status\": 3}}}}}", "x").find("x, member at byte"), std::string::npos);
  EXPECT_NE(refusal("{\"p\": {\"CVE-1\": {\"releases\": {}, \"releases\": {}}}}", "x").find("releases"), std::string::npos);
}

TEST(Scopes, WordsOfVendors) {
  const std::pair<const char*, const char*> products[] = {{"SUSE Linux Enterprise Server 15 SP2", "sles:15.2"}, {"SUSE Linux Enterprise Server 15-LTSS", "sles:15"}, {"Photon 3", "photon:3"},
                                                          {"Rocky Linux 8", "rocky:8"}, {"Red Hat Enterprise Linux 8.4", "rhel:8"}, {"openSUSE Leap 15.5", "opensuse-leap:15.5"}};
  for (const auto& [name, scope] : products) EXPECT_EQ(scope_of_product(name)->name, scope);
  EXPECT_FALSE(scope_of_product("SUSE Linux Enterprise Desktop 15"));
  EXPECT_EQ(scope_of_cpe("cpe:/o:redhat:rhel_eus:9.4::baseos")->name, "rhel-eus:9.4");
  EXPECT_EQ(scope_of_cpe("cpe:2.3:o:suse:sles:15:sp5:*:*:*:*:*:*")->name, "sles:15.5");
  EXPECT_FALSE(scope_of_cpe("cpe:/a:redhat:openshift:4.12::el9"));
  pkg::OsRelease os;
  os.id = "alpine";
  os.version_id = "3.20.1";
  EXPECT_EQ(scopes_of_image(os), (std::vector<std::string>{"alpine:3.20.1", "alpine:3.20", "alpine:3"}));
  os.version_id = "3.21_alpha20240923";
  EXPECT_EQ(scopes_of_image(os), (std::vector<std::string>{"alpine:edge"}));
}

TEST(Severities, VectorsAndWords) {
  EXPECT_EQ(severity_of_cvss3("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"), Severity::critical);  // 9.8
  EXPECT_EQ(severity_of_cvss3("CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:L/I:L/A:H"), Severity::medium);    // 6.6
  EXPECT_EQ(severity_of_cvss3("CVSS:3.0/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N"), Severity::medium);    // 6.4
  EXPECT_EQ(severity_of_cvss3("CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"), Severity::low);       // 1.8
  EXPECT_EQ(severity_of_cvss3("CVSS:3.1/AV:N"), Severity::unknown);
  EXPECT_EQ(severity_of_word("high**"), Severity::high);
  EXPECT_EQ(cves_in("a CVE-2024-1234, CVE-20-1 CVE-2024-1234 UBUNTU-CVE-2021-99999x"), (std::vector<std::string>{"CVE-2024-1234", "CVE-2021-99999"}));
}

}  // namespace RESOLE_TEST_FILE
}  // namespace resole::advisory::feed
