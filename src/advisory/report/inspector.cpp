// SPDX-License-Identifier: Apache-2.0
// Amazon Inspector 2 (ECR's enhanced scans) and the same findings in AWS Security Hub's format, which writes every key with a capital. Epoch and release stand apart
// from the version, but fixedInVersion has them joined, with "0:" even for Debian ("0:1.1.1n-0+deb11u5"). ECR's basic scans have attributes instead.
#include <algorithm>

#include "advisory/package_type.hpp"
#include "advisory/report/formats_of_reports.hpp"
#include "advisory/report/reading.hpp"
#include "base/text.hpp"

namespace resole::advisory {

namespace {

// A key as one of the two formats writes it: "vulnerablePackages", "VulnerablePackages".
struct Spelling {
  bool capital;
  std::string operator()(std::string key) const {
    if (capital) key[0] = static_cast<char>(key[0] - 'a' + 'A');
    return key;
  }
};

bool is_os_manager(const std::string& manager) {
  const std::string small = lower(manager);
  return small.empty() || small == "os" || small == "apt" || small == "yum" || small == "dnf" || is_distribution_type(small);
}

Finding read_vulnerable_package(const Json& package, const Spelling& key, const std::string& id) {
  Finding finding;
  finding.id = id;
  finding.package = required_text(package, key("name"));
  finding.installed = joined_version(text_or_empty(package, key("epoch")), text_or_empty(package, key("version")), text_or_empty(package, key("release")));
  finding.arch = lower(text_or_empty(package, key(key.capital ? "architecture" : "arch")));
  set_fixes(finding, fix_versions(text_or_empty(package, key("fixedInVersion"))));
  finding.type = text_or_empty(package, key("packageManager"));
  finding.operating_system = is_os_manager(finding.type);
  if (lower(finding.type) == "os") finding.type.clear();
  finding.target = text_or_empty(package, key("filePath"));
  finding.status = parse_status("", !finding.fixed.empty());
  return finding;
}

void read_ecr_image(const Json& image, const Spelling& key, Subject& subject) {
  const std::string digest = digest_part(text_or_empty(image, key.capital ? "ImageDigest" : "imageHash"));
  if (!digest.empty() && std::find(subject.digests.begin(), subject.digests.end(), digest) == subject.digests.end()) subject.digests.push_back(digest);
  if (subject.architecture.empty()) subject.architecture = text_or_empty(image, key("architecture"));
  if (subject.name.empty()) subject.name = text_or_empty(image, key("repositoryName"));
  if (const std::string platform = text_or_empty(image, "platform"); !platform.empty() && subject.os_family.empty()) read_os_text(platform, subject);
}

// Findings of an account's whole registry in one file would patch one image with what was found in another.
void require_one_image(const Subject& subject) {
  if (subject.digests.size() <= 1) return;
  throw Error(ErrorKind::input, fmt::format("this is about {} images: {} and others", subject.digests.size(), printable(subject.digests.front(), 80)), "export the findings of this image alone");
}

}  // namespace

namespace inspector {

namespace {

const Json& findings_list(const Json& report, std::string& key) {
  static const Json kNone = Json::object();
  key = "findings";
  if (has(report, "imageScanFindings")) {
    const Json& scan = report["imageScanFindings"];
    if (has(scan, "enhancedFindings")) key = "enhancedFindings";
    return scan.is_object() ? scan : kNone;
  }
  return report;
}

// { "name": "CVE-2024-1", "attributes": [ { "key": "package_name", "value": "curl" }, ... ] }
Finding read_basic(const Json& row) {
  Finding finding;
  finding.id = required_text(row, "name");
  each(row, "attributes", [&](const Json& attribute) {
    const std::string key = string_or(attribute, "key", ""), value = string_or(attribute, "value", "");
    if (key == "package_name") finding.package = value;
    if (key == "package_version") finding.installed = value;
  });
  if (finding.package.empty()) throw Error(ErrorKind::input, "\"attributes\" name no package");
  finding.status = Status::unknown;
  return finding;
}

}  // namespace

std::vector<std::string> fields() {
  std::vector<std::string> out = {"/imageId/imageDigest", "/repositoryName"};
  for (const char* row : {"/findings/*", "/imageScanFindings/enhancedFindings/*", "/imageScanFindings/findings/*"}) {
    append_fields(out, row, {"/name", "/uri", "/attributes/*/key", "/attributes/*/value", "/severity", "/title", "/epss/score", "/type", "/status",
                             "/packageVulnerabilityDetails/vulnerabilityId", "/packageVulnerabilityDetails/relatedVulnerabilities", "/packageVulnerabilityDetails/sourceUrl"});
    append_fields(out, std::string(row) + "/packageVulnerabilityDetails/vulnerablePackages/*", {"/name", "/version", "/release", "/epoch", "/arch", "/fixedInVersion", "/packageManager", "/filePath"});
    append_fields(out, std::string(row) + "/resources/*/details/awsEcrContainerImage", {"/imageHash", "/architecture", "/repositoryName", "/platform"});
  }
  return out;
}

bool recognise(const Json& report) {
  if (has(report, "imageScanFindings")) return true;
  if (!has(report, "findings") || !report["findings"].is_array()) return false;
  const Json& rows = report["findings"];
  return std::any_of(rows.begin(), rows.end(), [](const Json& row) { return has(row, "packageVulnerabilityDetails"); });
}

void read(const Json& report, Report& out) {
  const Spelling key{false};
  std::string list;
  const Json& rows = findings_list(report, list);
  if (const std::string digest = digest_part(text_or_empty(object_or_empty(report, "imageId"), "imageDigest")); !digest.empty()) out.subject.digests.push_back(digest);
  std::size_t other = 0;
  each_row(out, rows, list, [&](const Json& row) {
    if (row.contains("attributes")) return out.findings.push_back(read_basic(row));
    if (!row.contains("packageVulnerabilityDetails")) return void(++other);  // of the network, of code
    each(row, "resources", [&](const Json& resource) { read_ecr_image(object_or_empty(object_or_empty(resource, "details"), "awsEcrContainerImage"), key, out.subject); });
    const Json& details = object_or_empty(row, "packageVulnerabilityDetails");
    const std::string id = required_text(details, "vulnerabilityId");
    each_row(out, details, "vulnerablePackages", [&](const Json& package) {
      Finding finding = read_vulnerable_package(package, key, id);
      finding.aliases = strings_or_empty(details, "relatedVulnerabilities");
      finding.severity = parse_severity(text_or_empty(row, "severity"));
      finding.title = text_or_empty(row, "title");
      finding.url = text_or_empty(details, "sourceUrl");
      const Json& epss = object_or_empty(row, "epss");
      if (epss.contains("score") && epss["score"].is_number()) finding.epss = epss["score"].get<double>();
      if (text_or_empty(row, "status") == "SUPPRESSED") finding.suppressed = "a suppression rule of Amazon Inspector";
      out.findings.push_back(std::move(finding));
    });
  });
  require_one_image(out.subject);
  if (other > 0) out.notes.push_back(fmt::format("{} finding{} that {} not about packages left out", other, other == 1 ? "" : "s", other == 1 ? "is" : "are"));
}

}  // namespace inspector

namespace asff {

std::vector<std::string> fields() {
  std::vector<std::string> out;
  append_fields(out, "/Findings/*", {"/Severity/Label", "/Title", "/RecordState", "/Workflow/Status", "/ProductFields/aws~1inspector~1resources~11~1resourceDetails~1awsEcrContainerImageDetails~1platform"});
  append_fields(out, "/Findings/*/Resources/*/Details/AwsEcrContainerImage", {"/ImageDigest", "/Architecture", "/RepositoryName"});
  append_fields(out, "/Findings/*/Vulnerabilities/*", {"/Id", "/RelatedVulnerabilities", "/Vendor/Url", "/EpssScore"});
  append_fields(out, "/Findings/*/Vulnerabilities/*/VulnerablePackages/*", {"/Name", "/Version", "/Epoch", "/Release", "/Architecture", "/PackageManager", "/FixedInVersion", "/FilePath"});
  return out;
}

bool recognise(const Json& report) {
  if (!has(report, "Findings") || !report["Findings"].is_array()) return false;
  const Json& rows = report["Findings"];
  return std::any_of(rows.begin(), rows.end(), [](const Json& row) { return has(row, "Vulnerabilities") && has(row, "Resources"); });
}

void read(const Json& report, Report& out) {
  const Spelling key{true};
  each_row(out, report, "Findings", [&](const Json& row) {
    each(row, "Resources", [&](const Json& resource) { read_ecr_image(object_or_empty(object_or_empty(resource, "Details"), "AwsEcrContainerImage"), key, out.subject); });
    for (const auto& [name, value] : object_or_empty(row, "ProductFields").items()) {
      if (out.subject.os_family.empty() && name.ends_with("/platform")) read_os_text(text_of(value), out.subject);
    }
    const bool archived = text_or_empty(row, "RecordState") == "ARCHIVED" || text_or_empty(object_or_empty(row, "Workflow"), "Status") == "SUPPRESSED";
    each_row(out, row, "Vulnerabilities", [&](const Json& vulnerability) {
      const std::string id = required_text(vulnerability, "Id");
      each_row(out, vulnerability, "VulnerablePackages", [&](const Json& package) {
        Finding finding = read_vulnerable_package(package, key, id);
        finding.aliases = strings_or_empty(vulnerability, "RelatedVulnerabilities");
        finding.severity = parse_severity(text_or_empty(object_or_empty(row, "Severity"), "Label"));
        finding.title = text_or_empty(row, "Title");
        finding.url = text_or_empty(object_or_empty(vulnerability, "Vendor"), "Url");
        const auto epss = vulnerability.find("EpssScore");
        if (epss != vulnerability.end() && epss->is_number()) finding.epss = epss->get<double>();
        if (archived) finding.suppressed = "archived or suppressed in Security Hub";
        out.findings.push_back(std::move(finding));
      });
    });
  });
  require_one_image(out.subject);
}

}  // namespace asff

}  // namespace resole::advisory
