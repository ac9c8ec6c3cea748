// SPDX-License-Identifier: Apache-2.0
// SARIF has no place for versions: what scanners say about a package stands in prose, differently in each. So such a report chooses advisories to fix
// (Finding::selector); which versions fix them is for a feed or another report to say.
//
//   Trivy         "Package: apt\nInstalled Version: 2.6.1\nVulnerability CVE-2011-3374\nSeverity: LOW\nFixed Version: ..."
//   Grype         "... reports tar at version 1.34 which is a vulnerable (deb) package ..."; "A low vulnerability in deb package: tar, version 1.34 was found at: ..."
//   Snyk          "This file introduces a vulnerable curl package with a high severity vulnerability."
//   Docker Scout  "Vulnerability : CVE-2024-1\nSeverity : HIGH\nPackage : pkg:deb/debian/curl@7.88.1-10 ..."
#include <algorithm>
#include <cstdlib>
#include <map>

#include "advisory/package_type.hpp"
#include "advisory/report/formats_of_reports.hpp"
#include "advisory/report/reading.hpp"
#include "base/text.hpp"

namespace resole::advisory::sarif {

namespace {

// The text between two marks, "" unless both are there.
std::string_view between(std::string_view text, std::string_view before, std::string_view after) {
  const std::size_t begin = text.find(before);
  if (begin == std::string_view::npos) return {};
  text.remove_prefix(begin + before.size());
  const std::size_t end = text.find(after);
  return end == std::string_view::npos ? std::string_view() : trim(text.substr(0, end));
}

// "Label: value" and "Label : value" by lower-case label.
std::map<std::string, std::string> labelled_lines(std::string_view text) {
  std::map<std::string, std::string> out;
  for (const std::string_view line : lines(text)) {
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos) out.emplace(lower(trim(line.substr(0, colon))), trim(line.substr(colon + 1)));
  }
  return out;
}

void read_message(std::string_view text, Finding& finding) {
  const auto labels = labelled_lines(text);
  const auto label = [&](const char* name) {
    const auto found = labels.find(name);
    return found == labels.end() ? std::string() : found->second;
  };
  std::string package = label("package");
  if (package.starts_with("pkg:")) {
    finding.purl = package;
    complete_from_purl(finding);
    return;
  }
  finding.installed = label("installed version");
  if (const Severity severity = parse_severity(label("severity")); severity != Severity::unknown) finding.severity = severity;
  if (package.empty()) {
    if (const auto name = between(text, "reports ", " at version "); !name.empty()) {
      package = name;
      finding.installed = between(text, " at version ", " which is");
      finding.type = between(text, "vulnerable (", ") package");
    } else if (const auto kind = between(text, "vulnerability in ", " package: "); !kind.empty()) {
      finding.type = kind;
      package = between(text, " package: ", ",");
      finding.installed = between(text, ", version ", " was found");
    } else {
      package = between(text, "introduces a vulnerable ", " package");
    }
  }
  if (const std::size_t slash = package.find('/'); slash != std::string::npos && text.find("introduces a vulnerable") != std::string_view::npos) {
    finding.source = package.substr(0, slash);
    package = package.substr(slash + 1);
  }
  finding.package = package;
}

struct Rule {
  std::string id, name, text, url, purl;
  std::vector<std::string> tags;
  Severity severity = Severity::unknown;
};

Rule read_rule(const Json& json) {
  Rule rule;
  rule.id = string_or(json, "id", "");
  rule.name = string_or(json, "name", "");
  rule.text = text_or_empty(object_or_empty(json, "shortDescription"), "text");
  rule.url = string_or(json, "helpUri", "");
  const Json& properties = object_or_empty(json, "properties");
  rule.severity = parse_severity(text_or_empty(properties, "cvssV3_severity"));
  const double score = std::strtod(text_or_empty(properties, "security-severity").c_str(), nullptr);
  if (rule.severity == Severity::unknown) rule.severity = severity_of_score(score);
  for (const char* list : {"tags", "purls", "cve"}) {
    const auto found = properties.find(list);
    if (found == properties.end() || !found->is_array()) continue;
    for (const Json& entry : *found) {
      const std::string text = text_of(entry);
      if (parse_severity(text) != Severity::unknown) rule.severity = parse_severity(text);
      if (text.starts_with("pkg:") && rule.purl.empty()) rule.purl = text;
      rule.tags.push_back(text);
    }
  }
  return rule;
}

// Trivy's rules say of what kind the package is; Grype's by the name of what matched.
bool is_os(const Finding& finding, const Rule& rule) {
  if (!finding.type.empty()) return is_distribution_type(finding.type);
  if (rule.name == "LanguageSpecificPackageVulnerability") return false;
  for (const std::string_view matcher : {"Dpkg", "Apk", "Rpm", "OsPackage"}) {
    if (rule.name.starts_with(matcher)) return true;
  }
  return rule.name.find("Matcher") == std::string::npos;
}

void read_result(const Json& result, const std::vector<Rule>& rules, const std::map<std::string, std::size_t>& by_id, const std::string& tool, Report& out, std::size_t& other) {
  const std::string rule_id = string_or(result, "ruleId", text_or_empty(object_or_empty(result, "rule"), "id"));
  const auto found = by_id.find(rule_id);
  const Rule rule = found == by_id.end() ? Rule{} : rules[found->second];
  std::vector<std::string> ids = advisory_ids(rule_id);
  for (const std::string& text : rule.tags) {
    for (std::string& id : advisory_ids(text)) ids.push_back(std::move(id));
  }
  for (std::string& id : advisory_ids(rule.text)) ids.push_back(std::move(id));
  std::stable_partition(ids.begin(), ids.end(), [](const std::string& id) { return id.starts_with("CVE-"); });
  Finding finding;
  finding.severity = rule.severity;
  finding.purl = rule.purl;
  complete_from_purl(finding);
  const std::string message = text_or_empty(object_or_empty(result, "message"), "text");
  if (finding.package.empty()) read_message(message, finding);
  if (ids.empty()) return void(++other);  // a secret, a setting
  if (finding.package.empty()) throw Error(ErrorKind::input, fmt::format("the message on {} names no package", ids.front()));
  finding.id = ids.front();
  for (std::size_t i = 1; i < ids.size(); ++i) {
    if (ids[i] != finding.id && std::find(finding.aliases.begin(), finding.aliases.end(), ids[i]) == finding.aliases.end()) finding.aliases.push_back(ids[i]);
  }
  finding.operating_system = is_os(finding, rule);
  finding.selector = true;
  finding.status = Status::unknown;
  finding.title = rule.text;
  finding.url = rule.url;
  finding.target = tool;
  out.findings.push_back(std::move(finding));
}

}  // namespace

std::vector<std::string> fields() {
  std::vector<std::string> out = {"/version", "/$schema"};
  append_fields(out, "/runs/*", {"/tool/driver/name", "/properties/imageID", "/properties/imageName", "/properties/repoDigests"});
  append_fields(out, "/runs/*/tool/driver/rules/*", {"/id", "/name", "/shortDescription/text", "/helpUri", "/properties/tags", "/properties/purls", "/properties/cve",
                                                     "/properties/security-severity", "/properties/cvssV3_severity"});
  append_fields(out, "/runs/*/results/*", {"/ruleId", "/rule/id", "/message/text"});
  return out;
}

bool recognise(const Json& report) {
  return has(report, "runs") && report["runs"].is_array() && (has(report, "version") || has(report, "$schema"));
}

void read(const Json& report, Report& out) {
  std::size_t other = 0;
  each_with_rows(out, report, "runs", [&](const Json& run) {
    const Json& driver = object_or_empty(object_or_empty(run, "tool"), "driver");
    const std::string tool = string_or(driver, "name", "");
    const Json& properties = object_or_empty(run, "properties");
    if (out.subject.image_id.empty()) out.subject.image_id = text_or_empty(properties, "imageID");
    if (out.subject.name.empty()) out.subject.name = text_or_empty(properties, "imageName");
    for (const std::string& reference : strings_or_empty(properties, "repoDigests")) out.subject.digests.push_back(digest_part(reference));
    std::vector<Rule> rules;
    std::map<std::string, std::size_t> by_id;
    each(driver, "rules", [&](const Json& rule) {
      rules.push_back(read_rule(rule));
      by_id.emplace(rules.back().id, rules.size() - 1);
    });
    each_row(out, run, "results", [&](const Json& result) { read_result(result, rules, by_id, tool, out, other); });
  });
  out.notes.push_back("SARIF has no versions: it chooses what to fix, the versions come from feeds and other reports");
  if (other > 0) out.notes.push_back(fmt::format("{} result{} that name{} no advisory left out", other, other == 1 ? "" : "s", other == 1 ? "s" : ""));
}

}  // namespace resole::advisory::sarif
