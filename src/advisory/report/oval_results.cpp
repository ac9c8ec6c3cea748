// SPDX-License-Identifier: Apache-2.0
// OVAL 5 results (`oscap oval eval --results`), bare or in an ARF. A definition with the result "true" holds on the scanned system; which packages made it so is three
// joins away:
//
//   <results><system><definitions><definition definition_id="oval:D" result="true"><criteria><criterion test_ref="oval:T" result="true"/>
//   <definitions><definition id="oval:D" class="patch"><metadata><title/><reference ref_id="CVE-..."/><advisory><severity/></advisory></metadata></definition>
//   <tests><rpminfo_test id="oval:T"><object object_ref="oval:O"/><state state_ref="oval:S"/></rpminfo_test>
//   <objects><rpminfo_object id="oval:O"><name>openssl</name>    <states><rpminfo_state id="oval:S"><evr operation="less than">1:1.1.1k-5.el8</evr>
//
// Only tests of the kind "less than this version" are packages to move; the others ask for the release or for a signing key.
#include <map>
#include <set>

#include "advisory/report/formats_of_reports.hpp"
#include "advisory/report/reading.hpp"
#include "base/text.hpp"
#include "base/xml.hpp"

namespace resole::advisory::oval_results {

namespace {

using xml::Element;

constexpr std::size_t kMostElements = 1'000'000;  // that are kept of one file; thirty times what a release's definitions come to

struct Definition {
  std::string kind, title, url;
  std::vector<std::string> ids;
  Severity severity = Severity::unknown;
};
struct Test { std::string object, state, type; };

struct Tables {
  std::map<std::string, Definition> definitions;
  std::map<std::string, Test> tests;
  std::map<std::string, std::string> names;   // object -> package
  std::map<std::string, std::string> states;  // state -> version that it has to be below
  std::map<std::string, std::set<std::string>> held;  // definition that holds -> its tests that hold
  std::map<std::string, std::string> installed;  // package -> version, of the collected items
  std::size_t count = 0;

  void count_one(std::string_view report, std::string_view what) {
    if (++count > kMostElements) throw Error(ErrorKind::input, fmt::format("{}: more {} than are read of one report", report, what));
  }
};

void read_definition(const Element& element, Tables& tables) {
  Definition one;
  one.kind = element.attribute("class");
  if (const Element* metadata = element.child("metadata")) {
    one.title = metadata->text_of("title");
    for (const Element* reference : metadata->all("reference")) {
      const std::string id(reference->attribute("ref_id"));
      if (!id.empty()) one.ids.push_back(id);
      if (one.url.empty()) one.url = reference->attribute("ref_url");
    }
    if (const Element* advisory = metadata->child("advisory")) {
      one.severity = parse_severity(advisory->text_of("severity"));
      for (const Element* cve : advisory->all("cve")) one.ids.push_back(cve->text);
    }
  }
  tables.definitions.emplace(element.attribute("id"), std::move(one));
}

void collect_held_tests(const Element& element, std::set<std::string>& tests) {
  for (const Element& child : element.children) {
    if (child.name == "criterion" && child.attribute("result") == "true" && child.attribute("negate") != "true") tests.emplace(child.attribute("test_ref"));
    if (child.name == "criteria") collect_held_tests(child, tests);
  }
}

void take(Element&& element, std::string_view report, Tables& tables, Subject& subject) {
  tables.count_one(report, element.name);
  const std::string id(element.attribute("id"));
  if (element.name == "definition" && !element.attribute("definition_id").empty()) {
    if (element.attribute("result") == "true") collect_held_tests(element, tables.held[std::string(element.attribute("definition_id"))]);
  } else if (element.name == "definition") {
    read_definition(element, tables);
  } else if (element.name == "rpminfo_test" || element.name == "dpkginfo_test") {
    const Element* object = element.child("object");
    const Element* state = element.child("state");
    tables.tests.emplace(id, Test{object ? std::string(object->attribute("object_ref")) : "", state ? std::string(state->attribute("state_ref")) : "",
                                  element.name == "rpminfo_test" ? "rpm" : "deb"});
  } else if (element.name == "rpminfo_object" || element.name == "dpkginfo_object") {
    tables.names.emplace(id, element.text_of("name"));
  } else if (element.name == "rpminfo_state" || element.name == "dpkginfo_state") {
    const Element* evr = element.child("evr");
    if (evr != nullptr && evr->attribute("operation") == "less than") tables.states.emplace(id, evr->text);
  } else if (element.name == "rpminfo_item" || element.name == "dpkginfo_item") {
    tables.installed.emplace(element.text_of("name"), element.text_of("evr"));
  } else if (element.name == "system_info" && subject.name.empty()) {
    subject.name = element.text_of("primary_host_name");
    subject.architecture = element.text_of("architecture");
    read_os_text(std::string(element.text_of("os_name")) + " " + std::string(element.text_of("os_version")), subject);
  }
}

// "(none)" epochs and "0:" are no epoch.
std::string plain_evr(std::string_view evr) {
  for (const std::string_view lead : {"0:", "(none):"}) {
    if (evr.starts_with(lead)) evr.remove_prefix(lead.size());
  }
  return std::string(evr);
}

void add_findings(const std::string& definition_id, const std::set<std::string>& tests, const Tables& tables, Report& out) {
  const auto definition = tables.definitions.find(definition_id);
  static const Definition kNone;
  const Definition& about = definition == tables.definitions.end() ? kNone : definition->second;
  if (about.kind != "patch" && about.kind != "vulnerability") return;
  std::vector<std::string> ids = about.ids;
  if (ids.empty()) ids = advisory_ids(about.title);
  if (ids.empty()) ids.push_back(definition_id);
  for (const std::string& test_id : tests) {
    const auto test = tables.tests.find(test_id);
    if (test == tables.tests.end()) continue;
    const auto name = tables.names.find(test->second.object);
    const auto state = tables.states.find(test->second.state);
    if (name == tables.names.end() || name->second.empty() || state == tables.states.end()) continue;
    Finding finding;
    finding.id = ids.front();
    finding.aliases.assign(ids.begin() + 1, ids.end());
    finding.package = name->second;
    finding.type = test->second.type;
    if (const auto installed = tables.installed.find(name->second); installed != tables.installed.end()) finding.installed = plain_evr(installed->second);
    set_fixes(finding, {plain_evr(state->second)});
    finding.fix_of = FixOf::binary;  // the test looks at the package's own version
    finding.status = Status::fixed;
    finding.severity = about.severity;
    finding.title = about.title;
    finding.url = about.url;
    finding.target = definition_id;
    out.findings.push_back(std::move(finding));
  }
}

}  // namespace

void read(Source& source, std::string_view what, Report& out) {
  Tables tables;
  const xml::Limits limits{.bytes = 1ull << 30, .elements = 40'000'000};
  xml::for_each(source, what, {"definition", "rpminfo_test", "dpkginfo_test", "rpminfo_object", "dpkginfo_object", "rpminfo_state", "dpkginfo_state", "rpminfo_item", "dpkginfo_item", "system_info"},
                [&](Element&& element) { take(std::move(element), what, tables, out.subject); }, limits);
  if (tables.definitions.empty() && tables.held.empty()) throw Error(ErrorKind::input, fmt::format("{}: these OVAL results have no definitions", what), "run: oscap oval eval --results results.xml DEFINITIONS");
  for (const auto& [definition, tests] : tables.held) add_findings(definition, tests, tables, out);
}

}  // namespace resole::advisory::oval_results
