// SPDX-License-Identifier: Apache-2.0
// The CLI scanner of Sysdig since its JSON has tables instead of lists (older forms are rows of flat_table.cpp): packages and vulnerabilities by id, joined by the
// package's vulnerabilitiesRefs. The results API gives the same without the wrapper.
//
//   { "result": { "metadata": { "pullString": ..., "imageId": ..., "digest": ..., "baseOs": "debian 12.5", "architecture": "amd64" },
//     "packages": { "p1": { "type": "os", "name": "curl", "version": "7.88.1-10", "vulnerabilitiesRefs": ["v1"] } },
//     "vulnerabilities": { "v1": { "name": "CVE-2024-2398", "severity": "high", "fixVersion": "7.88.1-10+deb12u6", "riskAcceptRefs": ["r1"] } },
//     "riskAccepts": { "r1": { "status": "active" } } } }
//
// An accepted risk counts as suppressed while its acceptance is active.
#include "advisory/package_type.hpp"
#include "advisory/report/formats_of_reports.hpp"
#include "advisory/report/reading.hpp"
#include "base/text.hpp"

namespace resole::advisory::sysdig {

namespace {

const Json& result_of(const Json& report) { return has(report, "result") ? report["result"] : report; }

std::string acceptance_of(const Json& vulnerability, const Json& accepts) {
  for (const std::string& ref : strings_or_empty(vulnerability, "riskAcceptRefs")) {
    const Json& acceptance = object_or_empty(accepts, ref);
    if (lower(text_or_empty(acceptance, "status")) == "active") return "a risk accepted in Sysdig" + (has(acceptance, "reason") ? ", " + text_or_empty(acceptance, "reason") : "");
  }
  return {};
}

Finding read_vulnerability(const Json& vulnerability, const Json& package, const Json& accepts) {
  Finding finding;
  finding.id = required_text(vulnerability, "name");
  finding.package = required_text(package, "name");
  finding.installed = text_or_empty(package, "version");
  finding.type = lower(text_or_empty(package, "type"));
  finding.operating_system = finding.type.empty() || finding.type == "os" || is_distribution_type(finding.type);
  if (finding.type == "os") finding.type.clear();
  set_fixes(finding, fix_versions(text_or_empty(vulnerability, "fixVersion")));
  finding.status = parse_status("", !finding.fixed.empty());
  finding.severity = parse_severity(text_or_empty(vulnerability, "severity"));
  finding.target = text_or_empty(package, "path");
  finding.suppressed = acceptance_of(vulnerability, accepts);
  return finding;
}

void read_about(const Json& metadata, Subject& subject) {
  subject.name = text_or_empty(metadata, "pullString");
  subject.image_id = text_or_empty(metadata, "imageId");
  subject.architecture = text_or_empty(metadata, "architecture");
  if (std::string digest = digest_part(text_or_empty(metadata, "digest")); !digest.empty()) subject.digests.push_back(std::move(digest));
  if (const std::string os = text_or_empty(metadata, "baseOs"); !os.empty()) read_os_text(os, subject);
}

}  // namespace

std::vector<std::string> fields() {
  std::vector<std::string> out;
  for (const char* result : {"/result", ""}) {
    append_fields(out, result, {"/metadata/pullString", "/metadata/imageId", "/metadata/digest", "/metadata/baseOs", "/metadata/architecture"});
    append_fields(out, std::string(result) + "/packages/*", {"/type", "/name", "/version", "/path", "/vulnerabilitiesRefs"});
    append_fields(out, std::string(result) + "/vulnerabilities/*", {"/name", "/severity", "/fixVersion", "/riskAcceptRefs"});
    append_fields(out, std::string(result) + "/riskAccepts/*", {"/status", "/reason"});
  }
  return out;
}

bool recognise(const Json& report) {
  const Json& result = result_of(report);
  const auto is_table = [&](const char* key) { return has(result, key) && result[key].is_object(); };
  return is_table("packages") && is_table("vulnerabilities") && has(result, "metadata") && (has(result["metadata"], "pullString") || has(result["metadata"], "baseOs"));
}

void read(const Json& report, Report& out) {
  const Json& result = result_of(report);
  read_about(object_or_empty(result, "metadata"), out.subject);
  const Json &vulnerabilities = object_or_empty(result, "vulnerabilities"), &accepts = object_or_empty(result, "riskAccepts");
  each_member(result, "packages", [&](const std::string& id, const Json& package) {
    take_row(out, [&] { return "packages: " + id; },
             [&] {
               require_object(package);
               ListedPackage listed{.name = text_or_empty(package, "name"), .version = text_or_empty(package, "version"), .arch = "", .source = "", .source_version = "", .purl = "",
                                    .type = lower(text_or_empty(package, "type"))};
               if (!listed.name.empty()) out.packages.push_back(std::move(listed));
             });
    if (!package.is_object()) return;
    for (const std::string& ref : strings_or_empty(package, "vulnerabilitiesRefs")) {
      take_row(out, [&] { return fmt::format("packages: {}: vulnerabilitiesRefs: {}", id, ref); },
               [&] {
                 if (!vulnerabilities.contains(ref)) throw Error(ErrorKind::input, "\"vulnerabilities\" has no such entry");
                 out.findings.push_back(read_vulnerability(object_or_empty(vulnerabilities, ref), package, accepts));
               });
    }
  });
}

}  // namespace resole::advisory::sysdig
