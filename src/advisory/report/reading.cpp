// SPDX-License-Identifier: Apache-2.0
#include "advisory/report/reading.hpp"

#include <algorithm>
#include <array>

#include "advisory/package_type.hpp"
#include "base/text.hpp"

namespace resole::advisory {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// "CVE", "GHSA", ... : what stands before the first '-' of an advisory's id.
constexpr std::array<std::string_view, 24> kIdPrefixes = {"CVE",  "GHSA", "DSA",  "DLA",     "USN",  "RHSA", "RHBA", "RHEA",    "ALSA", "RLSA",  "ELSA",    "ALAS",
                                                          "SUSE", "TEMP", "XSA",  "ALPINE",  "CGA",  "PHSA", "SNYK", "openSUSE", "ALAS2", "ALAS2023", "XRAY", "UBUNTU"};

std::string id_at(std::string_view text) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos || std::find(kIdPrefixes.begin(), kIdPrefixes.end(), text.substr(0, dash)) == kIdPrefixes.end()) return {};
  std::size_t end = dash;
  while (end < text.size() && (is_word(text[end]) || text[end] == '-' || text[end] == ':')) ++end;
  // "CVE-2024-1234-curl" as Grype's SARIF has it: a CVE's id is two numbers.
  if (text.starts_with("CVE-")) {
    end = 4;
    while (end < text.size() && is_digit(text[end])) ++end;
    if (end == 4 || end >= text.size() || text[end] != '-') return {};
    const std::size_t number = ++end;
    while (end < text.size() && is_digit(text[end])) ++end;
    if (end == number) return {};
  } else if (text.starts_with("GHSA-")) {
    end = std::min<std::size_t>(end, 19);
  }
  while (end > dash && (text[end - 1] == '-' || text[end - 1] == ':')) --end;
  return end > dash + 1 ? std::string(text.substr(0, end)) : std::string();
}

}  // namespace

bool has(const Json& object, std::string_view key) { return object.is_object() && object.contains(key); }

const Json& object_or_empty(const Json& object, std::string_view key) {
  static const Json kEmpty = Json::object();
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return kEmpty;
  if (!found->is_object()) throw Error(ErrorKind::input, fmt::format("\"{}\" must be an object, not {}", key, found->type_name()));
  return *found;
}

const Json& list_or_empty(const Json& object, std::string_view key) {
  static const Json kEmpty = Json::array();
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return kEmpty;
  if (!found->is_array()) throw Error(ErrorKind::input, fmt::format("\"{}\" must be a list, not {}", key, found->type_name()));
  return *found;
}

void require_object(const Json& element) {
  if (!element.is_object()) throw Error(ErrorKind::input, fmt::format("expected an object, found {}", element.type_name()));
}

std::string required_text(const Json& object, std::string_view key) {
  std::string text = string_or(object, key, "");
  if (text.empty()) throw Error(ErrorKind::input, fmt::format("\"{}\" is missing or empty", key));
  return text;
}

std::string text_of(const Json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>();
  if (value.is_number() || value.is_boolean()) return value.dump();
  return {};
}

std::string text_or_empty(const Json& object, std::string_view key) {
  const auto found = object.find(key);
  return found == object.end() ? std::string() : text_of(*found);
}

void append_fields(std::vector<std::string>& out, std::string_view prefix, std::initializer_list<std::string_view> pointers) {
  for (const std::string_view pointer : pointers) out.push_back(std::string(prefix) + std::string(pointer));
}

std::string digest_part(std::string_view reference) {
  for (const std::string_view mark : {"sha256:", "sha256%3A", "sha256%3a"}) {
    const std::size_t at = reference.rfind(mark);
    if (at == std::string_view::npos) continue;
    std::string_view hex = reference.substr(at + mark.size());
    hex = hex.substr(0, hex.find_first_not_of("0123456789abcdef"));
    if (!hex.empty()) return "sha256:" + std::string(hex);
  }
  return {};
}

void read_os_text(std::string_view text, Subject& subject) {
  const std::string small = lower(trim(text));
  const auto digit = std::find_if(small.begin(), small.end(), is_digit);
  std::size_t begin = static_cast<std::size_t>(digit - small.begin()), end = begin;
  while (end < small.size() && (is_digit(small[end]) || small[end] == '.')) ++end;
  std::string name = small.substr(0, begin);
  while (!name.empty() && (name.back() == ' ' || name.back() == ':' || name.back() == '_' || name.back() == '-' || (name.back() == 'v' && name.ends_with(" v")))) name.pop_back();
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 14> kNames = {{{"debian", "debian"}, {"ubuntu", "ubuntu"}, {"alpine", "alpine"}, {"red hat", "rhel"},
      {"rhel", "rhel"}, {"centos", "centos"}, {"amazon", "amzn"}, {"oracle", "ol"}, {"rocky", "rocky"}, {"alma", "almalinux"}, {"photon", "photon"}, {"wolfi", "wolfi"},
      {"fedora", "fedora"}, {"chainguard", "chainguard"}}};
  for (const auto& [word, id] : kNames) {
    if (name.starts_with(word)) name = id;
  }
  subject.os_family = name;
  subject.os_name = small.substr(begin, end - begin);
  while (subject.os_name.ends_with('.')) subject.os_name.pop_back();
}

// Trivy: fixed affected not_affected under_investigation will_not_fix fix_deferred end_of_life; Grype: fixed not-fixed wont-fix; Debian's tracker: postponed
// ignored; Prisma: open needed deferred; CycloneDX: exploitable in_triage false_positive.
Status parse_status(std::string_view word, bool has_fix) {
  static constexpr std::array<std::pair<std::string_view, Status>, 33> kWords = {{{"fixed", Status::fixed},
                                                                                  {"affected", Status::unfixed},
                                                                                  {"not_fixed", Status::unfixed},
                                                                                  {"unfixed", Status::unfixed},
                                                                                  {"open", Status::unfixed},
                                                                                  {"needed", Status::unfixed},
                                                                                  {"vulnerable", Status::unfixed},
                                                                                  {"exploitable", Status::unfixed},
                                                                                  {"not_affected", Status::not_affected},
                                                                                  {"false_positive", Status::not_affected},
                                                                                  {"resolved", Status::not_affected},
                                                                                  {"resolved_with_pedigree", Status::not_affected},
                                                                                  {"under_investigation", Status::under_investigation},
                                                                                  {"in_triage", Status::under_investigation},
                                                                                  {"undetermined", Status::under_investigation},
                                                                                  {"pending", Status::under_investigation},
                                                                                  {"will_not_fix", Status::will_not_fix},
                                                                                  {"wont_fix", Status::will_not_fix},
                                                                                  {"won't_fix", Status::will_not_fix},
                                                                                  {"no_fix_planned", Status::will_not_fix},
                                                                                  {"ignored", Status::will_not_fix},
                                                                                  {"fix_deferred", Status::deferred},
                                                                                  {"deferred", Status::deferred},
                                                                                  {"postponed", Status::deferred},
                                                                                  {"no_dsa", Status::deferred},
                                                                                  {"end_of_life", Status::end_of_life},
                                                                                  {"eol", Status::end_of_life},
                                                                                  {"out_of_support_scope", Status::end_of_life},
                                                                                  {"out_of_support", Status::end_of_life},
                                                                                  {"unsupported", Status::end_of_life},
                                                                                  {"none_available", Status::unfixed},
                                                                                  {"not_fixed_yet", Status::unfixed},
                                                                                  {"unknown", Status::unknown}}};
  std::string small = lower(trim(word));
  std::replace_if(small.begin(), small.end(), [](char c) { return c == '-' || c == ' '; }, '_');
  for (const auto& [name, status] : kWords) {
    if (small == name && status != Status::unknown) return status;
    if (small == name) return has_fix ? Status::fixed : Status::unknown;
  }
  return has_fix ? Status::fixed : Status::unfixed;
}

std::vector<std::string> fix_versions(std::string_view text) {
  text = trim(text);
  const std::string small = lower(text);
  for (const std::string_view lead : {"fixed in ", "fixed in: ", "upgrade to ", ">="}) {
    if (small.starts_with(lead)) return fix_versions(text.substr(lead.size()));
  }
  std::vector<std::string> out;
  for (std::string_view part : split(text, ',')) {
    part = trim(part);
    while (!part.empty() && (part.front() == '[' || part.front() == '(' || part.front() == '{')) part.remove_prefix(1);
    while (!part.empty() && (part.back() == ']' || part.back() == ')' || part.back() == '}')) part.remove_suffix(1);
    if (part.starts_with("0:")) part.remove_prefix(2);
    // A version starts with a digit, or a letter and a digit ("v1.2"), and has no blanks; "None", "N/A", "not fixed", "open" are none.
    const bool version = !part.empty() && part.find(' ') == std::string_view::npos && part.size() < 256 &&
                         (is_digit(part[0]) || (part.size() > 1 && (part[0] == 'v' || part[0] == 'V' || part[0] == 'r') && is_digit(part[1])));
    if (version && std::find(out.begin(), out.end(), part) == out.end()) out.emplace_back(part);
  }
  return out;
}

void set_fixes(Finding& finding, std::vector<std::string> versions) {
  finding.fixed = versions.empty() ? "" : versions.front();
  finding.fixed_in.clear();
  if (versions.size() > 1) finding.fixed_in = std::move(versions);
}

std::vector<std::string> advisory_ids(std::string_view text) {
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i > 0 && (is_word(text[i - 1]) || text[i - 1] == '-')) continue;
    std::string id = id_at(text.substr(i));
    if (id.empty()) continue;
    i += id.size() - 1;
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(std::move(id));
  }
  return ids;
}

// CVSS 3.1 section 5.
Severity severity_of_score(double cvss) {
  if (cvss >= 9) return Severity::critical;
  if (cvss >= 7) return Severity::high;
  if (cvss >= 4) return Severity::medium;
  return cvss > 0 ? Severity::low : Severity::unknown;
}

std::pair<std::string, std::string> split_name_version(std::string_view text, bool rpm) {
  std::size_t at = std::string_view::npos;
  if (rpm) {
    at = text.rfind('-');
    if (at != std::string_view::npos && at > 0) at = text.rfind('-', at - 1);
  } else {
    for (std::size_t dash = text.find('-'); dash != std::string_view::npos && at == std::string_view::npos; dash = text.find('-', dash + 1)) {
      if (dash + 1 < text.size() && is_digit(text[dash + 1])) at = dash;
    }
  }
  if (at == std::string_view::npos || at == 0) return {std::string(text), ""};
  return {std::string(text.substr(0, at)), std::string(text.substr(at + 1))};
}

std::string joined_version(std::string_view epoch, std::string_view version, std::string_view release) {
  std::string out(version);
  if (!release.empty() && !out.empty()) out += "-" + std::string(release);
  if (!epoch.empty() && epoch != "0" && !out.empty() && out.find(':') == std::string::npos) out = std::string(epoch) + ":" + out;
  return out;
}

void complete_from_purl(Finding& finding) {
  const auto purl = PackageUrl::parse(finding.purl);
  if (!purl) return;
  if (finding.type.empty()) finding.type = purl->type;
  if (finding.package.empty()) finding.package = purl->name;
  if (finding.arch.empty()) finding.arch = purl->qualifier("arch");
  if (finding.module.empty()) finding.module = purl->qualifier("rpmmod");
  if (finding.installed.empty()) finding.installed = full_version(*purl);
}

}  // namespace resole::advisory
