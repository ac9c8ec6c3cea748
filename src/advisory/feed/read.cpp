// SPDX-License-Identifier: Apache-2.0
#include "advisory/feed/read.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/json_pieces.hpp"
#include "base/text.hpp"
#include "base/xml.hpp"
#include "base/yaml.hpp"

namespace resole::advisory::feed {

namespace {

constexpr std::size_t kBeginning = 1u << 16;

constexpr FeedFormat kFeedFormats[] = {
    {"debian-tracker", "Debian security tracker (data/json)", "releases.{status, fixed_version, urgency, nodsa, nodsa_reason}"},
    {"osv", "OSV advisories: one, an array, JSON lines, or many files (Ubuntu, AlmaLinux, Rocky Linux, SUSE, Chainguard, osv.dev)",
     "id, upstream, aliases, related, withdrawn, modified, severity, summary, affected.{package.{ecosystem, name}, ranges.events, versions, ecosystem_specific.urgency}"},
    {"secdb", "secdb (Alpine, Wolfi, Chainguard; JSON or YAML)", "distroversion, reponame, urlprefix, packages.pkg.{name, secfixes}"},
    {"csaf", "CSAF 2.0: VEX and advisories (Red Hat, SUSE)",
     "document.{tracking, aggregate_severity}, product_tree, vulnerabilities.{cve, product_status, remediations, threats}"},
    {"updateinfo", "updateinfo.xml of rpm repositories", "update.{@type, id, title, severity, release, references, description, pkglist.collection.{name, module, package}}"},
    {"errata", "errata.json of AlmaLinux", "updateinfo_id, type, severity, references, description, pkglist.{name, packages}"},
    {"oval", "OVAL definitions (Azure Linux, SUSE, Photon, Oracle, Red Hat, Ubuntu)",
     "definition.{@class, metadata.{title, affected.platform, reference, severity, patchable, advisory}, criteria}, tests, objects.name, states.{evr, version, arch}"},
    {"kev", "catalogue of known exploited vulnerabilities", "dateReleased, vulnerabilities.cveID"},
    {"epss", "exploit prediction scores (CSV)", "score_date, cve, epss"},
};

struct JsonReader {
  std::string_view format;
  bool (*recognise)(const Json& value);
  void (*read)(const Json& value, const Reading& reading);
};

bool has(const Json& value, std::initializer_list<const char*> keys) {
  return value.is_object() && std::ranges::all_of(keys, [&](const char* key) { return value.contains(key); });
}

constexpr JsonReader kJsonReaders[] = {
    {"csaf", [](const Json& value) { return has(value, {"document"}) && has(value["document"], {"csaf_version"}); }, read_csaf},
    {"secdb", [](const Json& value) { return has(value, {"packages", "reponame"}) && value["packages"].is_array(); }, read_secdb},
    {"kev", [](const Json& value) { return has(value, {"catalogVersion", "vulnerabilities"}) || has(value, {"cveID", "vendorProject"}); }, read_kev},
    {"errata", [](const Json& value) { return has(value, {"updateinfo_id", "pkglist"}); }, read_errata},
    {"osv", [](const Json& value) { return has(value, {"id", "modified"}) && (value.contains("affected") || value.contains("withdrawn")); }, read_osv},
};

struct Refusal {
  bool (*recognise)(const Json& value);
  std::string_view what, hint;
};

constexpr Refusal kRefusals[] = {
    {[](const Json& value) { return has(value, {"@context", "statements"}); }, "OpenVEX statements, which say what does not affect a product", "give them with --vex"},
    {[](const Json& value) { return value.is_object() && value.size() == 2 && value.contains("id") && value.contains("modified"); },
     "a list of advisories without their content", "give the export with the advisories themselves"},
    {[](const Json& value) { return has(value, {"bomFormat"}) || has(value, {"spdxVersion"}); }, "a parts list (SBOM)", "give it with --report"},
    {[](const Json& value) { return has(value, {"SchemaVersion"}) || has(value, {"matches", "descriptor"}); }, "a scanner's report", "give it with --report"},
    {[](const Json& value) { return has(value, {"Header", "Annotations"}) || has(value, {"Package", "Version"}) || has(value, {"Bugs", "Header"}); },
     "a part of another tool's copy of the Debian tracker", "give the tracker's own JSON"},
    {[](const Json& value) { return has(value, {"id", "packages", "references"}) && !value.contains("affected"); }, "an advisory in another tool's form",
     "give the updateinfo.xml that it was made from"},
    {[](const Json& value) { return has(value, {"result"}); }, "a list of releases and their support, not of vulnerabilities", ""},
};

[[noreturn]] void refuse(std::string_view name, std::string_view what, std::string_view hint) {
  throw Error(ErrorKind::input, fmt::format("{} is {}", name, what), std::string(hint));
}

[[noreturn]] void refuse_unknown(std::string_view name) {
  std::string known;
  for (const FeedFormat& format : kFeedFormats) known += fmt::format("{}{}", known.empty() ? "" : "; ", format.title);
  throw Error(ErrorKind::input, fmt::format("{} is no advisory feed that resole knows", name), "it reads: " + known);
}

// What was looked at comes first again.
class Rejoined : public Source {
 public:
  Rejoined(std::string_view beginning, Source& rest) : beginning_(beginning), rest_(rest) {}
  std::size_t read(char* buffer, std::size_t capacity) override {
    if (beginning_.empty()) return rest_.read(buffer, capacity);
    const std::size_t count = std::min(capacity, beginning_.size());
    beginning_.copy(buffer, count);
    beginning_.remove_prefix(count);
    return count;
  }

 private:
  std::string_view beginning_;
  Source& rest_;
};

std::string_view read_value(const Json& value, const Reading& reading) {
  for (const JsonReader& reader : kJsonReaders) {
    if (!reader.recognise(value)) continue;
    reader.read(value, reading);
    return reader.format;
  }
  for (const Refusal& refusal : kRefusals) {
    if (refusal.recognise(value)) refuse(reading.name, refusal.what, refusal.hint);
  }
  refuse_unknown(reading.name);
}

// {source: {CVE or TEMP: {releases}}}
bool is_debian_tracker(const JsonOutline& outline) {
  const bool vulnerabilities = std::ranges::any_of(outline.keys[1], [](const std::string& key) { return key.starts_with("CVE-") || key.starts_with("TEMP-"); });
  return outline.opens == '{' && vulnerabilities && outline.has(3, "releases");
}

std::string_view read_json(Source& text, const JsonOutline& outline, const Reading& reading) {
  if (is_debian_tracker(outline)) {
    read_debian_tracker(text, reading);
    return "debian-tracker";
  }
  std::string_view format;
  const JsonCut cut = outline.opens == '[' ? JsonCut::members : JsonCut::values;
  for_each_json(text, reading.name, cut, [&](std::string_view piece, std::uint64_t offset) {
    const std::string where = offset == 0 ? std::string(reading.name) : fmt::format("{} (from byte {})", reading.name, offset);
    format = read_value(parse_json(piece, where), reading);
  });
  if (format.empty()) refuse_unknown(reading.name);  // an empty array
  return format;
}

std::string_view read_xml(Source& text, std::string_view root, const Reading& reading) {
  if (root == "updates") {
    read_updateinfo(text, reading);
    return "updateinfo";
  }
  if (root == "oval_definitions") {
    read_oval(text, reading);
    return "oval";
  }
  if (root == "cvrfdoc") refuse(reading.name, "a CVRF document, the form before CSAF", "give the vendor's CSAF");
  if (root == "oval_results") refuse(reading.name, "the result of an OVAL scan", "give it with --report");
  if (root == "repomd") refuse(reading.name, "the list of an rpm repository's files", "give the updateinfo.xml that it names");
  if (root == "metadata" || root == "filelists" || root == "otherdata") refuse(reading.name, "a package index of an rpm repository, without advisories", "give its updateinfo.xml");
  if (root.empty()) xml::for_each(text, reading.name, {"\1"}, [](xml::Element&&) {});  // says where it breaks
  refuse_unknown(reading.name);
}

// Other text: secdb as YAML (Alpine until 2020), and what people may take for a feed.
std::string_view read_text(Source& text, std::string_view beginning, const Reading& reading) {
  if (beginning.starts_with("#model_version") || beginning.starts_with("cve,")) {
    read_epss(text, reading);
    return "epss";
  }
  if (beginning.starts_with("-----BEGIN PGP SIGNED MESSAGE-----") || beginning.starts_with("Origin: ")) refuse(reading.name, "the release file of an apt repository", "");
  if (beginning.starts_with("Package: ")) refuse(reading.name, "a package index or package database of Debian, without advisories", "");
  if (beginning.starts_with("C:Q")) refuse(reading.name, "a package index of Alpine, without advisories", "give the secdb of the release");
  if (beginning.starts_with('[') && (beginning.find("] DSA-") != std::string_view::npos || beginning.find("] DLA-") != std::string_view::npos))
    refuse(reading.name, "a raw list of the Debian tracker", "give the tracker's JSON, which says the same for each release");
  if (beginning.find("advisories:") != std::string_view::npos && beginning.find("schema-version:") != std::string_view::npos)
    refuse(reading.name, "the source of a secdb, one file per package", "give the secdb (security.json) or the OSV export");
  if (beginning.find("packages:") == std::string_view::npos || beginning.find("reponame:") == std::string_view::npos) refuse_unknown(reading.name);
  const std::string whole = read_all(text, 64u << 20, reading.name);
  return read_value(yaml_to_json(whole, reading.name), reading);
}

}  // namespace

std::span<const FeedFormat> feed_formats() { return kFeedFormats; }

std::string_view read_document(Source& text, const Reading& reading) {
  std::string beginning(kBeginning, '\0');
  std::size_t have = 0;
  while (const std::size_t got = have < beginning.size() ? text.read(beginning.data() + have, beginning.size() - have) : 0) have += got;
  beginning.resize(have);
  Rejoined whole(beginning, text);
  const std::size_t first = std::min(beginning.find_first_not_of(" \t\r\n"), beginning.size());
  const std::string_view content = std::string_view(beginning).substr(first);
  if (content.empty()) throw Error(ErrorKind::input, fmt::format("{} is empty", reading.name));
  if (const JsonOutline outline = outline_of(content); outline.opens == '{' || (outline.opens == '[' && content.substr(0, 200).find("] D") == std::string_view::npos))
    return read_json(whole, outline, reading);
  if (content.front() == '<' || content.starts_with("\xef\xbb\xbf<")) return read_xml(whole, xml::root_name(content), reading);
  return read_text(whole, content, reading);
}

}  // namespace resole::advisory::feed
