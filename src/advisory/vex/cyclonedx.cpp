// SPDX-License-Identifier: Apache-2.0
// CycloneDX 1.4 and later with vulnerabilities[].analysis. What is affected is named by bom-ref: of a component of this document, or of another document
// ("urn:cdx:SERIAL/VERSION#REF"), whose refs most tools make of package URLs.
#include <map>
#include <utility>

#include "advisory/vex/readers.hpp"
#include "base/text.hpp"

namespace resole::advisory::vex {

namespace {

using Refs = std::map<std::string, About>;

std::optional<About> about_url(const std::string& text) {
  auto url = PackageUrl::parse(text);
  if (!url) return std::nullopt;
  About about;
  (url->type == "oci" || url->type == "docker" ? about.image : about.package) = std::move(url);
  return about;
}

void read_refs(const Json& component, Refs& out) {  // as deep as the JSON may be
  const std::string ref = string_or(component, "bom-ref", "");
  auto about = about_url(string_or(component, "purl", ""));
  if (!about && string_or(component, "type", "") == "container" && string_or(component, "version", "").starts_with("sha256:")) {
    about.emplace().image_digest = string_or(component, "version", "");
  }
  if (about && !ref.empty()) out.emplace(ref, *std::move(about));
  each_object(component, "components", [&](const Json& below, std::size_t) { read_refs(below, out); });
}

// '#' is written as itself before a package URL, or escaped like the rest.
std::optional<About> look_up_ref(const Refs& refs, const std::string& ref) {
  if (const auto found = refs.find(ref); found != refs.end()) return found->second;
  if (!ref.starts_with("urn:cdx:")) return about_url(ref);
  const std::size_t hash = ref.find('#');
  if (hash == std::string::npos) return std::nullopt;
  const std::string inner = ref.substr(hash + 1);
  if (const auto found = refs.find(inner); found != refs.end()) return found->second;
  if (auto about = about_url(inner)) return about;
  return about_url(percent_decoded(inner));
}

// bom-1.6 "impactAnalysisState"
std::optional<Says> says_of(const std::string& state) {
  if (state == "not_affected" || state == "false_positive") return Says::not_affected;
  if (state == "resolved" || state == "resolved_with_pedigree") return Says::fixed;
  if (state == "exploitable") return Says::affected;
  if (state == "in_triage") return Says::under_investigation;
  if (state.empty()) return std::nullopt;
  throw Error(ErrorKind::input, fmt::format("\"state\" is \"{}\", which CycloneDX does not know", printable(state, 60)));
}

// With versions listed it is said of these alone; ranges are not judged.
void add_affected(const Json& affected, const About& about, const Statement& wish, bool stated, Document& out) {
  bool any = false;
  each_object(affected, "versions", [&](const Json& version, std::size_t) {
    any = true;
    const bool unaffected = string_or(version, "status", "") == "unaffected";
    const std::string exact = string_or(version, "version", "");
    if (exact.empty() || (!stated && !unaffected)) return;
    Statement statement = wish;
    if (!stated) statement.says = Says::not_affected;
    statement.about = {about};
    statement.about.front().version = exact;
    out.statements.push_back(std::move(statement));
  });
  if (any || !stated) return;
  Statement statement = wish;
  statement.about = {about};
  out.statements.push_back(std::move(statement));
}

}  // namespace

bool is_cyclonedx(const Json& json) { return has_member(json, "bomFormat") && json["bomFormat"] == "CycloneDX"; }

void read_cyclonedx(const Json& json, Document& out) {
  Refs refs;
  const Json& metadata = object_at(json, "metadata");
  read_refs(object_at(metadata, "component"), refs);
  read_refs(json, refs);
  const std::int64_t written = time_at(metadata, "timestamp", 0);
  std::size_t unknown = 0;
  each_object(json, "vulnerabilities", [&](const Json& vulnerability, std::size_t index) {
    const Json& analysis = object_at(vulnerability, "analysis");
    const auto says = says_of(string_or(analysis, "state", ""));
    Statement statement{.ids = {string_or(vulnerability, "id", "")},
                        .says = says.value_or(Says::affected),
                        .reason = with_colon(string_or(analysis, "justification", ""), string_or(analysis, "detail", "")),
                        .about = {},
                        .time = time_at(analysis, "lastUpdated", written),
                        .place = fmt::format("vulnerabilities[{}]", index)};
    if (statement.ids.front().empty()) throw Error(ErrorKind::input, "\"id\" is missing");
    each_object(vulnerability, "references", [&](const Json& reference, std::size_t) {
      if (std::string id = string_or(reference, "id", ""); !id.empty()) statement.ids.push_back(std::move(id));
    });
    each_object(vulnerability, "affects", [&](const Json& affected, std::size_t) {
      const auto about = look_up_ref(refs, string_or(affected, "ref", ""));
      if (about)
        add_affected(affected, *about, statement, says.has_value(), out);
      else
        ++unknown;
    });
  });
  if (unknown > 0) out.notes.push_back(fmt::format("{} refs are about components without a package URL, and are left out", unknown));
}

}  // namespace resole::advisory::vex
