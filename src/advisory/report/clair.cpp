// SPDX-License-Identifier: Apache-2.0
// Clair's tables are joined by ids: package_vulnerabilities names, for each package, the vulnerabilities. Without vulnerabilities the file is the index half, an
// inventory. A vulnerability's name may be a sentence ("CVE-2024-1 on Ubuntu 22.04 (jammy) - low"). The package database tells what installs a package.
#include <algorithm>
#include <map>

#include "advisory/report/formats_of_reports.hpp"
#include "advisory/report/reading.hpp"
#include "base/text.hpp"

namespace resole::advisory::clair {

namespace {

// "var/lib/dpkg/status", "lib/apk/db/installed", "sqlite:usr/share/rpm", "bdb:var/lib/rpm"; others are "go:...", "maven:...", "python:...".
std::string_view type_of_database(std::string_view database) {
  if (database.find("dpkg") != std::string_view::npos) return "deb";
  if (database.find("apk/db") != std::string_view::npos) return "apk";
  for (const std::string_view kind : {"sqlite:", "bdb:", "ndb:"}) {
    if (database.starts_with(kind)) return "rpm";
  }
  return database.find("/rpm") != std::string_view::npos ? "rpm" : database.substr(0, database.find(':'));
}

std::string database_of(const Json& report, const std::string& id) {
  const Json& environments = object_or_empty(report, "environments");
  std::string database;
  if (environments.contains(id)) {
    each(environments, id, [&](const Json& environment) {
      if (database.empty()) database = string_or(environment, "package_db", "");
    });
  }
  return database;
}

ListedPackage read_package(const Json& report, const std::string& id, const Json& package) {
  if (!package.is_object()) throw Error(ErrorKind::input, fmt::format("expected an object, found {}", package.type_name()));
  ListedPackage one;
  one.name = string_or(package, "name", "");
  one.version = string_or(package, "version", "");
  one.arch = string_or(package, "arch", "");
  const Json& source = object_or_empty(package, "source");
  one.source = string_or(source, "name", "");
  one.source_version = string_or(source, "version", "");
  one.type = type_of_database(database_of(report, id));
  return one;
}

bool is_os(const ListedPackage& package) { return package.type.empty() || package.type == "deb" || package.type == "apk" || package.type == "rpm"; }

Finding read_vulnerability(const Json& vulnerability, const ListedPackage& package, const std::string& database, const std::string& module) {
  const std::string name = required_text(vulnerability, "name");
  Finding finding;
  const std::vector<std::string> ids = advisory_ids(name);
  finding.id = ids.empty() ? name : ids.front();
  for (std::size_t i = 1; i < ids.size(); ++i) finding.aliases.push_back(ids[i]);
  finding.package = package.name;
  finding.arch = package.arch;
  finding.installed = package.version;
  finding.source = package.source;
  finding.source_version = package.source_version;
  finding.type = package.type;
  finding.module = module;
  set_fixes(finding, fix_versions(string_or(vulnerability, "fixed_in_version", "")));
  finding.status = parse_status("", !finding.fixed.empty());
  finding.severity = parse_severity(string_or(vulnerability, "normalized_severity", string_or(vulnerability, "severity", "")));
  const std::string links = string_or(vulnerability, "links", "");
  finding.url = links.substr(0, links.find(' '));
  finding.operating_system = is_os(package);
  finding.target = database;
  return finding;
}

}  // namespace

std::vector<std::string> fields() {
  std::vector<std::string> out = {"/manifest_hash", "/state", "/package_vulnerabilities", "/environments/*/*/package_db", "/distributions/*/did", "/distributions/*/version_id"};
  append_fields(out, "/packages/*", {"/name", "/version", "/arch", "/module", "/source/name", "/source/version"});
  append_fields(out, "/vulnerabilities/*", {"/name", "/fixed_in_version", "/normalized_severity", "/severity", "/links"});
  return out;
}

bool recognise(const Json& report) { return has(report, "manifest_hash") && has(report, "packages") && report["packages"].is_object(); }

void read(const Json& report, Report& out) {
  if (const std::string digest = digest_part(string_or(report, "manifest_hash", "")); !digest.empty()) out.subject.digests.push_back(digest);
  each_member(report, "distributions", [&](const std::string&, const Json& distribution) {
    if (!distribution.is_object() || !out.subject.os_family.empty()) return;
    out.subject.os_family = lower(string_or(distribution, "did", ""));
    out.subject.os_name = string_or(distribution, "version_id", "");
  });
  std::map<std::string, std::size_t> position;
  std::map<std::string, std::string> module;
  each_member(report, "packages", [&](const std::string& id, const Json& package) {
    take_row(out, [&] { return "packages: " + id; },
             [&] {
               out.packages.push_back(read_package(report, id, package));
               position.emplace(id, out.packages.size() - 1);
               module.emplace(id, string_or(package, "module", ""));
             });
  });
  out.inventory_only = !report.contains("vulnerabilities") && !report.contains("package_vulnerabilities");
  const Json& vulnerabilities = object_or_empty(report, "vulnerabilities");
  each_member(report, "package_vulnerabilities", [&](const std::string& id, const Json& list) {
    const auto package = position.find(id);
    if (!list.is_array() && !list.is_null()) throw Error(ErrorKind::input, fmt::format("expected a list, found {}", list.type_name()));
    for (const Json& entry : list) {
      take_row(out, [&] { return "package_vulnerabilities: " + id; },
               [&] {
                 if (package == position.end()) throw Error(ErrorKind::input, "\"packages\" has no such package");
                 const auto vulnerability = vulnerabilities.find(text_of(entry));
                 if (vulnerability == vulnerabilities.end() || !vulnerability->is_object()) throw Error(ErrorKind::input, fmt::format("\"vulnerabilities\" has no {}", printable(dump_compact(entry), 60)));
                 out.findings.push_back(read_vulnerability(*vulnerability, out.packages[package->second], database_of(report, id), module[id]));
               });
    }
  });
  std::erase_if(out.packages, [](const ListedPackage& package) { return package.name.empty(); });
}

}  // namespace resole::advisory::clair
