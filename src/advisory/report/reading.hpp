// SPDX-License-Identifier: Apache-2.0
// What the readers of reports have in common: members with a place in the error, and the words and notations that scanners share.
#pragma once
#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "advisory/finding.hpp"
#include "base/error.hpp"
#include "base/json.hpp"

namespace resole::advisory {

inline constexpr std::size_t kMostFindings = 250'000;  // of one report; eight times the largest that was seen

bool has(const Json& object, std::string_view key);  // false for what is no object
// An object member; an empty object when absent or null. Error(input) when it is something else.
const Json& object_or_empty(const Json& object, std::string_view key);
std::string required_text(const Json& object, std::string_view key);
// A string, or a number or boolean as text; "" when absent, null or something else. For what is shown and for formats whose versions are sometimes numbers.
std::string text_of(const Json& value);
std::string text_or_empty(const Json& object, std::string_view key);

const Json& list_or_empty(const Json& object, std::string_view key);  // the same for a list
void require_object(const Json& element);

// Calls visit(element) for each object of a list; a failure names the element. An absent list is an empty one.
template <class Visit>
void each(const Json& object, std::string_view key, const Visit& visit) {
  const Json& list = list_or_empty(object, key);
  for (std::size_t i = 0; i < list.size(); ++i) {
    with_context([&] { return fmt::format("{}[{}]", key, i); },
                 [&] {
                   require_object(list[i]);
                   visit(list[i]);
                 });
  }
}

// One rule for the rows of all formats (docs/inputs.md): a row that cannot be read is left out, counted, and the first of them told with its place and the reason; it
// does not take the others with it. What is no row, and does not fit, is an error of the whole report.
template <class Place, class Body>
void take_row(Report& out, const Place& place, const Body& body) {
  const std::size_t before = out.left_out.count;
  if (before > kMostFindings || out.findings.size() > kMostFindings) return;  // formats.cpp refuses the report
  try {
    body();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::input) throw;
    out.left_out.add(error.what());
  }
  if (before == 0 && out.left_out.count > 0) out.left_out.first = place() + ": " + out.left_out.first;
}

// The rows of a list.
template <class Visit>
void each_row(Report& out, const Json& object, std::string_view key, const Visit& visit) {
  const Json& list = list_or_empty(object, key);
  for (std::size_t i = 0; i < list.size(); ++i) {
    take_row(out, [&] { return fmt::format("{}[{}]", key, i); },
             [&] {
               require_object(list[i]);
               visit(list[i]);
             });
  }
}

// What holds rows: their places begin with its own.
template <class Place, class Body>
void with_rows_of(Report& out, const Place& place, const Body& body) {
  const std::size_t before = out.left_out.count;
  with_context(place, body);
  if (before == 0 && out.left_out.count > 0) out.left_out.first = place() + ": " + out.left_out.first;
}
template <class Visit>
void each_with_rows(Report& out, const Json& object, std::string_view key, const Visit& visit) {
  const Json& list = list_or_empty(object, key);
  for (std::size_t i = 0; i < list.size(); ++i) {
    with_rows_of(out, [&] { return fmt::format("{}[{}]", key, i); },
                 [&] {
                   require_object(list[i]);
                   visit(list[i]);
                 });
  }
}

// As `each`, for the members of an object, by name.
template <class Visit>
void each_member(const Json& object, std::string_view key, const Visit& visit) {
  for (const auto& [name, value] : object_or_empty(object, key).items())
    with_context([&] { return fmt::format("{}: {}", key, name); }, [&] { visit(name, value); });
}

// Appends the pointers below a prefix: with_prefix("/runs/*", {"/tool/driver/name", ...}).
void append_fields(std::vector<std::string>& out, std::string_view prefix, std::initializer_list<std::string_view> pointers);

// "debian@sha256:abc" and "pkg:oci/x@sha256%3Aabc" -> "sha256:abc"; "" when there is no digest in it.
std::string digest_part(std::string_view reference);
// "Debian GNU/Linux 9 (stretch)", "debian:9", "DEBIAN_11", "ubuntu 22.04", "Alpine Linux v3.19" -> os_family and os_name.
void read_os_text(std::string_view text, Subject& subject);
// Status words of all scanners; unknown words and "": by whether there is a fix.
Status parse_status(std::string_view word, bool has_fix);
// "1.2.3", "0:1.2", "1.2.3, 2.0.1", "fixed in 1.2.3, 1.4", "[1.2]", "None", "not fixed": the versions in it.
std::vector<std::string> fix_versions(std::string_view text);
void set_fixes(Finding& finding, std::vector<std::string> versions);
// Ids as advisories have them (CVE-, GHSA-, RHSA-, DSA-, ...) anywhere in a text, in order, each once.
std::vector<std::string> advisory_ids(std::string_view text);
Severity severity_of_score(double cvss);
// "name-1.2-3.el9" and "name-1.2" -> name, version. By the family's way of writing versions: an rpm's has exactly one '-'.
std::pair<std::string, std::string> split_name_version(std::string_view text, bool rpm);
// epoch and release as separate fields -> "1:2.3-4".
std::string joined_version(std::string_view epoch, std::string_view version, std::string_view release);
// Takes type, architecture and installed version from the package URL where they are not known otherwise, and decides operating_system from the type.
void complete_from_purl(Finding& finding);

}  // namespace resole::advisory
