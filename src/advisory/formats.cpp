// SPDX-License-Identifier: Apache-2.0
// A report is read once, as it streams by: whatever any format reads is built, then the format is recognised by what is there. So a large one costs the memory of what
// is read of it, and detection looks at all of it, not at its first lines.
#include "advisory/formats.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "advisory/report/flat.hpp"
#include "advisory/report/formats_of_reports.hpp"
#include "advisory/report/reading.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/json_fields.hpp"
#include "base/text.hpp"
#include "base/xml.hpp"

namespace resole::advisory {

namespace {

constexpr std::size_t kHead = 64u << 10;             // what is looked at to tell XML from JSON

std::vector<Format> make_formats() {
  std::vector<Format> out = {
      {"trivy", "Trivy JSON (trivy image --format json; schema 2 and 1, the operator's VulnerabilityReport)", trivy::fields(), trivy::recognise, trivy::read},
      {"grype", "Grype JSON (grype -o json)", grype::fields(), grype::recognise, grype::read},
      {"clair", "Clair v4 (VulnerabilityReport; IndexReport as an inventory)", clair::fields(), clair::recognise, clair::read},
      {"osv-scanner", "osv-scanner (--format json)", osv_scanner::fields(), osv_scanner::recognise, osv_scanner::read},
      {"sarif", "SARIF of Trivy, Grype, Snyk and Docker Scout: chooses advisories", sarif::fields(), sarif::recognise, sarif::read},
      {"snyk", "Snyk Container (snyk container test --json)", snyk::fields(), snyk::recognise, snyk::read},
      {"inspector", "Amazon Inspector 2 and ECR scan findings", inspector::fields(), inspector::recognise, inspector::read},
      {"security-hub", "AWS Security Hub findings (ASFF)", asff::fields(), asff::recognise, asff::read},
      {"cyclonedx", "CycloneDX JSON, with vulnerabilities or as an inventory", cyclonedx::fields(), cyclonedx::recognise, cyclonedx::read},
      {"spdx", "SPDX 2 JSON, an inventory", spdx::fields(), spdx::recognise, spdx::read},
      {"syft", "Syft JSON, an inventory", syft::fields(), syft::recognise, syft::read},
      {"sysdig", "Sysdig CLI scanner (JSON with tables) and Sysdig's results API", sysdig::fields(), sysdig::recognise, sysdig::read},
  };
  for (const flat::Format& format : flat::table()) {
    out.push_back({std::string(format.name), std::string(format.title), flat::fields(format), [&format](const Json& json) { return flat::recognise(format, json); },
                   [&format](const Json& json, Report& report) { flat::read(format, json, report); }});
  }
  return out;
}

// Documents that are often given by mistake: what they are, and what to do with them. Known by a member, of all that "/..." would find.
struct Mistaken {
  std::string_view member, what, hint;
};
constexpr Mistaken kMistaken[] = {
    {"statements", "an OpenVEX document, which says what does not count", "give it with --vex"},
    {"document", "a CSAF document, which is advice about products and no report on an image", "give it with --vex, or import it as a feed"},
    {"@graph", "an SPDX 3 document, which this version of resole does not read", "write SPDX 2.3: syft -o spdx-json@2.3"},
    {"affected", "a single OSV record, which is an advisory and no report", "import it as a feed"},
    {"fixed_in_version", "a single vulnerability of Clair's, which is no report", "ask Clair for the vulnerability report of the manifest"},
    {"layers", "an image manifest, which is no report", ""},
    {"schemaVersion", "an image manifest or index, which is no report", ""},
    {"$schema", "a JSON Schema, which describes documents and is none", ""},
    {"schema", "one of resole's own documents, which is no report", ""},
};

const JsonFields& all_fields() {
  static const JsonFields kFields = [] {
    JsonFields fields;
    for (const Format& format : formats()) {
      for (const std::string& field : format.fields) fields.add(field);
    }
    for (const Mistaken& each : kMistaken) fields.add(fmt::format("/{}/~", each.member));  // no more than that it is there
    return fields;
  }();
  return kFields;
}

// The beginning of a stream, looked at and given again.
class Headed : public Source {
 public:
  explicit Headed(Source& source) : source_(source), hasher_(Algorithm::sha256) {
    head_.resize(kHead);
    std::size_t size = 0;
    for (std::size_t got = 1; got > 0 && size < kHead; size += got) got = source_.read(head_.data() + size, kHead - size);
    head_.resize(size);
    hasher_.update(head_);
  }
  std::string_view head() const { return head_; }
  std::size_t read(char* buffer, std::size_t capacity) override {
    if (given_ < head_.size()) {
      const std::size_t part = head_.copy(buffer, capacity, given_);
      given_ += part;
      return part;
    }
    const std::size_t got = source_.read(buffer, capacity);
    hasher_.update({buffer, got});
    return got;
  }
  Digest digest() { return Digest::sha256(hasher_.finish_sha256()); }

 private:
  Source& source_;
  Hasher hasher_;
  std::string head_;
  std::size_t given_ = 0;
};

constexpr std::string_view kJsonHint = "give the scanner's JSON: trivy image --format json, grype -o json, ...";

void require_text(std::string_view head, const std::string& name) {
  if (trim(head).empty()) throw Error(ErrorKind::input, fmt::format("report {} is empty", name));
  if (head.starts_with("\x1f\x8b")) throw Error(ErrorKind::input, fmt::format("report {} is compressed with gzip", name), "decompress it first");
  if (head.starts_with("\xff\xfe") || head.starts_with("\xfe\xff"))
    throw Error(ErrorKind::input, fmt::format("report {}: byte 0: the text is UTF-16, as a redirection in PowerShell writes it", name), "let the scanner write the file itself (--output), or convert it to UTF-8");
}

[[noreturn]] void throw_unknown(const Json& json, const std::string& name) {
  for (const Mistaken& each : kMistaken) {
    if (json.is_object() && json.contains(each.member)) throw Error(ErrorKind::input, fmt::format("report {} is {}", name, each.what), std::string(each.hint));
  }
  std::vector<std::string> titles;
  for (const Format& format : formats()) titles.push_back(format.title);
  for (const XmlFormat& format : xml_formats()) titles.emplace_back(format.title);
  throw Error(ErrorKind::input, fmt::format("report {} has none of the known formats", name), "known formats: " + join(titles, ", "));
}

void read_json_report(const Json& json, const std::string& name, Report& report) {
  const auto format = std::find_if(formats().begin(), formats().end(), [&](const Format& each) { return each.recognise(json); });
  if (format == formats().end()) throw_unknown(json, name);
  report.format = format->name;
  with_context([&] { return "report " + name; }, [&] { format->read(json, report); });
}

void read_xml_report(Source& source, std::string_view root, const std::string& name, Report& report) {
  // Without a root the parser says what is wrong: damage, a document type with declarations.
  if (root.empty()) xml::for_each(source, "report " + name, {"bom"}, [](xml::Element&&) {});
  const auto format = std::find_if(xml_formats().begin(), xml_formats().end(), [&](const XmlFormat& each) { return each.root == root; });
  if (format == xml_formats().end()) {
    throw Error(ErrorKind::input, fmt::format("report {} is XML of a kind that is not known, <{}>", name, printable(root, 60)),
                "of XML, CycloneDX and the OVAL results of OpenSCAP are read (oscap oval eval --results); else " + std::string(kJsonHint));
  }
  report.format = format->name;
  const std::string what = "report " + name;  // the parser names it itself
  if (format->name == "openscap") return oval_results::read(source, what, report);
  const Json document = cyclonedx::from_xml(source, what);
  with_context([&] { return what; }, [&] { cyclonedx::read(document, report); });
}

void finish(Report& report, const std::string& name) {
  if (std::max(report.findings.size(), report.left_out.count) > kMostFindings) throw Error(ErrorKind::input, fmt::format("report {} has more than {} findings", name, kMostFindings));
  std::erase(report.subject.digests, "");
  std::erase_if(report.findings, [&](const Finding& finding) {
    const bool nameless = finding.id.empty() || finding.package.empty();
    if (nameless) report.left_out.add(fmt::format("a finding without {}", finding.id.empty() ? "an advisory's id" : "a package"));
    return nameless;
  });
  if (report.left_out.count > 0) {
    const std::string rows = fmt::format("{} row{}", report.left_out.count, report.left_out.count == 1 ? "" : "s");
    if (report.findings.empty() && report.left_out.count >= report.packages.size()) throw Error(ErrorKind::input, fmt::format("report {}: nothing of it can be read, {} of it cannot; the first: {}", name, rows, report.left_out.first));
    report.notes.insert(report.notes.begin(), fmt::format("{} could not be read and {} left out; the first: {}", rows, report.left_out.count == 1 ? "is" : "are", report.left_out.first));
  }
  for (Finding& finding : report.findings) finding.origin = report.name;
}

}  // namespace

const std::vector<Format>& formats() {
  static const std::vector<Format> kFormats = make_formats();
  return kFormats;
}

const std::vector<XmlFormat>& xml_formats() {
  static const std::vector<XmlFormat> kXml = {
      {"cyclonedx", "CycloneDX XML", "bom", {"metadata/component", "components/component", "vulnerabilities/vulnerability"}},
      {"openscap", "OpenSCAP's OVAL results", "oval_results", {"definition", "rpminfo_test", "dpkginfo_test", "*_object", "*_state", "*_item", "system_info"}},
      {"openscap", "OpenSCAP's results as an ARF", "asset-report-collection", {"as in OVAL results"}},
  };
  return kXml;
}

Report read_report(Source& bytes, std::string_view file_name) {
  const std::string name = printable(file_name);
  Headed source(bytes);
  require_text(source.head(), name);
  Report report;
  report.name = file_name;
  const std::string_view text = trim(source.head().starts_with("\xef\xbb\xbf") ? source.head().substr(3) : source.head());
  if (text.starts_with('<')) {
    read_xml_report(source, xml::root_name(source.head()), name, report);
  } else if (text.starts_with('{') || text.starts_with('[')) {
    read_json_report(parse_json_fields(source, "report " + name, all_fields()), name, report);
  } else {
    throw Error(ErrorKind::input, fmt::format("report {}: byte 0: neither JSON nor XML", name), std::string(kJsonHint));
  }
  report.sha256 = source.digest();
  finish(report, name);
  return report;
}

Report read_report(std::string_view bytes, std::string_view file_name) {
  const auto source = source_of(bytes);
  return read_report(*source, file_name);
}

}  // namespace resole::advisory
