// SPDX-License-Identifier: Apache-2.0
// Trivy matches Debian's, Ubuntu's and Alpine's advisories by SOURCE package and prints the BINARY package's name and installed version
// beside the source's fix version: "bsdutils 1:2.37.2-4ubuntu3, fixed in 2.37.2-4ubuntu3.4" is vulnerable although 1: > 2. (field notes: 13
// of 934 real rows are like that). So the versions are carried as printed, never compared here, and the source's name and version are taken
// from Results[].Packages[] when the report lists packages.
//
//   { "SchemaVersion": 2, "ArtifactName": "app:1.4", "Metadata": { "OS": {...}, "ImageID": ..., "DiffIDs": [...], "RepoDigests": [...] },
//     "Results": [ { "Target": ..., "Class": "os-pkgs", "Type": "debian", "Packages": [...], "Vulnerabilities": [...] } ] }
//
// Before schema 2 a report was the bare list of Results. The operator's VulnerabilityReport has the same rows in lower camel case.
#include <algorithm>
#include <map>
#include <set>

#include "advisory/package_type.hpp"
#include "advisory/report/formats_of_reports.hpp"
#include "advisory/report/reading.hpp"
#include "base/text.hpp"

namespace resole::advisory::trivy {

namespace {

enum class Shape { none, schema2, other_schema, schema1, kubernetes, wrapped, operator_resource };

// Before schema 2 a report was the bare list of its results.
bool is_schema1(const Json& json) {
  const auto is_result = [](const Json& result) { return has(result, "Target") && (has(result, "Vulnerabilities") || has(result, "Type")); };
  return json.is_array() && !json.empty() && std::all_of(json.begin(), json.end(), is_result);
}

// trivy-operator's custom resources, one or a list of them.
bool is_operator_resource(const Json& json) {
  if (has(json, "items") && json["items"].is_array() && !json["items"].empty()) return is_operator_resource(json["items"].front());
  if (json.is_array() && !json.empty()) return is_operator_resource(json.front());
  if (has(json, "kind") && json["kind"].is_string()) return json["kind"].get_ref<const std::string&>().ends_with("VulnerabilityReport");
  return has(json, "report") && has(json["report"], "vulnerabilities") && has(json["report"], "scanner");
}

bool is_wrapped(const Json& json) {
  if (!has(json, "input")) return false;
  const Json& input = json["input"];
  const bool says_trivy =
      has(input, "metadata") && has(input["metadata"], "source_format") && input["metadata"]["source_format"] == "trivy_json";
  return has(input, "SchemaVersion") || says_trivy;
}

Shape shape_of(const Json& json) {
  if (is_schema1(json)) return Shape::schema1;
  if (is_operator_resource(json)) return Shape::operator_resource;
  if (is_wrapped(json)) return Shape::wrapped;
  if (has(json, "ClusterName") && (has(json, "Resources") || has(json, "Vulnerabilities") || has(json, "Findings")))
    return Shape::kubernetes;
  if (!has(json, "SchemaVersion") || (!has(json, "ArtifactName") && !has(json, "Results"))) return Shape::none;
  return json["SchemaVersion"] == 2 ? Shape::schema2 : Shape::other_schema;
}

constexpr std::string_view kScanAgain = "scan the image itself: trivy image --format json --output report.json IMAGE";

[[noreturn]] void refuse(std::string_view kind, std::string_view problem) {
  throw Error(ErrorKind::input, fmt::format("this is a Trivy {}, which {}", kind, problem), std::string(kScanAgain));
}

// What cannot be read is refused by name.
void require_readable(const Json& json) {
  switch (shape_of(json)) {
    case Shape::schema2:
    case Shape::schema1:
    case Shape::operator_resource:
      return;
    case Shape::kubernetes:
      refuse("report of a Kubernetes cluster", "is about many images at once");
    case Shape::wrapped:
      refuse("report wrapped in {\"input\": ...}", "another tool has rewritten");
    case Shape::other_schema:
      refuse(fmt::format("report of schema {}", printable(dump_compact(json["SchemaVersion"]), 20)), "this version of resole does not know");
    case Shape::none:
      break;
  }
  throw Error(ErrorKind::internal, "trivy::read was given what trivy::recognise does not recognise");
}

Subject read_subject(const Json& json) {
  Subject subject;
  subject.name = string_or(json, "ArtifactName", "");
  const Json& metadata = object_or_empty(json, "Metadata");
  const Json& os = object_or_empty(metadata, "OS");
  subject.os_family = lower(string_or(os, "Family", ""));
  subject.os_name = string_or(os, "Name", "");
  subject.image_id = string_or(metadata, "ImageID", "");
  subject.diff_ids = strings_or_empty(metadata, "DiffIDs");
  for (const std::string& reference : strings_or_empty(metadata, "RepoDigests")) subject.digests.push_back(digest_part(reference));
  subject.architecture = string_or(object_or_empty(metadata, "ImageConfig"), "architecture", "");
  return subject;
}

// What Results[].Packages[] adds: the source package and the architecture, by the package's id ("curl@7.88.1-10+deb12u8").
using Listed = std::map<std::string, std::size_t>;  // id -> position in Report::packages

std::string version_of(const Json& package, const char* epoch, const char* version, const char* release) {
  return joined_version(text_or_empty(package, epoch), string_or(package, version, ""), string_or(package, release, ""));
}

Listed read_packages(const Json& result, std::string_view type, Report& out) {
  Listed listed;
  each_row(out, result, "Packages", [&](const Json& package) {
    ListedPackage one;
    one.name = string_or(package, "Name", "");
    one.version = version_of(package, "Epoch", "Version", "Release");
    one.arch = string_or(package, "Arch", "");
    one.source = string_or(package, "SrcName", "");
    one.source_version = version_of(package, "SrcEpoch", "SrcVersion", "SrcRelease");
    one.type = type;
    const Json& identifier = object_or_empty(package, "Identifier");
    one.purl = string_or(identifier, "PURL", "");
    for (const std::string& id : {string_or(identifier, "UID", ""), string_or(package, "ID", "")}) {
      if (!id.empty()) listed.emplace(id, out.packages.size());
    }
    if (!one.name.empty()) out.packages.push_back(std::move(one));
  });
  return listed;
}

const ListedPackage* find_listed(const Listed& listed, const Json& vulnerability, const Report& report) {
  for (const std::string& id : {string_or(object_or_empty(vulnerability, "PkgIdentifier"), "UID", ""), string_or(vulnerability, "PkgID", "")}) {
    if (const auto found = listed.find(id); !id.empty() && found != listed.end() && found->second < report.packages.size()) return &report.packages[found->second];
  }
  return nullptr;
}

Finding read_vulnerability(const Json& vulnerability, const Listed& listed, const Report& report) {
  Finding finding;
  finding.id = required_text(vulnerability, "VulnerabilityID");
  finding.aliases = strings_or_empty(vulnerability, "VendorIDs");
  finding.package = required_text(vulnerability, "PkgName");
  finding.purl = string_or(object_or_empty(vulnerability, "PkgIdentifier"), "PURL", "");
  finding.installed = string_or(vulnerability, "InstalledVersion", "");
  set_fixes(finding, fix_versions(string_or(vulnerability, "FixedVersion", "")));
  finding.severity = parse_severity(string_or(vulnerability, "Severity", ""));
  finding.status_word = string_or(vulnerability, "Status", "");
  finding.status = parse_status(finding.status_word, !finding.fixed.empty());
  finding.title = string_or(vulnerability, "Title", "");
  finding.url = string_or(vulnerability, "PrimaryURL", "");
  complete_from_purl(finding);
  if (const ListedPackage* package = find_listed(listed, vulnerability, report)) {
    finding.source = package->source;
    finding.source_version = package->source_version;
    if (finding.arch.empty()) finding.arch = package->arch;
  }
  return finding;
}

void read_result(const Json& result, Report& out) {
  const std::string result_class = string_or(result, "Class", ""), target = string_or(result, "Target", ""), type = string_or(result, "Type", "");
  const bool operating_system = result_class.empty() ? is_distribution_type(type) : result_class == "os-pkgs";
  const Listed listed = read_packages(result, type, out);
  const auto add = [&](const Json& vulnerability, std::string suppressed) {
    Finding finding = read_vulnerability(vulnerability, listed, out);
    finding.operating_system = operating_system;
    if (finding.type.empty()) finding.type = type;
    const std::string path = string_or(vulnerability, "PkgPath", "");
    finding.target = path.empty() ? target : path;
    finding.suppressed = std::move(suppressed);
    out.findings.push_back(std::move(finding));
  };
  each_row(out, result, "Vulnerabilities", [&](const Json& vulnerability) { add(vulnerability, ""); });
  each_row(out, result, "ExperimentalModifiedFindings", [&](const Json& modified) {
    if (string_or(modified, "Type", "vulnerability") != "vulnerability") return;
    std::string by = string_or(modified, "Status", "suppressed");
    for (const char* key : {"Statement", "Source"}) {
      if (const std::string text = string_or(modified, key, ""); !text.empty()) by += ", " + text;
    }
    add(object_or_empty(modified, "Finding"), by);
  });
}

// "debian (debian 10.8)", "app:1.4 (alpine 3.12.1)": all that schema 1 says about the image.
void read_schema1_subject(const Json& result, Subject& subject) {
  const std::string target = string_or(result, "Target", ""), type = string_or(result, "Type", "");
  const std::size_t open = target.rfind(" (");
  if (!is_distribution_type(type) || open == std::string::npos || !target.ends_with(')')) return;
  subject.name = target.substr(0, open);
  const std::string os = target.substr(open + 2, target.size() - open - 3);
  const std::size_t blank = os.rfind(' ');
  subject.os_family = lower(os.substr(0, blank));
  if (blank != std::string::npos) subject.os_name = os.substr(blank + 1);
}

void read_schema1(const Json& results, Report& out) {
  for (std::size_t i = 0; i < results.size(); ++i) {
    with_rows_of(out, [&] { return fmt::format("[{}]", i); },
                 [&] {
                   read_schema1_subject(results[i], out.subject);
                   read_result(results[i], out);
                 });
  }
}

void read_resource(const Json& resource, Report& out) {
  const Json& report = object_or_empty(resource, "report");
  const Json& artifact = object_or_empty(report, "artifact");
  const Json& os = object_or_empty(report, "os");
  out.subject.name = string_or(artifact, "repository", "");
  if (const std::string tag = string_or(artifact, "tag", ""); !tag.empty()) out.subject.name += ":" + tag;
  if (const std::string digest = digest_part(string_or(artifact, "digest", "")); !digest.empty()) out.subject.digests.push_back(digest);
  out.subject.os_family = lower(string_or(os, "family", ""));
  out.subject.os_name = string_or(os, "name", "");
  each_row(out, report, "vulnerabilities", [&](const Json& row) {
    Finding finding;
    finding.id = required_text(row, "vulnerabilityID");
    finding.package = required_text(row, "resource");
    finding.installed = string_or(row, "installedVersion", "");
    set_fixes(finding, fix_versions(string_or(row, "fixedVersion", "")));
    finding.severity = parse_severity(string_or(row, "severity", ""));
    finding.status = parse_status("", !finding.fixed.empty());
    finding.title = string_or(row, "title", "");
    finding.url = string_or(row, "primaryLink", "");
    finding.purl = string_or(row, "packagePURL", "");
    finding.target = string_or(row, "packagePath", string_or(row, "target", ""));
    finding.type = string_or(row, "packageType", "");
    complete_from_purl(finding);
    const std::string row_class = string_or(row, "class", "");
    // Older resources have no class: then a package without a path, or one whose target is the image, is the distribution's.
    finding.operating_system = row_class.empty() ? finding.type.empty() || is_distribution_type(finding.type) : row_class == "os-pkgs";
    out.findings.push_back(std::move(finding));
  });
}

void read_resources(const Json& json, Report& out) {
  std::vector<const Json*> resources;
  const Json& list = has(json, "items") ? json["items"] : json;
  if (list.is_array()) {
    for (const Json& one : list) resources.push_back(&one);
  } else {
    resources.push_back(&list);
  }
  std::set<std::string> images;
  for (const Json* one : resources) {
    const Json& artifact = object_or_empty(object_or_empty(*one, "report"), "artifact");
    images.insert(string_or(artifact, "repository", "") + "@" + string_or(artifact, "digest", string_or(artifact, "tag", "")));
  }
  if (images.size() > 1) {
    throw Error(ErrorKind::input, fmt::format("this is a list of VulnerabilityReports about {} images", images.size()),
                "give the one of this image: kubectl get vulnerabilityreport NAME -o json");
  }
  for (const Json* one : resources) read_resource(*one, out);
}

}  // namespace

std::vector<std::string> fields() {
  std::vector<std::string> out = {"/SchemaVersion", "/ArtifactName", "/Metadata/OS/Family", "/Metadata/OS/Name", "/Metadata/ImageID", "/Metadata/DiffIDs", "/Metadata/RepoDigests",
                                  "/Metadata/ImageConfig/architecture", "/ClusterName", "/Resources/*/Kind", "/Vulnerabilities/*/Kind", "/Findings/*/Kind",
                                  "/input/SchemaVersion", "/input/metadata/source_format"};
  for (const char* result : {"/Results/*", "/*"}) {
    append_fields(out, result, {"/Target", "/Class", "/Type", "/Packages/*/Name", "/Packages/*/ID", "/Packages/*/Version", "/Packages/*/Release", "/Packages/*/Epoch", "/Packages/*/Arch",
                                "/Packages/*/SrcName", "/Packages/*/SrcVersion", "/Packages/*/SrcRelease", "/Packages/*/SrcEpoch", "/Packages/*/Identifier",
                                "/ExperimentalModifiedFindings/*/Type", "/ExperimentalModifiedFindings/*/Status", "/ExperimentalModifiedFindings/*/Statement",
                                "/ExperimentalModifiedFindings/*/Source"});
    for (const char* row : {"/Vulnerabilities/*", "/ExperimentalModifiedFindings/*/Finding"}) {
      append_fields(out, std::string(result) + row, {"/VulnerabilityID", "/VendorIDs", "/PkgName", "/PkgID", "/PkgPath", "/PkgIdentifier", "/InstalledVersion", "/FixedVersion", "/Status",
                                                     "/Severity", "/Title", "/PrimaryURL"});
    }
  }
  for (const char* resource : {"", "/items/*", "/*"}) {
    append_fields(out, resource, {"/kind", "/report/scanner/name", "/report/artifact/repository", "/report/artifact/tag", "/report/artifact/digest", "/report/os/family", "/report/os/name"});
    append_fields(out, std::string(resource) + "/report/vulnerabilities/*", {"/vulnerabilityID", "/resource", "/installedVersion", "/fixedVersion", "/severity", "/title", "/primaryLink",
                                                                             "/packagePURL", "/packagePath", "/packageType", "/class", "/target"});
  }
  return out;
}

bool recognise(const Json& report) { return shape_of(report) != Shape::none; }

void read(const Json& report, Report& out) {
  require_readable(report);
  const Shape shape = shape_of(report);
  if (shape == Shape::schema1) return read_schema1(report, out);
  if (shape == Shape::operator_resource) return read_resources(report, out);
  out.subject = read_subject(report);
  each_with_rows(out, report, "Results", [&](const Json& result) { read_result(result, out); });
}

}  // namespace resole::advisory::trivy
