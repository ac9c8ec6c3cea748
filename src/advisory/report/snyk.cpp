// SPDX-License-Identifier: Apache-2.0
// Snyk names a distribution's package "source/binary" ("gcc-10/libgcc-s1") and repeats a vulnerability for every path that leads to it. The project says
// packageManager "deb", each row "debian:11". An image's applications are projects of their own below it. One object, or a list of them.
#include <algorithm>
#include <set>
#include <tuple>

#include "advisory/package_type.hpp"
#include "advisory/report/formats_of_reports.hpp"
#include "advisory/report/reading.hpp"
#include "base/text.hpp"

namespace resole::advisory::snyk {

namespace {

bool is_project(const Json& json) { return has(json, "vulnerabilities") && has(json, "packageManager") && (has(json, "dependencyCount") || has(json, "projectName") || has(json, "docker")); }

Finding read_row(const Json& row, const std::string& project_manager) {
  Finding finding;
  const std::string id = required_text(row, "id");
  finding.aliases = {id};
  const Json& identifiers = object_or_empty(row, "identifiers");
  std::vector<std::string> names = strings_or_empty(identifiers, "CVE");
  for (const std::string& ghsa : strings_or_empty(identifiers, "GHSA")) names.push_back(ghsa);
  if (names.empty()) {
    finding.id = id;
    finding.aliases.clear();
  } else {
    finding.id = names.front();
    finding.aliases.insert(finding.aliases.end(), names.begin() + 1, names.end());
  }
  const std::string manager = string_or(row, "packageManager", project_manager);
  finding.type = manager.substr(0, manager.find(':'));
  finding.operating_system = is_distribution_type(finding.type);
  const std::string name = string_or(row, "name", "");
  finding.package = name.empty() ? string_or(row, "packageName", "") : name;
  if (const std::size_t slash = finding.package.find('/'); finding.operating_system && slash != std::string::npos) {
    finding.source = finding.package.substr(0, slash);
    finding.package = finding.package.substr(slash + 1);
  } else if (finding.operating_system) {
    finding.source = string_or(row, "packageName", "");
  }
  if (finding.package.empty()) throw Error(ErrorKind::input, "\"name\" is missing or empty");
  finding.installed = string_or(row, "version", "");
  std::vector<std::string> fixes = fix_versions(string_or(row, "nearestFixedInVersion", ""));
  if (fixes.empty()) fixes = strings_or_empty(row, "fixedIn");
  set_fixes(finding, std::move(fixes));
  finding.status = parse_status("", !finding.fixed.empty());
  finding.severity = parse_severity(string_or(row, "severityWithCritical", string_or(row, "severity", "")));
  finding.title = string_or(row, "title", "");
  return finding;
}

// Each once, whatever the number of paths.
void read_rows(const Json& project, const std::string& target, Report& out) {
  const std::string manager = string_or(project, "packageManager", "");
  std::set<std::tuple<std::string, std::string, std::string, std::string>> seen;
  each_row(out, project, "vulnerabilities", [&](const Json& row) {
    Finding finding = read_row(row, manager);
    finding.target = target;
    if (seen.emplace(finding.id, finding.aliases.empty() ? "" : finding.aliases.front(), finding.package, finding.installed).second) out.findings.push_back(std::move(finding));
  });
}

void read_project(const Json& project, Report& out) {
  const std::string manager = string_or(project, "packageManager", ""), path = string_or(project, "path", "");
  if (is_distribution_type(manager)) {
    out.subject.name = path;
    const std::string platform = string_or(project, "platform", "");
    if (const std::size_t slash = platform.find('/'); slash != std::string::npos) out.subject.architecture = platform.substr(slash + 1, platform.find('/', slash + 1) - slash - 1);
    const auto docker = project.find("docker");
    if (docker != project.end() && docker->is_object()) {
      if (const std::string digest = digest_part(text_or_empty(*docker, "imageId")); !digest.empty()) out.subject.image_id = digest;
    }
    for (const Json& row : list_or_empty(project, "vulnerabilities")) {
      const std::string row_manager = row.is_object() ? text_or_empty(row, "packageManager") : "";
      if (out.subject.os_family.empty() && row_manager.find(':') != std::string::npos) read_os_text(row_manager, out.subject);
    }
  }
  read_rows(project, string_or(project, "displayTargetFile", path), out);
  each_with_rows(out, project, "applications", [&](const Json& application) { read_rows(application, string_or(application, "targetFile", ""), out); });
}

}  // namespace

std::vector<std::string> fields() {
  std::vector<std::string> out;
  for (const char* project : {"", "/*"}) {
    append_fields(out, project, {"/packageManager", "/dependencyCount", "/projectName", "/path", "/platform", "/displayTargetFile", "/docker/baseImage", "/docker/imageId",
                                 "/applications/*/packageManager", "/applications/*/targetFile"});
    for (const char* rows : {"/vulnerabilities/*", "/applications/*/vulnerabilities/*"}) {
      append_fields(out, std::string(project) + rows, {"/id", "/name", "/packageName", "/packageManager", "/version", "/nearestFixedInVersion", "/fixedIn", "/severity", "/severityWithCritical",
                                                       "/title", "/identifiers/CVE", "/identifiers/GHSA"});
    }
  }
  return out;
}

bool recognise(const Json& report) { return is_project(report) || (report.is_array() && !report.empty() && std::all_of(report.begin(), report.end(), is_project)); }

void read(const Json& report, Report& out) {
  if (!report.is_array()) return read_project(report, out);
  for (std::size_t i = 0; i < report.size(); ++i) with_rows_of(out, [&] { return fmt::format("[{}]", i); }, [&] { read_project(report[i], out); });
}

}  // namespace resole::advisory::snyk
