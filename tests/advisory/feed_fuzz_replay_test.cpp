// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "fuzz/feed_targets.hpp"
#include "fuzz/mutate.hpp"

namespace resole::fuzz {
namespace RESOLE_TEST_FILE {

const std::vector<std::string> kFeeds = {
    R"({"curl": {"CVE-1": {"releases": {"12": {"status": "resolved", "fixed_version": "2", "urgency": "low"}, "sid": {"status": "open", "nodsa_reason": "ignored"}}}}})",
    R"({"id": "X-1", "modified": "2026-01-01", "aliases": ["CVE-2026-1"], "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}], "affected": [{"package": {"ecosystem": "Debian:12", "name": "curl"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2"}, {"introduced": "3"}]}]}]})",
    R"({"distroversion": "v3.20", "reponame": "main", "packages": [{"pkg": {"name": "curl", "secfixes": {"0": ["CVE-1"], "2-r0": ["CVE-2 GHSA-3"]}}}]})",
    R"({"document": {"csaf_version": "2.0", "tracking": {"id": "C"}}, "product_tree": {"relationships": [{"full_product_name": {"product_id": "a"}, "product_reference": "b", "relates_to_product_reference": "a"}], "full_product_names": [{"product_id": "b", "product_identification_helper": {"purl": "pkg:deb/debian/curl@2?arch=source&epoch=1"}}]}, "vulnerabilities": [{"cve": "CVE-1", "product_status": {"fixed": ["a", "b"]}}]})",
    R"(<updates><update type="security"><id>A-1</id><references><reference type="cve" id="CVE-2021-1"/></references><pkglist><collection><name>Rocky Linux 8</name><package name="a" version="1" release="2" epoch="3" arch="x86_64"/></collection></pkglist></update></updates>)",
    R"(<oval_definitions><definition class="patch"><metadata><affected><platform>Photon 3</platform></affected><reference ref_id="CVE-2020-1"/></metadata><criteria operator="AND"><criterion test_ref="t" comment="a is earlier than 2"/></criteria></definition><rpminfo_test id="t"><object object_ref="o"/><state state_ref="s"/></rpminfo_test><rpminfo_object id="o"><name>a</name></rpminfo_object><rpminfo_state id="s"><evr operation="less than">0:2</evr></rpminfo_state></oval_definitions>)",
    "#model_version:v1,score_date:2025-02-20\ncve,epss,percentile\nCVE-1,0.5,0.9\n",
    R"({"catalogVersion": "1", "vulnerabilities": [{"cveID": "CVE-1"}]})",
    "reponame: main\ndistroversion: v3.8\npackages:\n  - pkg:\n      name: a\n      secfixes:\n        1-r0:\n          - CVE-2020-3\n",
    R"([{"updateinfo_id": "ALSA-1", "type": "security", "pkglist": {"name": "almalinux-8-x", "packages": [{"name": "a", "version": "1", "release": "2", "epoch": "1", "arch": "x86_64"}]}}])"};

TEST(FuzzReplay, Feed) { replay(kFeeds, 4000, feed); }

TEST(FuzzReplay, FeedIndex) {
  std::vector<std::string> seeds;
  for (const std::string& text : {kFeeds[0], kFeeds[1], kFeeds[6]}) {
    advisory::feed::IndexBuilder builder;
    const auto source = source_of(text);
    advisory::feed::read_document(*source, {.name = "x", .os = {}, .out = builder});
    seeds.push_back(builder.finish());
  }
  replay(seeds, 6000, feed_index);
}

}  // namespace RESOLE_TEST_FILE
}  // namespace resole::fuzz
