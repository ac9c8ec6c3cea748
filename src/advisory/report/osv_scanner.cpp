// SPDX-License-Identifier: Apache-2.0
// osv-scanner: results[] per source, packages[] in it, and for each package whole OSV records, of which only the entries of `affected` for this very package and
// ecosystem count. For a distribution's packages `name` is the source and os_package_name the binary, so what a fix is a version of is known: the source's.
#include <algorithm>
#include <array>
#include <cstdlib>

#include "advisory/package_type.hpp"
#include "advisory/report/formats_of_reports.hpp"
#include "advisory/report/reading.hpp"
#include "base/text.hpp"

namespace resole::advisory::osv_scanner {

namespace {

// "Debian:12" -> "debian"; the OSV schema's ecosystems that are distributions.
std::string ecosystem_name(std::string_view ecosystem) { return lower(ecosystem.substr(0, ecosystem.find(':'))); }

void read_ecosystem(std::string_view ecosystem, Subject& subject) {
  const std::vector<std::string_view> parts = split(ecosystem, ':');
  if (!is_distribution_type(ecosystem_name(ecosystem)) || !subject.os_family.empty()) return;
  read_os_text(std::string(parts[0]) + " " + (parts.size() > 1 ? std::string(parts[1]) : ""), subject);
}

std::vector<std::string> fixes_of(const Json& record, const std::string& name, const std::string& ecosystem) {
  std::vector<std::string> fixes;
  each(record, "affected", [&](const Json& affected) {
    const Json& package = object_or_empty(affected, "package");
    if (string_or(package, "name", "") != name || ecosystem_name(string_or(package, "ecosystem", "")) != ecosystem_name(ecosystem)) return;
    // "Debian:11" and "Debian:12" are two; "Debian" alone is any.
    const std::string affected_ecosystem = string_or(package, "ecosystem", "");
    if (affected_ecosystem.find(':') != std::string::npos && ecosystem.find(':') != std::string::npos && affected_ecosystem != ecosystem) return;
    each(affected, "ranges", [&](const Json& range) {
      if (string_or(range, "type", "") == "GIT") return;
      each(range, "events", [&](const Json& event) {
        const std::string fixed = string_or(event, "fixed", "");
        if (!fixed.empty() && std::find(fixes.begin(), fixes.end(), fixed) == fixes.end()) fixes.push_back(fixed);
      });
    });
  });
  return fixes;
}

// The CVE, when there is one and only one: other scanners know it by that.
void read_ids(const Json& record, Finding& finding) {
  std::vector<std::string> ids = {required_text(record, "id")};
  for (const char* key : {"aliases", "upstream"}) {
    for (std::string& id : strings_or_empty(record, key)) ids.push_back(std::move(id));
  }
  if (const std::size_t at = ids.front().find("-CVE-"); at != std::string::npos) ids.push_back(ids.front().substr(at + 1));  // "DEBIAN-CVE-2024-1"
  std::vector<std::string> unique;
  for (std::string& id : ids) {
    if (std::find(unique.begin(), unique.end(), id) == unique.end()) unique.push_back(std::move(id));
  }
  const auto is_cve = [](const std::string& id) { return id.starts_with("CVE-"); };
  if (std::count_if(unique.begin(), unique.end(), is_cve) == 1) std::stable_partition(unique.begin(), unique.end(), is_cve);
  finding.id = unique.front();
  finding.aliases.assign(unique.begin() + 1, unique.end());
}

Severity read_severity(const Json& package, const Json& record) {
  const Json& specific = object_or_empty(record, "database_specific");
  if (const Severity said = parse_severity(text_or_empty(specific, "severity")); said != Severity::unknown) return said;
  Severity severity = Severity::unknown;
  const std::string id = string_or(record, "id", "");
  each(package, "groups", [&](const Json& group) {
    const std::vector<std::string> ids = strings_or_empty(group, "ids");
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) return;
    severity = severity_of_score(std::strtod(text_or_empty(group, "max_severity").c_str(), nullptr));
  });
  return severity;
}

void read_package(const Json& package, const std::string& target, Report& out, std::size_t& unnamed) {
  const Json& about = object_or_empty(package, "package");
  const std::string name = string_or(about, "name", ""), ecosystem = string_or(about, "ecosystem", ""), binary = string_or(about, "os_package_name", "");
  read_ecosystem(ecosystem, out.subject);
  const bool distribution = is_distribution_type(ecosystem_name(ecosystem));
  ListedPackage listed{.name = binary.empty() ? name : binary, .version = text_or_empty(about, "version"), .arch = "", .source = distribution ? name : "",
                       .source_version = "", .purl = "", .type = ecosystem_name(ecosystem)};
  each_row(out, package, "vulnerabilities", [&](const Json& record) {
    Finding finding;
    read_ids(record, finding);
    if (listed.name.empty()) return void(++unnamed);  // a commit of a repository
    finding.package = listed.name;
    finding.source = listed.source;
    finding.installed = listed.version;
    finding.type = listed.type;
    set_fixes(finding, fixes_of(record, name, ecosystem));
    if (distribution) finding.fix_of = family_of_type(listed.type) == "rpm" ? FixOf::family : FixOf::source;
    finding.status = parse_status("", !finding.fixed.empty());
    finding.severity = read_severity(package, record);
    finding.title = string_or(record, "summary", "");
    finding.operating_system = distribution;
    finding.target = target;
    out.findings.push_back(std::move(finding));
  });
  if (!listed.name.empty()) out.packages.push_back(std::move(listed));
}

}  // namespace

std::vector<std::string> fields() {
  std::vector<std::string> out = {"/image_metadata/os", "/image_metadata/layer_metadata/*/diff_id", "/results/*/source/path", "/results/*/source/type"};
  append_fields(out, "/results/*/packages/*", {"/package/name", "/package/version", "/package/ecosystem", "/package/os_package_name", "/groups/*/ids", "/groups/*/max_severity"});
  append_fields(out, "/results/*/packages/*/vulnerabilities/*", {"/id", "/aliases", "/upstream", "/summary", "/database_specific/severity", "/affected/*/package/name",
                                                                 "/affected/*/package/ecosystem", "/affected/*/ranges/*/type", "/affected/*/ranges/*/events/*/fixed"});
  return out;
}

bool recognise(const Json& report) {
  if (!has(report, "results") || !report["results"].is_array()) return false;
  const Json& results = report["results"];
  return has(report, "image_metadata") || std::any_of(results.begin(), results.end(), [](const Json& result) { return has(result, "packages") && has(result, "source"); });
}

void read(const Json& report, Report& out) {
  const Json& image = object_or_empty(report, "image_metadata");
  if (const std::string os = string_or(image, "os", ""); !os.empty()) read_os_text(os, out.subject);
  each(image, "layer_metadata", [&](const Json& layer) {
    if (const std::string diff_id = string_or(layer, "diff_id", ""); !diff_id.empty()) out.subject.diff_ids.push_back(diff_id);
  });
  std::size_t unnamed = 0;
  each_with_rows(out, report, "results", [&](const Json& result) {
    const std::string target = string_or(object_or_empty(result, "source"), "path", "");
    each_row(out, result, "packages", [&](const Json& package) { read_package(package, target, out, unnamed); });
  });
  if (unnamed > 0) out.notes.push_back(fmt::format("{} finding{} in what has no name left out", unnamed, unnamed == 1 ? "" : "s"));
}

}  // namespace resole::advisory::osv_scanner
