// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "fuzz/mutate.hpp"
#include "fuzz/mutate_json.hpp"
#include "fuzz/vex_targets.hpp"

namespace resole::fuzz {
namespace RESOLE_TEST_FILE {

const std::string kOpenVex = R"({"@context": "https://openvex.dev/ns/v0.2.0", "author": "x", "timestamp": "2023-01-02T00:00:00Z", "statements": [
  {"vulnerability": {"name": "CVE-1", "aliases": ["GHSA-1"]}, "products": [{"@id": "pkg:oci/app@sha256%3Aaa", "subcomponents": [{"@id": "pkg:deb/debian/bash?arch=amd64"}]}],
   "status": "not_affected", "justification": "component_not_present"},
  {"vulnerability": "CVE-2", "products": ["pkg:deb/debian/bash@5.2.15-2%2Bb7"], "status": "fixed"}]})";
const std::string kCsaf = R"({"document": {"csaf_version": "2.0", "tracking": {"current_release_date": "2023-03-03T11:00:00.000Z"}},
  "product_tree": {"branches": [{"branches": [{"product": {"product_id": "B", "product_identification_helper": {"purl": "pkg:deb/debian/bash"}}}]}],
    "relationships": [{"product_reference": "B", "relates_to_product_reference": "I", "full_product_name": {"product_id": "IB"}}],
    "full_product_names": [{"product_id": "I", "product_identification_helper": {"purl": "pkg:oci/app@sha256:aa"}}], "product_groups": [{"group_id": "G", "product_ids": ["B"]}]},
  "vulnerabilities": [{"cve": "CVE-1", "ids": [{"text": "X-1"}], "product_status": {"known_not_affected": ["B", "IB"], "fixed": ["I"]},
    "flags": [{"label": "component_not_present", "group_ids": ["G"]}], "threats": [{"category": "impact", "details": "no", "product_ids": ["B"]}]}]})";
const std::string kCycloneDx = R"({"bomFormat": "CycloneDX", "metadata": {"timestamp": "2023-01-02T00:00:00Z", "component": {"type": "container", "bom-ref": "app", "version": "sha256:aa"}},
  "components": [{"bom-ref": "b", "purl": "pkg:deb/debian/bash", "components": [{"bom-ref": "c", "purl": "pkg:npm/x"}]}],
  "vulnerabilities": [{"id": "CVE-1", "references": [{"id": "GHSA-1"}], "analysis": {"state": "not_affected", "detail": "x"},
    "affects": [{"ref": "b", "versions": [{"version": "5.2.15-2+b7", "status": "unaffected"}]}, {"ref": "urn:cdx:x/1#pkg%3Adeb%2Fdebian%2Fbash"}]}]})";
const std::string kTrivyJson = R"({"vulnerabilities": [{"id": "CVE-1", "paths": ["srv/{a,b}/**"], "purls": ["pkg:deb/debian/bash"], "expired_at": "2030-01-01", "statement": "x"}]})";
const std::string kGrypeJson = R"({"ignore": [{"vulnerability": "CVE-1", "include-aliases": true, "fix-state": "not-fixed", "package": {"name": "ba.*", "location": "/srv/**"}}]})";

TEST(FuzzReplay, VexDocuments) {
  const std::vector<std::string> seeds = {kOpenVex, kCsaf, kCycloneDx, kTrivyJson, kGrypeJson};
  replay(seeds, 6000, vex, json_values(seeds));
}

TEST(FuzzReplay, IgnoreLists) {
  replay({"# x\nCVE-1 exp:2030-01-01 why # ticket\nGHSA-1\n", "vulnerabilities:\n  - id: CVE-1\n    paths: [\"a/**\"]\n    expired_at: 2030-01-01\n",
          "ignore:\n  - vulnerability: CVE-1\n    package: {name: ba.*}\n"},
         3000, vex);
}

TEST(FuzzReplay, PackageUrl) {
  replay({"pkg:deb/debian/curl@7.88.1-10%2Bdeb12u8?arch=amd64&distro=debian-12#x", "pkg:npm/%40a/b@1", "a/{b,c}/**/d*/e?", "{a,b}{c,d}/**a/x/b"}, 3000, package_url);
}

}  // namespace
}  // namespace resole::fuzz
