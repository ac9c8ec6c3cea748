// SPDX-License-Identifier: Apache-2.0
// Grype finds a package directly or through its source ("exact-indirect-match": the fix is a version of upstreams[0]); the upstream's version is left out where it
// is the binary's own. What it finds by CPE is a guess from a product's name, never a distribution's package. The same vulnerability may come twice, under GHSA and
// CVE ids, which relatedVulnerabilities tie together.
//
//   { "matches": [ { "vulnerability": { "id": ..., "fix": { "versions": [...], "state": "fixed" } }, "artifact": { "name": ..., "type": "deb", "upstreams": [...] } } ],
//     "distro": { "name": "debian", "version": "12" }, "source": { "type": "image", "target": { "imageID": ..., "manifestDigest": ..., "layers": [...] } } }
#include <algorithm>

#include "advisory/package_type.hpp"
#include "advisory/report/formats_of_reports.hpp"
#include "advisory/report/reading.hpp"
#include "base/text.hpp"

namespace resole::advisory::grype {

namespace {

bool only_by_cpe(const Json& match) {
  bool any = false, other = false;
  each(match, "matchDetails", [&](const Json& detail) {
    const std::string type = string_or(detail, "type", "");
    (type == "cpe-match" ? any : other) = true;
  });
  return any && !other;
}

// { "syft:deb": "source" } of today, "Source" of 2021.
void read_source(const Json& artifact, Finding& finding) {
  each(artifact, "upstreams", [&](const Json& upstream) {
    if (!finding.source.empty()) return;
    finding.source = string_or(upstream, "name", "");
    finding.source_version = string_or(upstream, "version", finding.installed);
  });
  const Json& metadata = object_or_empty(artifact, "metadata");
  for (const char* key : {"source", "Source", "originPackage"}) {
    if (finding.source.empty()) finding.source = text_or_empty(metadata, key);
  }
  if (finding.source_version.empty()) finding.source_version = text_or_empty(metadata, "sourceVersion");
  finding.module = text_or_empty(metadata, "modularityLabel");
}

// The versions of today's form; "fixedInVersion" of the first releases.
std::vector<std::string> read_fixes(const Json& vulnerability) {
  std::vector<std::string> versions;
  const auto fix = vulnerability.find("fix");
  if (fix != vulnerability.end() && fix->is_object()) {
    for (const std::string& version : strings_or_empty(*fix, "versions")) {
      for (std::string& each_version : fix_versions(version)) versions.push_back(std::move(each_version));
    }
  }
  if (versions.empty()) versions = fix_versions(string_or(vulnerability, "fixedInVersion", ""));
  return versions;
}

Finding read_match(const Json& match) {
  const Json& vulnerability = object_or_empty(match, "vulnerability");
  const Json& artifact = object_or_empty(match, "artifact");
  Finding finding;
  finding.id = required_text(vulnerability, "id");
  finding.package = required_text(artifact, "name");
  finding.installed = text_or_empty(artifact, "version");
  finding.type = string_or(artifact, "type", "");
  finding.purl = string_or(artifact, "purl", "");
  each(match, "relatedVulnerabilities", [&](const Json& related) {
    const std::string id = string_or(related, "id", "");
    if (!id.empty() && id != finding.id && std::find(finding.aliases.begin(), finding.aliases.end(), id) == finding.aliases.end()) finding.aliases.push_back(id);
  });
  each(vulnerability, "advisories", [&](const Json& advisory) {
    if (const std::string id = string_or(advisory, "id", ""); !id.empty()) finding.aliases.push_back(id);
  });
  read_source(artifact, finding);
  set_fixes(finding, read_fixes(vulnerability));
  const auto fix = vulnerability.find("fix");
  if (fix != vulnerability.end() && fix->is_object()) finding.status_word = string_or(*fix, "state", "");
  finding.status = parse_status(finding.status_word, !finding.fixed.empty());
  finding.severity = parse_severity(string_or(vulnerability, "severity", ""));
  finding.url = string_or(vulnerability, "dataSource", "");
  const auto exploited = vulnerability.find("knownExploited");
  finding.known_exploited = exploited != vulnerability.end() && exploited->is_array() && !exploited->empty();
  each(vulnerability, "epss", [&](const Json& score) {
    const auto value = score.find("epss");
    if (value != score.end() && value->is_number()) finding.epss = std::max(finding.epss, value->get<double>());
  });
  finding.operating_system = is_distribution_type(finding.type);
  finding.by_cpe = !finding.operating_system && only_by_cpe(match);
  each(artifact, "locations", [&](const Json& location) {
    if (finding.target.empty()) finding.target = string_or(location, "path", "");
  });
  complete_from_purl(finding);
  return finding;
}

void read_subject(const Json& report, Subject& subject) {
  const Json& distro = object_or_empty(report, "distro");
  subject.os_family = lower(string_or(distro, "name", ""));
  subject.os_name = string_or(distro, "version", "");
  const Json& source = object_or_empty(report, "source");
  const auto target = source.find("target");
  if (target == source.end() || !target->is_object()) {  // a directory's or an SBOM's name
    if (target != source.end()) subject.name = text_of(*target);
    return;
  }
  subject.name = string_or(*target, "userInput", "");
  subject.image_id = string_or(*target, "imageID", "");
  subject.architecture = string_or(*target, "architecture", "");
  if (const std::string digest = string_or(*target, "manifestDigest", ""); !digest.empty()) subject.digests.push_back(digest);
  for (const std::string& reference : strings_or_empty(*target, "repoDigests")) subject.digests.push_back(digest_part(reference));
  each(*target, "layers", [&](const Json& layer) {  // Syft, which reads the layers for Grype, calls the diff_ids digests
    if (const std::string digest = string_or(layer, "digest", ""); !digest.empty()) subject.diff_ids.push_back(digest);
  });
}

// What --ignore, the configuration or a VEX document took out.
std::string rule_in_words(const Json& match) {
  std::string words = "an ignore rule of the scan";
  each(match, "appliedIgnoreRules", [&](const Json& rule) {
    for (const char* key : {"reason", "vex-status", "vex-justification", "fix-state"}) {
      if (const std::string text = text_or_empty(rule, key); !text.empty()) words += fmt::format(", {} {}", key, text);
    }
  });
  return words;
}

}  // namespace

std::vector<std::string> fields() {
  std::vector<std::string> out = {"/distro/name", "/distro/version", "/source/target/userInput", "/source/target/imageID", "/source/target/manifestDigest", "/source/target/repoDigests",
                                  "/source/target/architecture", "/source/target/layers/*/digest", "/descriptor/name"};
  for (const char* match : {"/matches/*", "/ignoredMatches/*"}) {
    append_fields(out, match, {"/vulnerability/id", "/vulnerability/dataSource", "/vulnerability/severity", "/vulnerability/fix/versions", "/vulnerability/fix/state",
                               "/vulnerability/fixedInVersion", "/vulnerability/advisories/*/id", "/vulnerability/epss/*/epss", "/vulnerability/knownExploited/*/cve",
                               "/relatedVulnerabilities/*/id", "/matchDetails/*/type", "/artifact/name", "/artifact/version", "/artifact/type", "/artifact/purl",
                               "/artifact/locations/*/path", "/artifact/upstreams/*/name", "/artifact/upstreams/*/version", "/artifact/metadata/source",
                               "/artifact/metadata/Source", "/artifact/metadata/originPackage", "/artifact/metadata/sourceVersion", "/artifact/metadata/modularityLabel"});
  }
  append_fields(out, "/ignoredMatches/*/appliedIgnoreRules/*", {"/reason", "/vex-status", "/vex-justification", "/fix-state"});
  return out;
}

bool recognise(const Json& report) {
  return has(report, "matches") && (has(report, "source") || has(report, "descriptor") || has(report, "distro") || has(report, "ignoredMatches"));
}

void read(const Json& report, Report& out) {
  read_subject(report, out.subject);
  each_row(out, report, "matches", [&](const Json& match) { out.findings.push_back(read_match(match)); });
  each_row(out, report, "ignoredMatches", [&](const Json& match) {
    Finding finding = read_match(match);
    finding.suppressed = rule_in_words(match);
    out.findings.push_back(std::move(finding));
  });
}

}  // namespace resole::advisory::grype
