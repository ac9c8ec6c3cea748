// SPDX-License-Identifier: Apache-2.0
// A small report of every format, and what is read of it: one line for the image, one per finding.
//
//   format | name os release architecture image-id digests diff_ids
//   id package arch installed -> fixed SEVERITY status [source version] [what sets it apart]
#pragma once
#include <string_view>

namespace resole::advisory {

struct Sample {
  std::string_view name, text, expected;
};

inline constexpr Sample kSamples[] = {
    {"grype", R"json({"matches": [
  {"vulnerability": {"id": "CVE-2023-1", "severity": "High", "fix": {"versions": ["1.2-3"], "state": "fixed"}, "advisories": [{"id": "DSA-1-1"}], "epss": [{"epss": 0.5}], "knownExploited": [{"cve": "CVE-2023-1"}]},
   "relatedVulnerabilities": [{"id": "CVE-2023-1"}], "matchDetails": [{"type": "exact-indirect-match"}],
   "artifact": {"name": "libfoo1", "version": "1.2-1+b1", "type": "deb", "purl": "pkg:deb/debian/libfoo1@1.2-1%2Bb1?arch=amd64&upstream=foo%401.2-1", "upstreams": [{"name": "foo", "version": "1.2-1"}], "locations": [{"path": "/var/lib/dpkg/status"}]}},
  {"vulnerability": {"id": "GHSA-aaaa-bbbb-cccc", "severity": "Critical", "fix": {"versions": ["2.0", "3.0"], "state": "fixed"}}, "relatedVulnerabilities": [{"id": "CVE-2023-2"}],
   "matchDetails": [{"type": "exact-direct-match"}], "artifact": {"name": "lib", "version": "1.0", "type": "npm", "purl": "pkg:npm/lib@1.0"}},
  {"vulnerability": {"id": "CVE-2023-3", "severity": "Low", "fix": {"versions": [], "state": "wont-fix"}}, "matchDetails": [{"type": "cpe-match"}], "artifact": {"name": "busybox", "version": "1.36", "type": "binary"}}],
  "ignoredMatches": [{"vulnerability": {"id": "CVE-2023-4", "fix": {"state": "not-fixed"}}, "artifact": {"name": "libfoo1", "version": "1", "type": "deb"}, "appliedIgnoreRules": [{"reason": "not ours"}]}],
  "distro": {"name": "debian", "version": "12"}, "source": {"type": "image", "target": {"userInput": "app:1", "imageID": "sha256:aa", "manifestDigest": "sha256:bb", "layers": [{"digest": "sha256:01"}], "architecture": "amd64"}}})json",
     "grype | app:1 debian 12 amd64 sha256:aa sha256:bb sha256:01\n"
     "CVE-2023-1 libfoo1 amd64 1.2-1+b1 -> 1.2-3 HIGH fixed [foo 1.2-1] aliases DSA-1-1 exploited epss\n"
     "GHSA-aaaa-bbbb-cccc lib  1.0 -> 2.0,3.0 CRITICAL fixed aliases CVE-2023-2 application\n"
     "CVE-2023-3 busybox  1.36 ->  LOW will not fix application cpe\n"
     "CVE-2023-4 libfoo1  1 ->  UNKNOWN unfixed suppressed\n"},
    {"grype of 2020", R"json({"matches": [{"vulnerability": {"id": "CVE-2019-1", "severity": "Negligible", "fixedInVersion": "1.1"}, "artifact": {"name": "foo", "version": "1.0", "type": "deb", "metadata": {"Source": "foos"}}}],
  "source": {"type": "directory", "target": "."}, "distro": {"name": "debian", "version": "10"}})json",
     "grype | . debian 10\nCVE-2019-1 foo  1.0 -> 1.1 NEGLIGIBLE fixed [foos ]\n"},
    {"clair v4", R"json({"manifest_hash": "sha256:cc", "packages": {"1": {"name": "libssl3", "version": "3.0-1", "arch": "amd64", "source": {"name": "openssl", "version": "3.0-1"}}, "2": {"name": "x/y", "version": "v1"}},
  "distributions": {"1": {"did": "ubuntu", "version_id": "22.04"}}, "environments": {"1": [{"package_db": "var/lib/dpkg/status"}], "2": [{"package_db": "go:usr/bin/y"}]},
  "vulnerabilities": {"7": {"name": "CVE-2024-1 on Ubuntu 22.04 (jammy) - low", "fixed_in_version": "3.0-2", "normalized_severity": "Low", "links": "https://a.example.org/1 https://b.example.org"}, "8": {"name": "GHSA-1111-2222-3333", "fixed_in_version": "", "normalized_severity": "High"}},
  "package_vulnerabilities": {"1": ["7"], "2": ["8"]}})json",
     "clair |  ubuntu 22.04   sha256:cc\nCVE-2024-1 libssl3 amd64 3.0-1 -> 3.0-2 LOW fixed [openssl 3.0-1]\nGHSA-1111-2222-3333 x/y  v1 ->  HIGH unfixed application\n"},
    {"osv-scanner", R"json({"results": [{"source": {"path": "app.tar", "type": "docker"}, "packages": [
  {"package": {"name": "openssl", "version": "3.0-1", "ecosystem": "Debian:12", "os_package_name": "libssl3"}, "groups": [{"ids": ["DEBIAN-CVE-2024-1"], "max_severity": "7.5"}],
   "vulnerabilities": [{"id": "DEBIAN-CVE-2024-1", "upstream": ["CVE-2024-1"], "affected": [{"package": {"name": "openssl", "ecosystem": "Debian:11"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.1-9"}]}]},
     {"package": {"name": "openssl", "ecosystem": "Debian:12"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.0-2"}]}]}]}]},
  {"package": {"name": "lib", "version": "1.0", "ecosystem": "npm"}, "vulnerabilities": [{"id": "GHSA-1111-2222-3333", "aliases": ["CVE-2024-2"], "affected": []}]}]}]})json",
     "osv-scanner |  debian 12\nCVE-2024-1 libssl3  3.0-1 -> 3.0-2 HIGH fixed [openssl ] aliases DEBIAN-CVE-2024-1 of source\nCVE-2024-2 lib  1.0 ->  UNKNOWN unfixed aliases GHSA-1111-2222-3333 application\n"},
    {"sarif", R"json({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "Trivy", "rules": [{"id": "CVE-2024-1", "name": "OsPackageVulnerability", "properties": {"security-severity": "9.8", "tags": ["vulnerability", "CRITICAL"]}},
   {"id": "CVE-2024-2", "name": "LanguageSpecificPackageVulnerability"}]}},
  "results": [{"ruleId": "CVE-2024-1", "message": {"text": "Package: apt\nInstalled Version: 2.6.1\nVulnerability CVE-2024-1\nSeverity: CRITICAL\nFixed Version: 9.9"}},
   {"ruleId": "CVE-2024-2", "message": {"text": "Package: lib\nInstalled Version: 1.0\nFixed Version: 2.0"}}, {"ruleId": "AVD-1", "message": {"text": "no package"}}],
  "properties": {"imageID": "sha256:aa", "imageName": "app:1", "repoDigests": ["app@sha256:bb"]}}]})json",
     "sarif | app:1    sha256:aa sha256:bb\nCVE-2024-1 apt  2.6.1 ->  CRITICAL unknown selector\nCVE-2024-2 lib  1.0 ->  UNKNOWN unknown application selector\n"},
    {"sarif of grype and snyk", R"json({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "Grype", "rules": [{"id": "CVE-2005-1-tar", "name": "DpkgMatcherExactDirectMatch"}, {"id": "SNYK-DEBIAN12-CURL-1", "shortDescription": {"text": "High severity - CVE-2024-3 in curl"}}]}},
  "results": [{"ruleId": "CVE-2005-1-tar", "message": {"text": "The path /x reports tar at version 1.34  which is a vulnerable (deb) package installed in the container"}},
   {"ruleId": "CVE-2005-1-tar", "message": {"text": "A low vulnerability in deb package: tar, version 1.35 was found at: /x"}}, {"ruleId": "SNYK-DEBIAN12-CURL-1", "message": {"text": "This file introduces a vulnerable curl/libcurl4 package with a high severity vulnerability."}}]}]})json",
     "sarif |\nCVE-2005-1 tar  1.34 ->  UNKNOWN unknown selector\nCVE-2005-1 tar  1.35 ->  UNKNOWN unknown selector\nCVE-2024-3 libcurl4   ->  UNKNOWN unknown [curl ] aliases SNYK-DEBIAN12-CURL-1 selector\n"},
    {"sysdig with tables", R"json({"info": {"resultId": "1"}, "scanner": {"name": "sysdig-cli-scanner"}, "result": {"assetType": "containerImage",
  "metadata": {"pullString": "app:1", "imageId": "sha256:aa", "digest": "sha256:bb", "baseOs": "debian 12.5", "architecture": "amd64"},
  "packages": {"p1": {"type": "os", "name": "libcurl4", "version": "7.88.1-10", "path": "", "vulnerabilitiesRefs": ["v1", "v3"]},
    "p2": {"type": "javascript", "name": "lodash", "version": "4.17.20", "path": "app/package.json", "vulnerabilitiesRefs": ["v2"]}, "p3": {"type": "os", "name": "base-files", "version": "12", "vulnerabilitiesRefs": null}},
  "vulnerabilities": {"v1": {"name": "CVE-2024-1", "severity": "high", "fixVersion": "7.88.1-10+deb12u6"}, "v2": {"name": "CVE-2021-2", "severity": "critical", "fixVersion": "4.17.21"},
    "v3": {"name": "CVE-2024-3", "severity": "negligible", "riskAcceptRefs": ["r1"]}},
  "riskAccepts": {"r1": {"status": "active", "reason": "not reachable"}}}})json",
     "sysdig | app:1 debian 12.5 amd64 sha256:aa sha256:bb\n"
     "CVE-2024-1 libcurl4  7.88.1-10 -> 7.88.1-10+deb12u6 HIGH fixed\nCVE-2024-3 libcurl4  7.88.1-10 ->  NEGLIGIBLE unfixed suppressed\nCVE-2021-2 lodash  4.17.20 -> 4.17.21 CRITICAL fixed application\n"},
    {"snyk", R"json({"vulnerabilities": [{"id": "SNYK-DEBIAN11-GCC10-1", "name": "gcc-10/libgcc-s1", "packageName": "gcc-10", "packageManager": "debian:11", "version": "10.2.1-6", "nearestFixedInVersion": "10.2.1-7", "severity": "low", "identifiers": {"CVE": ["CVE-2023-1"]}},
  {"id": "SNYK-DEBIAN11-GCC10-1", "name": "gcc-10/libgcc-s1", "packageName": "gcc-10", "packageManager": "debian:11", "version": "10.2.1-6", "nearestFixedInVersion": "10.2.1-7", "severity": "low", "identifiers": {"CVE": ["CVE-2023-1"]}}],
  "packageManager": "deb", "dependencyCount": 9, "docker": {"baseImage": "debian:11"}, "platform": "linux/amd64", "path": "app:1",
  "applications": [{"packageManager": "npm", "targetFile": "/a/package.json", "vulnerabilities": [{"id": "SNYK-JS-X-1", "name": "x", "version": "0.1", "fixedIn": ["6.0.0"], "severity": "high", "identifiers": {"CVE": [], "GHSA": ["GHSA-1111-2222-3333"]}}]}]})json",
     "snyk | app:1 debian 11 amd64\nCVE-2023-1 libgcc-s1  10.2.1-6 -> 10.2.1-7 LOW fixed [gcc-10 ] aliases SNYK-DEBIAN11-GCC10-1\nGHSA-1111-2222-3333 x  0.1 -> 6.0.0 HIGH fixed aliases SNYK-JS-X-1 application\n"},
    {"inspector", R"json({"findings": [{"severity": "HIGH", "title": "t", "packageVulnerabilityDetails": {"vulnerabilityId": "CVE-2024-1", "vulnerablePackages": [{"name": "openssl", "version": "1.1.1n", "release": "0+deb11u4", "epoch": 0, "arch": "AMD64", "packageManager": "OS", "fixedInVersion": "0:1.1.1n-0+deb11u5"},
   {"name": "lib", "version": "1", "packageManager": "NODEPKG", "filePath": "a/package.json", "fixedInVersion": "2"}]},
  "resources": [{"details": {"awsEcrContainerImage": {"imageHash": "sha256:bb", "architecture": "amd64", "repositoryName": "app", "platform": "DEBIAN_11"}}}]}, {"severity": "LOW", "networkReachabilityDetails": {}}]})json",
     "inspector | app debian 11 amd64  sha256:bb\nCVE-2024-1 openssl amd64 1.1.1n-0+deb11u4 -> 1.1.1n-0+deb11u5 HIGH fixed\nCVE-2024-1 lib  1 -> 2 HIGH fixed application\n"},
    {"ecr basic", R"json({"imageScanFindings": {"findings": [{"name": "CVE-2024-1", "severity": "HIGH", "attributes": [{"key": "package_version", "value": "1"}, {"key": "package_name", "value": "curl"}]}]}, "imageId": {"imageDigest": "sha256:bb"}})json",
     "inspector |      sha256:bb\nCVE-2024-1 curl  1 ->  UNKNOWN unknown\n"},
    {"security hub", R"json({"Findings": [{"Severity": {"Label": "MEDIUM"}, "Title": "t", "Resources": [{"Details": {"AwsEcrContainerImage": {"ImageDigest": "sha256:bb", "Architecture": "amd64", "RepositoryName": "app"}}}],
  "Vulnerabilities": [{"Id": "CVE-2024-1", "VulnerablePackages": [{"Name": "openssl", "Version": "1.1.1n", "Epoch": "1", "Release": "3", "Architecture": "AMD64", "PackageManager": "OS", "FixedInVersion": "NotAvailable"}], "EpssScore": 0.1}]}]})json",
     "security-hub | app   amd64  sha256:bb\nCVE-2024-1 openssl amd64 1:1.1.1n-3 ->  MEDIUM unfixed epss\n"},
    {"cyclonedx", R"json({"bomFormat": "CycloneDX", "specVersion": "1.5", "metadata": {"component": {"name": "app:1", "properties": [{"name": "aquasecurity:trivy:ImageID", "value": "sha256:aa"}, {"name": "aquasecurity:trivy:DiffID", "value": "sha256:01"}]}},
  "components": [{"type": "operating-system", "name": "debian", "version": "12.1", "bom-ref": "os"}, {"type": "library", "bom-ref": "p1", "name": "bsdutils", "version": "2.38.1-5", "purl": "pkg:deb/debian/bsdutils@2.38.1-5?arch=amd64&epoch=1",
    "properties": [{"name": "aquasecurity:trivy:SrcName", "value": "util-linux"}, {"name": "aquasecurity:trivy:SrcVersion", "value": "2.38.1"}, {"name": "aquasecurity:trivy:SrcRelease", "value": "5"}]},
   {"type": "application", "bom-ref": "n", "name": "node", "components": [{"type": "library", "bom-ref": "p2", "name": "lib", "version": "1.0", "purl": "pkg:npm/lib@1.0"}]}],
  "vulnerabilities": [{"id": "CVE-2024-1", "source": {"name": "debian"}, "ratings": [{"source": {"name": "nvd"}, "severity": "critical"}, {"source": {"name": "debian"}, "severity": "low"}], "recommendation": "Upgrade other to version 9; Upgrade bsdutils to version 2.38.1-6", "affects": [{"ref": "p1"}]},
   {"id": "CVE-2024-2", "ratings": [{"severity": "high"}], "analysis": {"state": "not_affected", "justification": "code_not_reachable"}, "affects": [{"ref": "urn:cdx:3e671687/1#p2"}, {"ref": "gone"}]}]})json",
     "cyclonedx | app:1 debian 12.1  sha256:aa  sha256:01\nCVE-2024-1 bsdutils amd64 1:2.38.1-5 -> 2.38.1-6 LOW fixed [util-linux 2.38.1-5]\nCVE-2024-2 lib  1.0 ->  HIGH not affected application suppressed\n"},
    {"cyclonedx xml", R"xml(<?xml version="1.0"?><bom xmlns="http://cyclonedx.org/schema/bom/1.4" xmlns:v="http://cyclonedx.org/schema/ext/vulnerability/1.0" version="1"><metadata><component type="container" bom-ref="i"><name>app:1</name></component></metadata>
<components><component type="library" bom-ref="p1"><name>curl</name><version>7.88-1</version><purl>pkg:deb/debian/curl@7.88-1?arch=amd64&amp;distro=debian-12</purl><v:vulnerabilities><v:vulnerability ref="p1"><v:id>CVE-2024-2</v:id></v:vulnerability></v:vulnerabilities></component></components>
<vulnerabilities><vulnerability><id>CVE-2024-1</id><ratings><rating><severity>high</severity></rating></ratings><recommendation>Upgrade curl to version 7.88-2</recommendation><affects><target><ref>p1</ref></target></affects></vulnerability></vulnerabilities></bom>)xml",
     "cyclonedx | app:1\nCVE-2024-2 curl amd64 7.88-1 ->  UNKNOWN unknown\nCVE-2024-1 curl amd64 7.88-1 -> 7.88-2 HIGH fixed\n"},
    {"spdx", R"json({"spdxVersion": "SPDX-2.3", "name": "app", "packages": [{"name": "app:1", "SPDXID": "SPDXRef-ContainerImage-1", "primaryPackagePurpose": "CONTAINER", "annotations": [{"comment": "ImageID: sha256:aa"}, {"comment": "DiffID: sha256:01"}]},
  {"name": "debian", "SPDXID": "SPDXRef-OperatingSystem-1", "versionInfo": "12.1"}, {"name": "libc6", "versionInfo": "2.36-9", "sourceInfo": "built package from: glibc 2.36-9", "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:deb/debian/libc6@2.36-9?arch=amd64"}]}]})json",
     "spdx | app:1 debian 12.1  sha256:aa  sha256:01\ninventory of 1\n"},
    {"syft", R"json({"artifacts": [{"name": "libc6", "version": "2.36-9", "type": "deb", "purl": "pkg:deb/debian/libc6@2.36-9?arch=amd64", "metadata": {"source": "glibc", "architecture": "amd64"}}], "source": {"type": "image", "metadata": {"userInput": "app:1", "imageID": "sha256:aa", "layers": [{"digest": "sha256:01"}]}},
  "distro": {"id": "debian", "versionID": "12"}, "descriptor": {"name": "syft"}, "schema": {"url": "https://x.example.org"}})json",
     "syft | app:1 debian 12  sha256:aa  sha256:01\ninventory of 1\n"},
    {"oval results", R"xml(<oval_results xmlns="http://oval.mitre.org/XMLSchema/oval-results-5"><oval_definitions><definitions><definition id="oval:d:1" class="patch"><metadata><title>RHSA-2024:1: openssl</title><reference ref_id="RHSA-2024:1" ref_url="https://a.example.org"/><advisory><severity>Important</severity><cve>CVE-2024-1</cve></advisory></metadata></definition>
<definition id="oval:d:2" class="patch"><metadata><title>other</title></metadata></definition></definitions>
<tests><rpminfo_test id="oval:t:1"><object object_ref="oval:o:1"/><state state_ref="oval:s:1"/></rpminfo_test><rpminfo_test id="oval:t:2"><object object_ref="oval:o:1"/><state state_ref="oval:s:2"/></rpminfo_test></tests>
<objects><rpminfo_object id="oval:o:1"><name>openssl</name></rpminfo_object></objects><states><rpminfo_state id="oval:s:1"><evr operation="less than">1:1.1.1k-5.el8</evr></rpminfo_state><rpminfo_state id="oval:s:2"><signature_keyid operation="equals">1</signature_keyid></rpminfo_state></states></oval_definitions>
<results><system><definitions><definition definition_id="oval:d:1" result="true"><criteria><criterion test_ref="oval:t:1" result="true"/><criteria><criterion test_ref="oval:t:2" result="true"/></criteria></criteria></definition><definition definition_id="oval:d:2" result="false"><criteria/></definition></definitions>
<oval_system_characteristics><system_info><os_name>Red Hat Enterprise Linux</os_name><os_version>8.4</os_version><architecture>x86_64</architecture><primary_host_name>h</primary_host_name></system_info><system_data><rpminfo_item><name>openssl</name><evr>1:1.1.1g-11.el8</evr></rpminfo_item></system_data></oval_system_characteristics></system></results></oval_results>)xml",
     "openscap | h rhel 8.4 x86_64\nRHSA-2024:1 openssl  1:1.1.1g-11.el8 -> 1:1.1.1k-5.el8 HIGH fixed aliases CVE-2024-1 of binary\n"},
    {"copa v1alpha1", R"json({"apiVersion": "v1alpha1", "metadata": {"os": {"type": "alpine", "version": "3.18"}, "config": {"arch": "amd64"}}, "updates": [{"name": "zlib", "installedVersion": "1.2-r0", "fixedVersion": "1.2-r1", "vulnerabilityID": "CVE-2024-1"}]})json",
     "copa |  alpine 3.18 amd64\nCVE-2024-1 zlib  1.2-r0 -> 1.2-r1 UNKNOWN fixed\n"},
    {"copa v1alpha2", R"json({"apiVersion": "v1alpha2", "metadata": {"os": {"type": "debian", "version": "12"}, "config": {"arch": "arm64"}}, "osupdates": [{"name": "zlib", "installedVersion": "1", "fixedVersion": "2", "vulnerabilityID": "CVE-2024-1"}], "langupdates": [{"name": "pip", "installedVersion": "1", "fixedVersion": "2", "vulnerabilityID": "CVE-2024-2", "type": "python-pkg"}]})json",
     "copa |  debian 12 arm64\nCVE-2024-1 zlib  1 -> 2 UNKNOWN fixed\nCVE-2024-2 pip  1 -> 2 UNKNOWN fixed application\n"},
    {"harbor", R"json({"application/vnd.security.vulnerability.report; version=1.1": {"scanner": {"name": "Trivy"}, "vulnerabilities": [{"id": "CVE-2024-1", "package": "bsdutils", "version": "1:2.36-8", "fix_version": "2.36-9", "severity": "Low", "links": ["https://a.example.org"], "artifact_digests": ["sha256:bb"]}]}})json",
     "harbor |      sha256:bb\nCVE-2024-1 bsdutils  1:2.36-8 -> 2.36-9 LOW fixed\n"},
    {"anchore engine", R"json({"imageDigest": "sha256:bb", "vulnerabilities": [{"vuln": "RHSA-2024:1", "package_name": "curl", "package_version": "7.61-1", "fix": "0:7.61-2", "severity": "High", "package_type": "rpm", "feed_group": "rhel:8"}, {"vuln": "CVE-2024-2", "package_name": "x", "package_version": "1", "fix": "None", "severity": "Low", "package_type": "python", "feed_group": "github"}]})json",
     "anchore |  rhel 8   sha256:bb\nRHSA-2024:1 curl  7.61-1 -> 7.61-2 HIGH fixed\nCVE-2024-2 x  1 ->  LOW unfixed application\n"},
    {"anchorectl", R"json([{"feed": "vulnerabilities", "feedGroup": "debian:9", "fix": "None", "packageName": "apt", "packageType": "dpkg", "packageVersion": "1.4.9", "severity": "Negligible", "vuln": "CVE-2011-3374"}])json",
     "anchore |  debian 9\nCVE-2011-3374 apt  1.4.9 ->  NEGLIGIBLE unfixed\n"},
    {"anchore enterprise", R"json({"metadata": {"repository": "app", "imageDigest": "sha256:bb"}, "securityEvaluation": [{"vulnerabilityId": "CVE-2024-1", "cves": "CVE-2024-1", "severity": "High", "packageType": "RPM", "path": "pkgdb", "package": "cups-libs-1:2.2.6-61.el8_10", "fixAvailable": "1:2.2.6-62.el8_10"}]})json",
     "anchore | app     sha256:bb\nCVE-2024-1 cups-libs  1:2.2.6-61.el8_10 -> 1:2.2.6-62.el8_10 HIGH fixed\n"},
    {"prisma", R"json({"results": [{"id": "sha256:aa", "distro": "Debian GNU/Linux 9 (stretch)", "vulnerabilities": [{"id": "CVE-2024-1", "packageName": "curl", "packageVersion": "1.0", "status": "fixed in 1.2.3, 1.4", "severity": "important"}, {"id": "CVE-2024-2", "packageName": "curl", "packageVersion": "1.0", "status": "will not fix", "severity": "low"}]}]})json",
     "prisma |  debian 9  sha256:aa\nCVE-2024-1 curl  1.0 -> 1.2.3,1.4 HIGH fixed\nCVE-2024-2 curl  1.0 ->  LOW will not fix\n"},
    {"sysdig cli", R"json({"result": {"metadata": {"pullString": "app:1", "imageId": "sha256:aa", "digest": "sha256:bb", "baseOs": "debian 12.1", "architecture": "amd64"}, "packages": [{"type": "os", "name": "curl", "version": "1", "vulns": [{"name": "CVE-2024-1", "severity": {"value": "High"}, "fixedInVersion": "2"}]}, {"type": "python", "name": "x", "version": "1", "path": "/x", "vulns": []}]}})json",
     "sysdig | app:1 debian 12.1 amd64 sha256:aa sha256:bb\nCVE-2024-1 curl  1 -> 2 HIGH fixed\n"},
    {"sysdig secure", R"json({"panels": [{"data": [{"container_image": "app:1", "container_image_distro": "debian 12.9", "container_image_id": "sha256:aa", "scan_package_name": "tar", "scan_package_type": "OS", "scan_package_version": "1", "vuln_fixed_in_version": "", "vuln_id": "CVE-2024-1", "vuln_severity": "Negligible"}]}]})json",
     "sysdig | app:1 debian 12.9  sha256:aa\nCVE-2024-1 tar  1 ->  NEGLIGIBLE unfixed\n"},
    {"qualys", R"json({"sha": "aa", "operatingSystem": "Debian Linux 12.1", "architecture": "amd64", "vulnerabilities": [{"qid": 1, "title": "t", "severity": 4, "cveids": ["CVE-2024-1", "CVE-2024-2"], "software": [{"name": "curl", "version": "1", "fixVersion": "2"}]}]})json",
     "qualys |  debian 12.1 amd64\nCVE-2024-1 curl  1 -> 2 HIGH fixed aliases CVE-2024-2\n"},
    {"neuvector", R"json({"report": {"vulnerabilities": [{"name": "CVE-2024-1", "severity": "High", "package_name": "openssh", "package_version": "7.2", "fixed_version": "1:7.2p2-3"}], "modules": [], "base_os": "ubuntu:22.04"}})json",
     "neuvector |  ubuntu 22.04\nCVE-2024-1 openssh  7.2 -> 1:7.2p2-3 HIGH fixed\n"},
    {"aqua", R"json({"image": "app:1", "os": "alpine", "version": "3.9.4", "resources": [{"resource": {"format": "apk", "name": "musl", "version": "1.1.20-r4", "arch": "x86_64"}, "vulnerabilities": [{"name": "CVE-2024-1", "aqua_severity": "high", "fix_version": "1.1.20-r5"}]}]})json",
     "aqua | app:1 alpine 3.9.4\nCVE-2024-1 musl x86_64 1.1.20-r4 -> 1.1.20-r5 HIGH fixed\n"},
    {"jfrog", R"json([{"vulnerabilities": [{"cves": [{"cve": "CVE-2024-1"}], "severity": "High", "issue_id": "XRAY-1", "components": {"deb://debian:bullseye:curl:7.74.0-1.3": {"fixed_versions": ["[7.74.0-1.3+deb11u2]"]}, "gav://org.a:b:1.2": {}}}]}])json",
     "jfrog |\nCVE-2024-1 curl  7.74.0-1.3 -> 7.74.0-1.3+deb11u2 HIGH fixed\nCVE-2024-1 org.a:b  1.2 ->  HIGH unfixed application\n"},
    {"jfrog simple", R"json({"vulnerabilities": [{"severity": "Low", "impactedPackageName": "curl", "impactedPackageVersion": "1", "impactedPackageType": "Debian", "fixedVersions": ["[2]"], "cves": [{"id": "CVE-2024-1"}], "issueId": "XRAY-1"}]})json",
     "jfrog |\nCVE-2024-1 curl  1 -> 2 LOW fixed\n"},
    {"gitlab", R"json({"version": "15.0.0", "scan": {"type": "container_scanning", "scanner": {"id": "trivy"}}, "vulnerabilities": [{"severity": "High", "solution": "Upgrade apt to 1.8.2.2", "identifiers": [{"type": "cve", "value": "CVE-2024-1"}], "location": {"dependency": {"package": {"name": "apt"}, "version": "1.8.2.1"}, "operating_system": "debian 10.9", "image": "app:1"}}]})json",
     "gitlab | app:1 debian 10.9\nCVE-2024-1 apt  1.8.2.1 -> 1.8.2.2 HIGH fixed\n"},
    {"clair-scanner", R"json({"image": "app:1", "unapproved": ["CVE-2024-1"], "vulnerabilities": [{"featurename": "systemd", "featureversion": "237-3", "vulnerability": "CVE-2024-1", "namespace": "ubuntu:18.04", "severity": "Medium", "fixedby": "237-4"}]})json",
     "clair-scanner | app:1 ubuntu 18.04\nCVE-2024-1 systemd  237-3 -> 237-4 MEDIUM fixed\n"},
    {"klar", R"json({"LayerCount": 9, "Vulnerabilities": {"High": [{"Name": "RHSA-2019:0109", "NamespaceName": "centos:7", "Severity": "High", "FixedBy": "4:5.16.3-294.el7_6", "FeatureName": "perl-libs", "FeatureVersion": "4:5.16.3-293.el7"}]}})json",
     "klar |  centos 7\nRHSA-2019:0109 perl-libs  4:5.16.3-293.el7 -> 4:5.16.3-294.el7_6 HIGH fixed\n"},
    {"quay", R"json({"status": "scanned", "data": {"Layer": {"Features": [{"Name": "curl", "Version": "1", "VersionFormat": "dpkg", "NamespaceName": "debian:12", "Vulnerabilities": [{"Name": "CVE-2024-1", "Severity": "High", "FixedBy": "2"}]}]}}})json",
     "quay |  debian 12\nCVE-2024-1 curl  1 -> 2 HIGH fixed\n"},
};

}  // namespace resole::advisory
