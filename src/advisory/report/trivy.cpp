// SPDX-License-Identifier: Apache-2.0
// Trivy matches Debian's, Ubuntu's and Alpine's advisories by SOURCE package and prints the BINARY package's name and installed version
// beside the source's fix version: "bsdutils 1:2.37.2-4ubuntu3, fixed in 2.37.2-4ubuntu3.4" is vulnerable although 1: > 2. (field notes: 13
// of 934 real rows are like that). So the versions are carried as printed, never compared here, and the source's name is taken from
// Results[].Packages[] when the report lists packages.
//
//   { "SchemaVersion": 2, "ArtifactName": "app:1.4", "Metadata": { "OS": {...}, "ImageID": ..., "DiffIDs": [...], "RepoDigests": [...] },
//     "Results": [ { "Target": ..., "Class": "os-pkgs", "Type": "debian", "Packages": [...], "Vulnerabilities": [...] } ] }
#include "advisory/report/trivy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace resole::advisory::trivy {

namespace {

enum class Shape { none, schema2, other_schema, schema1, kubernetes, wrapped, operator_resource };

bool has(const Json& object, std::string_view key) { return object.is_object() && object.contains(key); }

// Before schema 2 a report was the bare list of its results.
bool is_schema1(const Json& json) {
  const auto is_result = [](const Json& each) { return has(each, "Target") && (has(each, "Vulnerabilities") || has(each, "Type")); };
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

void require_schema2(const Json& json) {
  switch (shape_of(json)) {
    case Shape::schema2:
      return;
    case Shape::schema1:
      refuse("report of schema 1 (before version 0.20)", "does not say what image it is about");
    case Shape::kubernetes:
      refuse("report of a Kubernetes cluster", "is about many images at once");
    case Shape::wrapped:
      refuse("report wrapped in {\"input\": ...}", "another tool has rewritten");
    case Shape::operator_resource:
      refuse("operator's VulnerabilityReport", "leaves out what identifies the image");
    case Shape::other_schema:
      refuse(fmt::format("report of schema {}", printable(dump_compact(json["SchemaVersion"]), 20)),
             "this version of resole does not know");
    case Shape::none:
      break;
  }
  throw Error(ErrorKind::internal, "trivy::read was given what trivy::recognise does not recognise");
}

// An object member; an empty object when absent or null.
const Json& object_or_empty(const Json& object, std::string_view key) {
  static const Json kEmpty = Json::object();
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return kEmpty;
  if (!found->is_object()) throw Error(ErrorKind::input, fmt::format("\"{}\" must be an object, not {}", key, found->type_name()));
  return *found;
}

// Calls visit(element) for each object of a list; a failure names the element. An absent list is an empty one.
template <class Visit>
void each(const Json& object, std::string_view key, const Visit& visit) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return;
  if (!found->is_array()) throw Error(ErrorKind::input, fmt::format("\"{}\" must be a list, not {}", key, found->type_name()));
  for (std::size_t i = 0; i < found->size(); ++i) {
    with_context([&] { return fmt::format("{}[{}]", key, i); },
                 [&] {
                   const Json& element = (*found)[i];
                   if (!element.is_object())
                     throw Error(ErrorKind::input, fmt::format("expected an object, found {}", element.type_name()));
                   visit(element);
                 });
  }
}

std::string required_text(const Json& object, std::string_view key) {
  std::string text = string_or(object, key, "");
  if (text.empty()) throw Error(ErrorKind::input, fmt::format("\"{}\" is missing or empty", key));
  return text;
}

// "debian@sha256:abc" -> "sha256:abc"
std::string digest_part(const std::string& reference) { return reference.substr(reference.rfind('@') + 1); }

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

// pkg/fanal/types: status words of trivy-db. An older report has none; then a fix version says it all.
Status read_status(const Json& vulnerability, const std::string& fixed) {
  static constexpr std::array<std::pair<std::string_view, Status>, 8> kWords = {{{"fixed", Status::fixed},
                                                                                 {"affected", Status::unfixed},
                                                                                 {"not_affected", Status::not_affected},
                                                                                 {"under_investigation", Status::under_investigation},
                                                                                 {"will_not_fix", Status::will_not_fix},
                                                                                 {"fix_deferred", Status::deferred},
                                                                                 {"end_of_life", Status::end_of_life},
                                                                                 {"unknown", Status::unknown}}};
  const std::string word = string_or(vulnerability, "Status", "");
  for (const auto& [name, status] : kWords) {
    if (word == name) return status;
  }
  return fixed.empty() ? Status::unfixed : Status::fixed;
}

// The value of a qualifier of a package URL ("pkg:deb/debian/curl@7.88.1?arch=amd64&distro=debian-12"), "" when there is none.
std::string purl_qualifier(std::string_view purl, std::string_view name) {
  const std::size_t question = purl.find('?');
  if (question == std::string_view::npos) return {};
  std::string_view qualifiers = purl.substr(question + 1);
  for (std::string_view pair : split(qualifiers.substr(0, qualifiers.find('#')), '&')) {
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) return std::string(pair.substr(name.size() + 1));
  }
  return {};
}

// What Results[].Packages[] adds: the source package and the architecture, by the package's id ("curl@7.88.1-10+deb12u8").
struct Origin {
  std::string source, arch;
};
using Origins = std::map<std::string, Origin>;

Origins read_origins(const Json& result) {
  Origins origins;
  each(result, "Packages", [&](const Json& package) {
    const Origin origin{string_or(package, "SrcName", ""), string_or(package, "Arch", "")};
    const std::string id = string_or(package, "ID", ""), uid = string_or(object_or_empty(package, "Identifier"), "UID", "");
    if (!id.empty()) origins.try_emplace(id, origin);
    if (!uid.empty()) origins.try_emplace(uid, origin);
  });
  return origins;
}

const Origin* find_origin(const Origins& origins, const Json& vulnerability) {
  const std::string uid = string_or(object_or_empty(vulnerability, "PkgIdentifier"), "UID", "");
  for (const std::string& id : {uid, string_or(vulnerability, "PkgID", "")}) {
    if (const auto found = origins.find(id); found != origins.end()) return &found->second;
  }
  return nullptr;
}

Finding read_vulnerability(const Json& vulnerability, const Origins& origins) {
  Finding finding;
  finding.id = required_text(vulnerability, "VulnerabilityID");
  finding.aliases = strings_or_empty(vulnerability, "VendorIDs");
  finding.package = required_text(vulnerability, "PkgName");
  finding.arch = purl_qualifier(string_or(object_or_empty(vulnerability, "PkgIdentifier"), "PURL", ""), "arch");
  if (const Origin* origin = find_origin(origins, vulnerability)) {
    finding.source = origin->source;
    if (finding.arch.empty()) finding.arch = origin->arch;
  }
  finding.installed = string_or(vulnerability, "InstalledVersion", "");
  finding.fixed = string_or(vulnerability, "FixedVersion", "");
  finding.severity = parse_severity(string_or(vulnerability, "Severity", ""));
  finding.status = read_status(vulnerability, finding.fixed);
  finding.title = string_or(vulnerability, "Title", "");
  finding.url = string_or(vulnerability, "PrimaryURL", "");
  return finding;
}

void read_result(const Json& result, std::vector<Finding>& findings) {
  const std::string result_class = string_or(result, "Class", ""), target = string_or(result, "Target", "");
  const Origins origins = read_origins(result);
  each(result, "Vulnerabilities", [&](const Json& vulnerability) {
    Finding finding = read_vulnerability(vulnerability, origins);
    finding.operating_system = result_class == "os-pkgs";
    const std::string path = string_or(vulnerability, "PkgPath", "");
    finding.target = path.empty() ? target : path;
    findings.push_back(std::move(finding));
  });
}

}  // namespace

bool recognise(const Json& report) { return shape_of(report) != Shape::none; }

void read(const Json& report, Report& out) {
  require_schema2(report);
  out.subject = read_subject(report);
  each(report, "Results", [&](const Json& result) { read_result(result, out.findings); });
}

}  // namespace resole::advisory::trivy
