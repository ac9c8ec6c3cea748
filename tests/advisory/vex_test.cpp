// SPDX-License-Identifier: Apache-2.0
// Which findings do not count, by the documents and lists of every form; and what is refused.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>

#include "advisory/shared_data.hpp"
#include "advisory/vex/screen.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::advisory::vex {
namespace RESOLE_TEST_FILE {

const std::string kDigest = "sha256:" + std::string(64, 'a'), kOther = "sha256:" + std::string(64, 'b');

pkg::Inventory inventory() {
  pkg::Inventory inventory;
  inventory.family = "deb";
  inventory.os = {.id = "debian", .version_id = "12", .codename = "bookworm"};
  inventory.arch = "amd64";
  for (const auto& [name, version, source, source_version] : std::vector<std::array<std::string, 4>>{
           {"bash", "5.2.15-2+b7", "bash", "5.2.15-2"}, {"bsdutils", "1:2.38.1-5", "util-linux", "2.38.1-5"}, {"libcurl4", "7.88.1-10", "curl", "7.88.1-10"}}) {
    pkg::InstalledPackage package;
    package.name = name;
    package.version = version;
    package.arch = "amd64";
    package.source = {source, source_version};
    inventory.packages.push_back(package);
  }
  return inventory;
}

Finding finding(const std::string& id, const std::string& package, const std::string& installed) {
  Finding finding;
  finding.id = id;
  finding.package = package;
  finding.installed = installed;
  finding.arch = "amd64";
  return finding;
}

std::vector<Finding> usual_findings() {
  std::vector<Finding> all = {finding("CVE-1", "bash", "5.2.15-2+b7"), finding("CVE-1", "libcurl4", "7.88.1-10"), finding("CVE-2", "bsdutils", "1:2.38.1-5")};
  all[2].aliases = {"GHSA-2"};
  all[1].fixed = "7.88.1-10+deb12u1";
  Finding npm = finding("CVE-3", "lodash", "4.17.20");
  npm.operating_system = false;
  npm.arch = "";
  npm.type = "npm";
  npm.purl = "pkg:npm/lodash@4.17.20";
  npm.target = "srv/app/node_modules/lodash/package.json";
  all.push_back(npm);
  return all;
}

// "CVE-1 bash, ..." of what is suppressed at `now` for the image of kDigest.
std::string suppressed(const std::vector<std::string>& documents, std::int64_t now = 1'700'000'000, std::vector<Finding> findings = usual_findings()) {
  const pkg::Inventory installed = inventory();
  const ImageIdentity image{.digests = {kDigest}, .names = {{"registry.example.org/team/app", "1.4"}}, .architecture = "amd64", .inventory = installed};
  std::vector<Document> read;
  for (const std::string& text : documents) read.push_back(read_document(text, "vex.json"));
  const std::size_t before = findings.size();
  std::vector<std::string> out;
  for (const Suppression& each : suppress(findings, read, image, now)) out.push_back(each.finding.id + " " + each.finding.package);
  EXPECT_EQ(out.size() + findings.size(), before) << "each finding counts or does not";
  return join(out, ", ");
}

std::string failure_of(std::string_view text) {
  try {
    read_document(text, "vex.json");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input) << error.what();
    return error.what();
  }
  return "none";
}

std::string openvex(const std::string& statements) {
  return R"({"@context": "https://openvex.dev/ns/v0.2.0", "author": "team", "timestamp": "2023-01-02T00:00:00Z", "statements": [)" + statements + "]}";
}
std::string statement(const std::string& id, const std::string& products, const std::string& status = "not_affected", const std::string& more = "") {
  return R"({"vulnerability": {"name": ")" + id + R"("}, "products": [)" + products + R"(], "status": ")" + status + "\"" + more + "}";
}
std::string product(const std::string& id, const std::string& part = "") {
  return R"({"@id": ")" + id + "\"" + (part.empty() ? "" : R"(, "subcomponents": [{"@id": ")" + part + "\"}]") + "}";
}
std::string image_url(const std::string& digest) { return "pkg:oci/app@sha256%3A" + digest.substr(7); }

// ---------------------------------------------------------------- OpenVEX

// The scanner has judged already; what it says is not lost.
TEST(Vex, what_a_report_calls_not_affected_is_listed) {
  auto findings = usual_findings();
  findings[0].status = Status::not_affected;
  EXPECT_EQ(suppressed({}, 1'700'000'000, findings), "CVE-1 bash");
  EXPECT_EQ(suppressed({}), "");
}

// A VEX document is a later word than the scanner's own filter: what it calls affected counts, and is planned as any other.
TEST(Vex, affected_undoes_what_a_report_suppressed) {
  auto findings = usual_findings();
  findings[0].suppressed = "an ignore rule of the scan";
  findings[1].status = Status::not_affected;
  const pkg::Inventory installed = inventory();
  const ImageIdentity image{.digests = {kDigest}, .names = {}, .architecture = "amd64", .inventory = installed};
  const std::vector<Document> affected = {read_document(openvex(statement("CVE-1", product("pkg:deb/debian/bash") + "," + product("pkg:deb/debian/libcurl4"), "affected")), "vex.json")};
  EXPECT_TRUE(suppress(findings, affected, image, 1'700'000'000).empty());
  ASSERT_EQ(findings.size(), usual_findings().size());
  EXPECT_EQ(findings[0].suppressed, "");
  EXPECT_EQ(findings[1].status, Status::fixed);
}

TEST(OpenVex, a_package_in_any_image) {
  EXPECT_EQ(suppressed({openvex(statement("CVE-1", product("pkg:deb/debian/bash")))}), "CVE-1 bash");
  EXPECT_EQ(suppressed({openvex(statement("CVE-1", product("pkg:deb/debian/bash@5.2.15-2%2Bb7?arch=amd64&distro=debian-12")))}), "CVE-1 bash");
  EXPECT_EQ(suppressed({openvex(statement("CVE-1", product("pkg:deb/debian/bash@5.1")))}), "") << "another version";
  EXPECT_EQ(suppressed({openvex(statement("CVE-1", product("pkg:deb/ubuntu/bash")))}), "") << "another distribution";
  EXPECT_EQ(suppressed({openvex(statement("CVE-1", product("pkg:deb/debian/bash?distro=debian-11")))}), "");
  EXPECT_EQ(suppressed({openvex(statement("CVE-1", product("pkg:deb/debian/bash?arch=arm64")))}), "");
  EXPECT_EQ(suppressed({openvex(statement("CVE-1", product("pkg:deb/debian/bash?flavour=odd")))}), "") << "a condition that cannot be judged";
  EXPECT_EQ(suppressed({openvex(statement("CVE-9", product("pkg:deb/debian/bash")))}), "");
}

TEST(OpenVex, epochs_and_sources) {
  EXPECT_EQ(suppressed({openvex(statement("CVE-2", product("pkg:deb/debian/bsdutils@2.38.1-5?epoch=1")))}), "CVE-2 bsdutils");
  EXPECT_EQ(suppressed({openvex(statement("CVE-2", product("pkg:deb/debian/bsdutils@2.38.1-5")))}), "") << "not the version that is installed";
  EXPECT_EQ(suppressed({openvex(statement("CVE-2", product("pkg:deb/debian/util-linux@2.38.1-5?arch=source&distro=bookworm")))}), "CVE-2 bsdutils");
  EXPECT_EQ(suppressed({openvex(statement("CVE-2", product("pkg:deb/debian/util-linux@2.38.1-5")))}), "") << "a binary of that name is not meant";
  EXPECT_EQ(suppressed({openvex(statement("GHSA-2", product("pkg:deb/debian/bsdutils")))}), "CVE-2 bsdutils") << "by another name of it";
}

TEST(OpenVex, the_image_by_digest_or_name) {
  EXPECT_EQ(suppressed({openvex(statement("CVE-1", product(image_url(kDigest))))}), "CVE-1 bash, CVE-1 libcurl4");
  EXPECT_EQ(suppressed({openvex(statement("CVE-1", product(image_url(kDigest), "pkg:deb/debian/bash")))}), "CVE-1 bash");
  EXPECT_EQ(suppressed({openvex(statement("CVE-1", product("pkg:oci/app?repository_url=registry.example.org/team&tag=1.4")))}), "CVE-1 bash, CVE-1 libcurl4");
  EXPECT_EQ(suppressed({openvex(statement("CVE-1", product("pkg:oci/app?repository_url=registry.example.org/team/app")))}), "CVE-1 bash, CVE-1 libcurl4");
  EXPECT_EQ(suppressed({openvex(statement("CVE-1", product("pkg:oci/app?tag=1.5")))}), "");
  EXPECT_EQ(suppressed({openvex(statement("CVE-1", product("pkg:oci/app?repository_url=registry.example.org/other")))}), "");
  EXPECT_EQ(suppressed({openvex(statement("CVE-1", product("pkg:oci/pp")))}), "") << "half a name is none";
}

TEST(OpenVex, about_another_digest_it_says_nothing) {
  EXPECT_EQ(suppressed({openvex(statement("CVE-1", product(image_url(kOther))))}), "");
  EXPECT_EQ(suppressed({openvex(statement("CVE-1", product(image_url(kOther), "pkg:deb/debian/bash"), "fixed"))}), "");
  EXPECT_EQ(suppressed({openvex(statement("CVE-1", R"({"@id": "https://example.org/x", "hashes": {"sha-256": ")" + kDigest.substr(7) + "\"}}"))}), "CVE-1 bash, CVE-1 libcurl4");
}

TEST(OpenVex, a_part_of_another_program_is_not_the_package) {
  EXPECT_EQ(suppressed({openvex(statement("CVE-3", product("pkg:npm/other-app", "pkg:npm/lodash@4.17.20")))}), "");
  EXPECT_EQ(suppressed({openvex(statement("CVE-3", product("pkg:npm/lodash@4.17.20")))}), "CVE-3 lodash");
  EXPECT_EQ(suppressed({openvex(statement("CVE-3", product("pkg:npm/lodash@4.17.21")))}), "");
}

TEST(OpenVex, the_last_word_counts) {
  const std::string early = R"(, "timestamp": "2023-05-01T00:00:00Z")", late = R"(, "timestamp": "2023-06-01T02:00:00+02:00")";
  const std::string bash = product("pkg:deb/debian/bash");
  EXPECT_EQ(suppressed({openvex(statement("CVE-1", bash, "affected", late) + "," + statement("CVE-1", bash, "not_affected", early))}), "");
  EXPECT_EQ(suppressed({openvex(statement("CVE-1", bash, "not_affected", late) + "," + statement("CVE-1", bash, "affected", early))}), "CVE-1 bash");
  EXPECT_EQ(suppressed({openvex(statement("CVE-1", bash, "not_affected", early)), openvex(statement("CVE-1", bash, "under_investigation", late))}), "") << "in another file";
  EXPECT_EQ(suppressed({openvex(statement("CVE-1", bash, "fixed"))}), "CVE-1 bash");
}

TEST(OpenVex, the_older_form_has_bare_strings) {
  EXPECT_EQ(suppressed({R"({"@context": "https://openvex.dev/ns", "author": "x", "statements": [{"vulnerability": "CVE-1", "products": ["pkg:deb/debian/bash"], "status": "not_affected"}]})"}),
            "CVE-1 bash");
}

TEST(OpenVex, what_names_nothing_is_told) {
  const Document document = read_document(openvex(statement("CVE-1", product("https://example.org/product"))), "v");
  EXPECT_TRUE(document.statements.empty());
  ASSERT_EQ(document.notes.size(), 1u);
  EXPECT_NE(document.notes[0].find("1 statements name no image"), std::string::npos);
}

TEST(OpenVex, damage_is_found_by_its_place) {
  EXPECT_EQ(failure_of(openvex(statement("CVE-1", "7"))), "VEX file vex.json: statements[0]: products[0]: expected an object or a string, found number");
  EXPECT_NE(failure_of(openvex(statement("CVE-1", "", "maybe"))).find("statements[0]: \"status\" is \"maybe\""), std::string::npos);
  EXPECT_NE(failure_of(openvex(R"({"products": []})")).find("statements[0]: \"vulnerability\" is missing"), std::string::npos);
  EXPECT_NE(failure_of(openvex(statement("CVE-1", "", "fixed", R"(, "timestamp": "noon")"))).find("\"timestamp\" is no time: noon"), std::string::npos);
}

// ---------------------------------------------------------------- CSAF

std::string csaf(const std::string& status, const std::string& more = "") {
  return R"({"document": {"category": "csaf_vex", "csaf_version": "2.0", "tracking": {"current_release_date": "2023-03-03T11:00:00.000Z"}},
    "product_tree": {"branches": [{"category": "vendor", "name": "v", "branches": [
        {"category": "product_version", "product": {"product_id": "BASH", "name": "bash", "product_identification_helper": {"purl": "pkg:deb/debian/bash"}}}]}],
      "full_product_names": [{"product_id": "IMAGE", "name": "app", "product_identification_helper": {"purl": ")" +
         image_url(kDigest) + R"("}}, {"product_id": "OTHER", "name": "x", "product_identification_helper": {"purl": ")" + image_url(kOther) + R"("}},
         {"product_id": "PROGRAM", "name": "x", "product_identification_helper": {"purl": "pkg:golang/example.org/x"}}, {"product_id": "BARE", "name": "x"}],
      "relationships": [
        {"product_reference": "BASH", "category": "default_component_of", "relates_to_product_reference": "IMAGE", "full_product_name": {"product_id": "IMAGE:BASH", "name": "y"}},
        {"product_reference": "BASH", "category": "default_component_of", "relates_to_product_reference": "OTHER", "full_product_name": {"product_id": "OTHER:BASH", "name": "y"}},
        {"product_reference": "BASH", "category": "default_component_of", "relates_to_product_reference": "PROGRAM", "full_product_name": {"product_id": "PROGRAM:BASH", "name": "y"}}]},
    "vulnerabilities": [{"cve": "CVE-1", "product_status": {)" +
         status + "}" + more + "}]}";
}

TEST(Csaf, products_are_found_through_the_tree) {
  EXPECT_EQ(suppressed({csaf(R"("known_not_affected": ["BASH"])")}), "CVE-1 bash");
  EXPECT_EQ(suppressed({csaf(R"("fixed": ["BASH"])")}), "CVE-1 bash");
  EXPECT_EQ(suppressed({csaf(R"("known_affected": ["BASH"])")}), "");
  EXPECT_EQ(suppressed({csaf(R"("known_not_affected": ["IMAGE"])")}), "CVE-1 bash, CVE-1 libcurl4");
  EXPECT_EQ(suppressed({csaf(R"("known_not_affected": ["IMAGE:BASH"])")}), "CVE-1 bash");
  EXPECT_EQ(suppressed({csaf(R"("known_not_affected": ["OTHER:BASH"])")}), "") << "of another image";
  EXPECT_EQ(suppressed({csaf(R"("known_not_affected": ["PROGRAM:BASH"])")}), "") << "of a program";
  EXPECT_EQ(suppressed({csaf(R"("known_not_affected": ["BARE", "NOWHERE"])")}), "");
}

TEST(Csaf, reasons_come_from_flags_and_threats) {
  const Document document = read_document(csaf(R"("known_not_affected": ["BASH"])", R"(, "flags": [{"label": "component_not_present", "product_ids": ["BASH"]}],
      "threats": [{"category": "impact", "details": "Removed.", "product_ids": ["BASH"]}])"), "v");
  ASSERT_EQ(document.statements.size(), 1u);
  EXPECT_EQ(document.statements[0].reason, "component_not_present: Removed.");
  EXPECT_EQ(document.statements[0].place, "vulnerabilities[0] known_not_affected BASH");
}

// ---------------------------------------------------------------- CycloneDX

std::string cyclonedx(const std::string& analysis, const std::string& affects) {
  return R"({"bomFormat": "CycloneDX", "specVersion": "1.5", "metadata": {"component": {"type": "container", "bom-ref": "app", "name": "app", "version": ")" + kDigest +
         R"("}}, "components": [{"type": "library", "bom-ref": "b", "name": "bash", "purl": "pkg:deb/debian/bash"}],
      "vulnerabilities": [{"id": "CVE-1", "analysis": )" + analysis + R"(, "affects": [)" + affects + "]}]}";
}

TEST(CycloneDx, states_and_refs) {
  EXPECT_EQ(suppressed({cyclonedx(R"({"state": "not_affected"})", R"({"ref": "b"})")}), "CVE-1 bash");
  EXPECT_EQ(suppressed({cyclonedx(R"({"state": "false_positive"})", R"({"ref": "b"})")}), "CVE-1 bash");
  EXPECT_EQ(suppressed({cyclonedx(R"({"state": "exploitable"})", R"({"ref": "b"})")}), "");
  EXPECT_EQ(suppressed({cyclonedx("{}", R"({"ref": "b"})")}), "");
  EXPECT_EQ(suppressed({cyclonedx(R"({"state": "not_affected"})", R"({"ref": "app"})")}), "CVE-1 bash, CVE-1 libcurl4") << "the image, by its digest";
  EXPECT_EQ(suppressed({cyclonedx(R"({"state": "not_affected"})", R"({"ref": "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#pkg:deb/debian/bash@5.2.15-2%2Bb7?arch=amd64"})")}), "CVE-1 bash");
  EXPECT_EQ(suppressed({cyclonedx(R"({"state": "not_affected"})", R"({"ref": "urn:cdx:3e67/1#pkg%3Adeb%2Fdebian%2Fbash"})")}), "CVE-1 bash");
  EXPECT_EQ(suppressed({cyclonedx(R"({"state": "not_affected"})", R"({"ref": "nobody"})")}), "");
}

TEST(CycloneDx, versions_narrow) {
  EXPECT_EQ(suppressed({cyclonedx(R"({"state": "not_affected"})", R"({"ref": "b", "versions": [{"version": "5.2.15-2+b7", "status": "affected"}]})")}), "CVE-1 bash");
  EXPECT_EQ(suppressed({cyclonedx(R"({"state": "not_affected"})", R"({"ref": "b", "versions": [{"version": "5.1", "status": "affected"}]})")}), "");
  EXPECT_EQ(suppressed({cyclonedx("{}", R"({"ref": "b", "versions": [{"version": "5.2.15-2+b7", "status": "unaffected"}]})")}), "CVE-1 bash");
  EXPECT_EQ(suppressed({cyclonedx(R"({"state": "not_affected"})", R"({"ref": "b", "versions": [{"range": "vers:deb/>=1", "status": "affected"}]})")}), "") << "ranges are not judged";
}

// ---------------------------------------------------------------- ignore lists

TEST(TrivyIgnore, lines) {
  EXPECT_EQ(suppressed({"# accepted\nCVE-1\n\nDS-0002 # of another scanner\n"}), "CVE-1 bash, CVE-1 libcurl4");
  EXPECT_EQ(suppressed({"GHSA-2\n"}), "") << "Trivy compares the id that it prints";
  EXPECT_EQ(suppressed({"CVE-1 exp:2023-12-01 until the migration\n"}, *parse_time("2023-11-30")), "CVE-1 bash, CVE-1 libcurl4");
  EXPECT_EQ(suppressed({"CVE-1 exp:2023-12-01\n"}, *parse_time("2023-12-01")), "") << "it has expired";
  const Document document = read_document("CVE-1 exp:2023-12-01 until the migration # ticket 7\r\n", "i");
  EXPECT_EQ(document.statements.at(0).reason, "until the migration: ticket 7");
  EXPECT_EQ(failure_of("CVE-1\n<html>\n"), "VEX file vex.json: line 2: \"<html>\" is no advisory id");
  EXPECT_NE(failure_of("CVE-1 exp:soon\n").find("line 1: \"soon\" is no day"), std::string::npos);
}

TEST(TrivyIgnore, yaml) {
  EXPECT_EQ(suppressed({"vulnerabilities:\n  - id: CVE-1\n    purls: [\"pkg:deb/debian/bash\"]\n    statement: not used\n"}), "CVE-1 bash");
  EXPECT_EQ(suppressed({"vulnerabilities:\n  - id: CVE-1\n    expired_at: 2023-01-01\n"}), "");
  EXPECT_EQ(suppressed({"vulnerabilities:\n  - id: CVE-3\n    paths: [\"srv/app/**/package.json\"]\n"}), "CVE-3 lodash");
  EXPECT_EQ(suppressed({"vulnerabilities:\n  - id: CVE-3\n    paths: [\"srv/*/package.json\"]\n"}), "") << "a star stays within a directory";
  EXPECT_EQ(suppressed({"misconfigurations:\n  - id: AVD-1\nsecrets:\n  - id: aws\n"}), "");
  EXPECT_NE(failure_of("vulnerabilities:\n  - id: CVE-1\n    only_on_mondays: true\n").find("vulnerabilities[0]: \"only_on_mondays\" is not known here"), std::string::npos);
  EXPECT_NE(failure_of("vulnerabilities:\n  - paths: [x]\n").find("vulnerabilities[0]: \"id\" is missing"), std::string::npos);
}

TEST(GrypeRules, conditions) {
  EXPECT_EQ(suppressed({"ignore:\n  - vulnerability: CVE-1\n    package: {name: bash, type: deb}\n"}), "CVE-1 bash");
  EXPECT_EQ(suppressed({"ignore:\n  - vulnerability: CVE-1\n    package: {name: bash, type: rpm}\n"}), "");
  EXPECT_EQ(suppressed({"ignore:\n  - package: {name: \"lib.*\"}\n"}), "CVE-1 libcurl4");
  EXPECT_EQ(suppressed({"ignore:\n  - package: {upstream-name: util-linux}\n"}), "CVE-2 bsdutils");
  EXPECT_EQ(suppressed({"ignore:\n  - package: {location: \"/srv/**\"}\n"}), "CVE-3 lodash");
  EXPECT_EQ(suppressed({"ignore:\n  - fix-state: fixed\n"}), "CVE-1 libcurl4");
  EXPECT_EQ(suppressed({"ignore:\n  - vulnerability: GHSA-2\n"}), "");
  EXPECT_EQ(suppressed({"ignore:\n  - vulnerability: GHSA-2\n    include-aliases: true\n"}), "CVE-2 bsdutils");
  EXPECT_NE(failure_of("ignore:\n  - package: {name: \"(a|b)\"}\n").find("ignore[0]: the expression \"(a|b)\""), std::string::npos);
  EXPECT_NE(failure_of("ignore:\n  - reason: x\n").find("a rule without any condition"), std::string::npos);
  const Document document = read_document("ignore:\n  - vulnerability: CVE-1\n    namespace: debian:distro:debian:12\n", "g");
  EXPECT_TRUE(document.statements.empty());
  EXPECT_NE(document.notes.at(0).find("\"namespace\""), std::string::npos);
}

TEST(Suppress, the_operator_has_the_last_word) {
  const std::string vex = openvex(statement("CVE-1", product("pkg:deb/debian/bash"), "affected", R"(, "timestamp": "2030-01-01T00:00:00Z")"));
  EXPECT_EQ(suppressed({"CVE-1\n", vex}), "CVE-1 bash, CVE-1 libcurl4");
}

TEST(Suppress, what_the_report_itself_suppresses) {
  std::vector<Finding> findings = usual_findings();
  findings[0].suppressed = "ignored in the scan";
  findings[1].suppressed = "ignored in the scan";
  EXPECT_EQ(suppressed({}, 0, findings), "CVE-1 bash, CVE-1 libcurl4");
  EXPECT_EQ(suppressed({openvex(statement("CVE-1", product("pkg:deb/debian/bash"), "affected"))}, 0, findings), "CVE-1 libcurl4");
}

TEST(PathMatches, as_scanners_read_paths) {
  EXPECT_TRUE(path_matches("a/**", "a/b/c"));
  EXPECT_TRUE(path_matches("**/c", "c"));
  EXPECT_TRUE(path_matches("a/{b,x}/c", "/a/x/c"));
  EXPECT_FALSE(path_matches("a/*", "a/b/c"));
  EXPECT_FALSE(path_matches("a", "a/b"));
  EXPECT_FALSE(path_matches(std::string(200, '{'), "a"));
  EXPECT_FALSE(path_matches("{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}", "ababababc")) << "bounded";
}

TEST(PackageUrl, parts) {
  const auto url = PackageUrl::parse("pkg:npm/%40angular/core@12.3.1?a=b%20c#sub/path");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->type + " " + url->space + " " + url->name + " " + url->version + " " + std::string(url->qualifier("a")), "npm @angular core 12.3.1 b c");
  EXPECT_EQ(PackageUrl::parse("pkg:npm/@angular/core")->space, "@angular");
  EXPECT_FALSE(PackageUrl::parse("pkg:deb"));
  EXPECT_FALSE(PackageUrl::parse("pkg:deb/"));
  EXPECT_FALSE(PackageUrl::parse("cpe:/o:x"));
}

TEST(ReadVex, what_is_none_says_so) {
  EXPECT_NE(failure_of(" \n").find("vex.json is empty"), std::string::npos);
  EXPECT_NE(failure_of("\x1f\x8b\x08").find("compressed"), std::string::npos);
  EXPECT_NE(failure_of("{\"matches\": []}").find("is no VEX document and no ignore list"), std::string::npos);
  EXPECT_NE(failure_of("{\"author\": ").find("vex.json"), std::string::npos);
  EXPECT_NE(failure_of(std::string(200, '[')), "none");
  EXPECT_NE(failure_of(std::string("CVE-1\0x\n", 8)), "none");
  EXPECT_EQ(failure_of("CVE-1\nCVE-2 # caf\xe9\n"), "VEX file vex.json: line 2: it is not UTF-8");
  EXPECT_NE(failure_of(R"({"@context": "https://openvex.dev/ns", "author": "x", "author": "y", "statements": []})").find("author"), std::string::npos) << "a key twice";
}

// Every real document is read whole, and says as much as another program counted.
TEST(RealVex, are_read) {
  const auto folder = test::shared_data("reports/vex");
  if (folder.empty() || !std::filesystem::exists(folder)) GTEST_SKIP() << "needs RESOLE_SHARED_DATA";
  std::map<std::string, std::size_t> read;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    SCOPED_TRACE(entry.path());
    const Document document = read_document(test::read_plain_or_gzip(entry.path()), entry.path().filename().string());
    read[document.format] += 1;
    EXPECT_TRUE(!document.statements.empty() || !document.notes.empty());
  }
  EXPECT_EQ(read.size(), 3u) << "OpenVEX, CSAF and CycloneDX";
}

}  // namespace
}  // namespace resole::advisory::vex
