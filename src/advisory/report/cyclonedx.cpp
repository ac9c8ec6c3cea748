// SPDX-License-Identifier: Apache-2.0
// CycloneDX: components, and vulnerabilities that affect them by bom-ref. There is no field for a fix: Trivy writes it into `recommendation` ("Upgrade libidn2-0 to
// version 2.0.5-1+deb10u1; Upgrade ..."), and that form alone is read, for the component it names. Without vulnerabilities it is an inventory; without components it is
// VEX, which is another option's.
//
// In XML (1.2 to 1.6, and 1.x with the vulnerability extension) it is the same document with other brackets: `from_xml` makes the JSON form of what is read here.
#include <algorithm>
#include <map>

#include "advisory/package_type.hpp"
#include "advisory/report/formats_of_reports.hpp"
#include "advisory/report/reading.hpp"
#include "base/text.hpp"
#include "base/xml.hpp"

namespace resole::advisory::cyclonedx {

namespace {

constexpr int kNesting = 4;  // components in components
constexpr std::uint64_t kMostElements = 2'000'000;  // of XML; a hundred megabytes

std::string property(const Json& component, std::string_view name) {
  std::string value;
  each(component, "properties", [&](const Json& one) {
    if (value.empty() && text_or_empty(one, "name") == name) value = text_or_empty(one, "value");
  });
  return value;
}

void read_image_properties(const Json& component, Subject& subject) {
  each(component, "properties", [&](const Json& one) {
    const std::string name = text_or_empty(one, "name"), value = text_or_empty(one, "value");
    if (name == "aquasecurity:trivy:ImageID") subject.image_id = value;
    if (name == "aquasecurity:trivy:DiffID") subject.diff_ids.push_back(value);
    if (name == "aquasecurity:trivy:RepoDigest") subject.digests.push_back(digest_part(value));
  });
}

struct Component {
  ListedPackage package;
  std::string target;
};
using Components = std::map<std::string, Component>;

ListedPackage listed_of(const Json& component) {
  ListedPackage one;
  const std::string group = text_or_empty(component, "group");
  one.name = text_or_empty(component, "name");
  one.version = text_or_empty(component, "version");
  one.purl = text_or_empty(component, "purl");
  if (const auto url = PackageUrl::parse(one.purl)) {
    one.type = url->type;
    one.arch = url->qualifier("arch");
    if (is_distribution_type(url->type)) {
      if (one.version.find(':') == std::string::npos) one.version = full_version(*url);
      one.source = url->qualifier("upstream").substr(0, url->qualifier("upstream").find('@'));
    }
  }
  if (!group.empty() && !is_distribution_type(one.type)) one.name = group + "/" + one.name;
  const std::string trivy = "aquasecurity:trivy:";
  if (const std::string source = property(component, trivy + "SrcName"); !source.empty()) {
    one.source = source;
    one.source_version = joined_version(property(component, trivy + "SrcEpoch"), property(component, trivy + "SrcVersion"), property(component, trivy + "SrcRelease"));
  } else if (const std::string syft = property(component, "syft:metadata:source"); !syft.empty()) {
    one.source = syft;
    one.source_version = property(component, "syft:metadata:sourceVersion");
  }
  return one;
}

void read_components(const Json& parent, int depth, Components& components, Report& out) {
  each_row(out, parent, "components", [&](const Json& component) {
    const std::string type = text_or_empty(component, "type"), ref = text_or_empty(component, "bom-ref");
    if (type == "operating-system" && out.subject.os_family.empty()) {
      out.subject.os_family = lower(text_or_empty(component, "name"));
      out.subject.os_name = text_or_empty(component, "version");
    } else if (type != "file" && !text_or_empty(component, "name").empty()) {
      Component one{listed_of(component), property(component, "aquasecurity:trivy:FilePath")};
      if (one.target.empty()) one.target = property(component, "syft:location:0:path");
      if (!one.package.purl.empty()) out.packages.push_back(one.package);
      components.emplace(ref.empty() ? one.package.purl : ref, std::move(one));
    }
    if (depth < kNesting) read_components(component, depth + 1, components, out);
  });
}

// "urn:cdx:3e67.../1#ref" -> "ref"
std::string local_ref(const std::string& ref) { return ref.starts_with("urn:cdx:") && ref.find('#') != std::string::npos ? ref.substr(ref.find('#') + 1) : ref; }

// "Upgrade a to version 1.2; Upgrade b to version 1.3, 2.0" -> the versions for `name`.
std::vector<std::string> recommended(std::string_view text, std::string_view name) {
  const std::string lead = "Upgrade " + std::string(name) + " to version ";
  const std::size_t at = text.find(lead);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + lead.size());
  return fix_versions(text.substr(0, text.find(';')));
}

// The rating of the advisory's own source, else the highest.
Severity read_ratings(const Json& vulnerability) {
  const std::string source = text_or_empty(object_or_empty(vulnerability, "source"), "name");
  Severity own = Severity::unknown, highest = Severity::unknown;
  each(vulnerability, "ratings", [&](const Json& rating) {
    const Severity severity = parse_severity(text_or_empty(rating, "severity"));
    highest = std::max(highest, severity);
    if (!source.empty() && text_or_empty(object_or_empty(rating, "source"), "name") == source) own = std::max(own, severity);
  });
  return own != Severity::unknown ? own : highest;
}

void read_vulnerability(const Json& vulnerability, const Components& components, Report& out) {
  Finding common;
  common.id = required_text(vulnerability, "id");
  each(vulnerability, "references", [&](const Json& reference) {
    const std::string id = text_or_empty(reference, "id");
    if (!id.empty() && id != common.id && std::find(common.aliases.begin(), common.aliases.end(), id) == common.aliases.end()) common.aliases.push_back(id);
  });
  common.severity = read_ratings(vulnerability);
  common.url = text_or_empty(object_or_empty(vulnerability, "source"), "url");
  const Json& analysis = object_or_empty(vulnerability, "analysis");
  common.status_word = text_or_empty(analysis, "state");
  const std::string recommendation = text_or_empty(vulnerability, "recommendation");
  each_row(out, vulnerability, "affects", [&](const Json& affected) {
    const std::string ref = local_ref(text_or_empty(affected, "ref"));
    const auto found = components.find(ref);
    if (found == components.end()) throw Error(ErrorKind::input, fmt::format("there is no component {}", printable(ref, 100)));
    const ListedPackage& package = found->second.package;
    Finding finding = common;
    finding.package = package.name;
    finding.arch = package.arch;
    finding.source = package.source;
    finding.source_version = package.source_version;
    finding.purl = package.purl;
    finding.type = package.type;
    finding.installed = package.version;
    set_fixes(finding, recommended(recommendation, package.name));
    finding.status = finding.status_word.empty() && finding.fixed.empty() ? Status::unknown : parse_status(finding.status_word, !finding.fixed.empty());
    if (finding.status == Status::unfixed && !finding.fixed.empty()) finding.status = Status::fixed;
    if (finding.status == Status::not_affected) {
      finding.suppressed = finding.status_word;
      if (const std::string why = text_or_empty(analysis, "justification"); !why.empty()) finding.suppressed += ", " + why;
    }
    finding.operating_system = is_distribution_type(package.type);
    finding.target = found->second.target;
    out.findings.push_back(std::move(finding));
  });
}

// --- XML ---

using Element = xml::Element;

Json component_of(const Element& element, int depth) {
  Json json = {{"type", element.attribute("type")}, {"bom-ref", element.attribute("bom-ref")}};
  for (const char* name : {"group", "name", "version", "purl"}) {
    if (const std::string_view text = element.text_of(name); !text.empty()) json[name] = text;
  }
  if (const Element* properties = element.child("properties")) {
    for (const Element* one : properties->all("property")) json["properties"].push_back({{"name", one->attribute("name")}, {"value", one->text}});
  }
  if (const Element* components = element.child("components"); components != nullptr && depth < kNesting) {
    for (const Element* one : components->all("component")) json["components"].push_back(component_of(*one, depth + 1));
  }
  return json;
}

// `owner`: the component in which the extension of 1.x put the vulnerability.
Json vulnerability_of(const Element& element, std::string_view owner) {
  Json json = {{"id", element.text_of("id")}, {"source", {{"name", element.text_of("source/name")}, {"url", element.text_of("source/url")}}}};
  if (const std::string_view text = element.text_of("recommendation"); !text.empty()) json["recommendation"] = text;
  if (const std::string_view text = element.text_of("analysis/state"); !text.empty()) json["analysis"] = {{"state", text}, {"justification", element.text_of("analysis/justification")}};
  if (const Element* references = element.child("references")) {
    for (const Element* one : references->all("reference")) json["references"].push_back({{"id", one->text_of("id")}});
  }
  if (const Element* ratings = element.child("ratings")) {
    for (const Element* one : ratings->all("rating")) json["ratings"].push_back({{"severity", one->text_of("severity")}, {"source", {{"name", one->text_of("source/name")}}}});
  }
  if (const Element* affects = element.child("affects")) {
    for (const Element* one : affects->all("target")) json["affects"].push_back({{"ref", one->text_of("ref")}});
  } else if (const std::string_view ref = element.attribute("ref"); !ref.empty() || !owner.empty()) {
    json["affects"].push_back({{"ref", ref.empty() ? owner : ref}});
  }
  return json;
}

void take_extension(const Element& component, Json& document) {
  if (const Element* list = component.child("vulnerabilities")) {
    for (const Element* one : list->all("vulnerability")) document["vulnerabilities"].push_back(vulnerability_of(*one, component.attribute("bom-ref")));
  }
  if (const Element* components = component.child("components")) {
    for (const Element* one : components->all("component")) take_extension(*one, document);
  }
}

}  // namespace

Json from_xml(Source& source, std::string_view what) {
  Json document = {{"bomFormat", "CycloneDX"}, {"components", Json::array()}};
  xml::for_each(source, what, {"metadata", "component", "vulnerability"}, [&](Element&& element) {
    if (element.name == "metadata") {
      if (const Element* component = element.child("component")) document["metadata"]["component"] = component_of(*component, kNesting);
    } else if (element.name == "component") {
      document["components"].push_back(component_of(element, 1));
      take_extension(element, document);
    } else {
      document["vulnerabilities"].push_back(vulnerability_of(element, ""));
    }
  }, {.elements = kMostElements});
  return document;
}

std::vector<std::string> fields() {
  std::vector<std::string> out = {"/bomFormat"};
  std::string component = "/metadata/component";
  for (int depth = 0; depth <= kNesting; ++depth) {
    append_fields(out, component, {"/type", "/bom-ref", "/group", "/name", "/version", "/purl", "/properties/*/name", "/properties/*/value"});
    component = depth == 0 ? "/components/*" : component + "/components/*";
  }
  append_fields(out, "/vulnerabilities/*", {"/id", "/source/name", "/source/url", "/references/*/id", "/ratings/*/severity", "/ratings/*/source/name", "/recommendation", "/analysis/state",
                                            "/analysis/justification", "/affects/*/ref"});
  return out;
}

bool recognise(const Json& report) { return has(report, "bomFormat") && report["bomFormat"] == "CycloneDX"; }

void read(const Json& report, Report& out) {
  const Json& image = object_or_empty(object_or_empty(report, "metadata"), "component");
  out.subject.name = text_or_empty(image, "name");
  read_image_properties(image, out.subject);
  for (const std::string& text : {text_or_empty(image, "version"), text_or_empty(image, "purl")}) {
    if (std::string digest = digest_part(text); !digest.empty()) out.subject.digests.push_back(std::move(digest));
  }
  if (const auto url = PackageUrl::parse(text_or_empty(image, "purl"))) out.subject.architecture = url->qualifier("arch");
  Components components;
  read_components(report, 1, components, out);
  const auto vulnerabilities = report.find("vulnerabilities");
  const bool any = vulnerabilities != report.end() && vulnerabilities->is_array() && !vulnerabilities->empty();
  if (any && components.empty()) throw Error(ErrorKind::input, "this is CycloneDX without components, which is VEX and no report", "give it with --vex");
  each_row(out, report, "vulnerabilities", [&](const Json& vulnerability) { read_vulnerability(vulnerability, components, out); });
  out.inventory_only = !any;
}

}  // namespace resole::advisory::cyclonedx
