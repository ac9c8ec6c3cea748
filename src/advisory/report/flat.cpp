// SPDX-License-Identifier: Apache-2.0
#include "advisory/report/flat.hpp"

#include <algorithm>
#include <tuple>

#include "advisory/package_type.hpp"
#include "advisory/report/reading.hpp"
#include "base/text.hpp"

namespace resole::advisory::flat {

namespace {

// Where the walk is: every node from the document to the row, with the key or position that led there.
struct Step {
  const Json* node;
  std::string key;
};
using Trail = std::vector<Step>;

std::vector<std::string> segments_of(std::string_view pointer) {
  std::vector<std::string> out;
  if (pointer.empty()) return out;
  for (const std::string_view part : split(pointer.substr(1), '/')) out.emplace_back(part);
  return out;
}

// Calls visit(trail) for every place that fits; false from it ends the walk.
template <class Visit>
bool walk(Trail& trail, const std::vector<std::string>& segments, std::size_t at, const Visit& visit) {
  if (at == segments.size()) return visit(trail);
  const Json& node = *trail.back().node;
  const auto descend = [&](const Json& child, std::string key) {
    trail.push_back({&child, std::move(key)});
    const bool go_on = walk(trail, segments, at + 1, visit);
    trail.pop_back();
    return go_on;
  };
  const std::string& segment = segments[at];
  if (node.is_object()) {
    if (segment != "*") {
      const auto found = node.find(segment);
      return found == node.end() || descend(*found, segment);
    }
    for (const auto& [key, value] : node.items()) {
      if (!descend(value, key)) return false;
    }
  } else if (node.is_array()) {
    for (std::size_t i = 0; i < node.size(); ++i) {
      if (segment != "*" && segment != std::to_string(i)) continue;
      if (!descend(node[i], std::to_string(i))) return false;
    }
  }
  return true;
}

std::string place_of(const Trail& row) {
  std::string place;
  for (std::size_t i = 1; i < row.size(); ++i) place += "/" + row[i].key;
  return place;
}

bool has_any(const Json& report, std::string_view pattern) {
  Trail trail = {{&report, ""}};
  bool found = false;
  walk(trail, segments_of(pattern), 0, [&](const Trail&) {
    found = true;
    return false;
  });
  return found;
}

// The texts at a place: of a text itself, of a list's.
void add_texts(const Json& value, std::vector<std::string>& out) {
  if (value.is_array()) {
    for (const Json& one : value) {
      if (!one.is_array()) add_texts(one, out);
    }
  } else if (std::string text = text_of(value); !text.empty() && std::find(out.begin(), out.end(), text) == out.end()) {
    out.push_back(std::move(text));
  }
}

std::vector<std::string> texts_at(const Trail& row, std::string_view pointer) {
  for (const std::string_view alternative : split(pointer, '|')) {
    std::string_view path = trim(alternative);
    std::size_t up = 0;
    while (path.starts_with('^')) {
      path.remove_prefix(1);
      ++up;
    }
    if (up >= row.size() || path.empty()) continue;
    std::vector<std::string> out;
    if (path == "#") {
      out.push_back(row[row.size() - 1 - up].key);
    } else {
      Trail trail(row.begin(), row.end() - static_cast<std::ptrdiff_t>(up));
      walk(trail, segments_of(path), 0, [&](const Trail& place) {
        add_texts(*place.back().node, out);
        return true;
      });
    }
    if (!out.empty()) return out;
  }
  return {};
}

std::string text_at(const Trail& row, std::string_view pointer) { return join(texts_at(row, pointer), ", "); }

// "Critical", "5" of Qualys' five steps, "7.5" of CVSS.
Severity severity_of(const std::string& text) {
  if (const Severity severity = parse_severity(text); severity != Severity::unknown) return severity;
  static constexpr Severity kSteps[] = {Severity::negligible, Severity::low, Severity::medium, Severity::high, Severity::critical};
  if (text.size() == 1 && text[0] >= '1' && text[0] <= '5') return kSteps[text[0] - '1'];
  return Severity::unknown;
}

// GitLab's "Upgrade apt to 1.8.2.2" and "Upgrade to version 1.2"; other prose has no version.
std::vector<std::string> fixes_in(const std::string& text) {
  if (lower(text).starts_with("upgrade ")) {
    std::string_view rest = text;
    const std::size_t to = rest.find(" to ");
    if (to == std::string_view::npos) return {};
    rest.remove_prefix(to + 4);
    if (rest.starts_with("version ")) rest.remove_prefix(8);
    return fix_versions(rest.substr(0, rest.find(' ')));
  }
  return fix_versions(text);
}

// "deb://debian:bullseye:curl:7.74.0-1.3", "gav://org.a:b:1.2"
void read_jfrog(Finding& finding) {
  std::string_view text = finding.package;
  const std::size_t scheme = text.find("://");
  if (scheme == std::string_view::npos) return;
  finding.type = std::string(text.substr(0, scheme));
  std::string rest(text.substr(scheme + 3));
  // An epoch has a colon of its own: "rpm://8:openssl-libs:1:1.1.1k-9.el8_6".
  std::vector<std::string_view> parts = split(rest, ':');
  std::string version;
  if (parts.size() >= 2) {
    version = parts.back();
    parts.pop_back();
    const bool epoch = parts.size() >= 2 && parts.back().size() <= 2 && parse_unsigned(parts.back()).has_value();
    if (epoch) {
      version = std::string(parts.back()) + ":" + version;
      parts.pop_back();
    }
  }
  finding.installed = version;
  const bool distribution = is_distribution_type(finding.type);
  if (distribution || parts.size() < 2) {
    finding.package = std::string(parts.back());
  } else {
    finding.package = std::string(parts[0]) + ":" + std::string(parts.back());
  }
}

bool looks_like_os(const std::string& type) {
  const std::string small = lower(type);
  return small.empty() || is_distribution_type(small) || small == "package" || small == "os packages" || small == "unknown";
}

Finding read_row(const Rows& rows, const Trail& row) {
  Finding finding;
  finding.id = text_at(row, rows.id);
  if (const std::vector<std::string> ids = advisory_ids(finding.id); !ids.empty()) {
    finding.id = ids.front();
    finding.aliases.assign(ids.begin() + 1, ids.end());
  }
  for (const std::string& alias : texts_at(row, rows.aliases)) {
    if (alias != finding.id && (alias.starts_with("CVE-") || alias.starts_with("GHSA-") || alias.starts_with("XRAY-")) &&
        std::find(finding.aliases.begin(), finding.aliases.end(), alias) == finding.aliases.end())
      finding.aliases.push_back(alias);
  }
  finding.package = text_at(row, rows.package);
  finding.installed = text_at(row, rows.installed);
  finding.type = text_at(row, rows.type);
  finding.arch = text_at(row, rows.arch);
  finding.source = text_at(row, rows.source);
  finding.purl = text_at(row, rows.purl);
  finding.url = text_at(row, rows.url);
  finding.title = text_at(row, rows.title);
  finding.target = text_at(row, rows.target);
  if (finding.target == "None" || finding.target == "pkgdb") finding.target.clear();
  if (rows.notation == Notation::name_version) std::tie(finding.package, finding.installed) = split_name_version(finding.package, lower(finding.type) == "rpm");
  if (rows.notation == Notation::jfrog) read_jfrog(finding);
  set_fixes(finding, fixes_in(text_at(row, rows.fixed)));
  finding.severity = severity_of(text_at(row, rows.severity));
  finding.status_word = text_at(row, rows.status);
  finding.status = parse_status(finding.status_word, !finding.fixed.empty());
  finding.operating_system = !rows.language && rows.notation != Notation::file && looks_like_os(finding.type);
  if (rows.notation == Notation::file) {
    finding.target = finding.package;
    finding.type = "file";
  }
  complete_from_purl(finding);
  return finding;
}

void add_pointer(std::vector<std::string>& out, std::string_view pattern, std::string_view pointer) {
  for (const std::string_view alternative : split(pointer, '|')) {
    std::string_view path = trim(alternative);
    std::string base(pattern);
    while (path.starts_with('^')) {
      path.remove_prefix(1);
      base.resize(std::min(base.size(), base.rfind('/')));
    }
    // A position in a pointer ("/links/0") is any, as far as keeping goes.
    if (path.empty() || path == "#") continue;
    std::string full = base;
    for (const std::string& segment : segments_of(path)) full += parse_unsigned(segment) ? "/*" : "/" + segment;
    if (std::find(out.begin(), out.end(), full) == out.end()) out.push_back(full);
  }
}

// With its algorithm, or 64 bare digits.
std::string digest_of(const std::string& text) {
  const bool bare = text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
  return bare ? "sha256:" + text : digest_part(text);
}

void read_about(const About& about, const Json& report, Subject& subject) {
  const Trail root = {{&report, ""}};
  const auto first = [&](std::string_view pointer) {
    const std::vector<std::string> texts = texts_at(root, pointer);
    return texts.empty() ? std::string() : texts.front();
  };
  subject.name = first(about.name);
  subject.image_id = digest_of(first(about.image_id));
  for (const std::string& text : texts_at(root, about.digests)) {
    const std::string digest = digest_of(text);
    if (!digest.empty() && std::find(subject.digests.begin(), subject.digests.end(), digest) == subject.digests.end()) subject.digests.push_back(digest);
  }
  subject.diff_ids = texts_at(root, about.diff_ids);
  subject.architecture = first(about.architecture);
  for (const std::string& text : texts_at(root, about.os)) {
    if (subject.os_family.empty() || !is_distribution_type(subject.os_family)) read_os_text(text, subject);
  }
  if (!is_distribution_type(subject.os_family) && about.os_family.empty()) subject.os_family = subject.os_name = "";
  if (!about.os_family.empty()) {
    subject.os_family = lower(first(about.os_family));
    subject.os_name = first(about.os_name);
  }
}

// A list of findings about several images would patch one with what was found in another.
void require_one_image(const About& about, const Json& report) {
  if (about.name.empty()) return;
  const std::vector<std::string> names = texts_at({{&report, ""}}, about.name);
  if (names.size() <= 1) return;
  throw Error(ErrorKind::input, fmt::format("this is about {} images: {}, {}{}", names.size(), printable(names[0], 80), printable(names[1], 80), names.size() > 2 ? " ..." : ""),
              "export the findings of this image alone");
}

}  // namespace

std::vector<std::string> fields(const Format& format) {
  std::vector<std::string> out;
  for (const Rows& rows : format.rows) {
    for (const std::string_view pointer : {rows.id, rows.package, rows.installed, rows.fixed, rows.severity, rows.status, rows.type, rows.arch, rows.source, rows.purl, rows.url, rows.title,
                                           rows.target, rows.aliases})
      add_pointer(out, rows.pattern, pointer);
  }
  const About& about = format.about;
  for (const std::string_view pointer : {about.name, about.image_id, about.digests, about.diff_ids, about.os, about.os_family, about.os_name, about.architecture}) add_pointer(out, "", pointer);
  for (const std::string_view alternatives : format.marks) {
    for (const std::string_view alternative : split(alternatives, '|')) {
      // What is known by a list or object needs no more of it than that it is there; often its fields are among the others.
      const std::string_view mark = trim(alternative);
      const bool covered = std::any_of(out.begin(), out.end(), [&](const std::string& field) { return field.starts_with(mark); });
      if (!covered) out.push_back(std::string(mark) + "/name");
    }
  }
  return out;
}

bool recognise(const Format& format, const Json& report) {
  return std::all_of(format.marks.begin(), format.marks.end(), [&](std::string_view alternatives) {
    const std::vector<std::string_view> marks = split(alternatives, '|');
    return std::any_of(marks.begin(), marks.end(), [&](std::string_view mark) { return has_any(report, trim(mark)); });
  });
}

void read(const Format& format, const Json& report, Report& out) {
  require_one_image(format.about, report);
  read_about(format.about, report, out.subject);
  for (const Rows& rows : format.rows) {
    Trail trail = {{&report, ""}};
    walk(trail, segments_of(rows.pattern), 0, [&](const Trail& row) {
      take_row(out, [&] { return place_of(row); },
               [&] {
                 require_object(*row.back().node);
                 Finding finding = read_row(rows, row);
                 if (finding.id.empty() || finding.package.empty()) throw Error(ErrorKind::input, finding.id.empty() ? "it names no advisory" : "it names no package");
                 out.findings.push_back(std::move(finding));
               });
      return true;
    });
  }
}

}  // namespace resole::advisory::flat
