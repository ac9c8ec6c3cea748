// SPDX-License-Identifier: Apache-2.0
// Formats that are a list of rows with a name, a version and a fix: no code of their own, but a line in a table of pointers (flat_table.cpp).
//
// A row is found by a pattern ("/resources/*/vulnerabilities/*"), its values by relative JSON pointers: "/name" below the row, "^^/resource/name" two levels up (the
// list is one of them), "#" the key under which the row stands. The first of several alternatives ("/cve | /id") that has a value counts; a list's texts are joined by commas.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "advisory/finding.hpp"
#include "base/json_fwd.hpp"

namespace resole::advisory::flat {

// How a field is written beyond "as it is".
enum class Notation : std::uint8_t {
  plain,
  name_version,  // the package's name and version in one: "curl-7.61.1-33.el8", "apt-1.4.9"
  jfrog,         // "deb://debian:bullseye:curl:7.74.0-1.3": kind, distribution, name, version
  file,          // a file, not a package
};

struct Rows {
  std::string_view pattern;
  Notation notation = Notation::plain;
  std::string_view id, package, installed, fixed, severity;
  std::string_view status = {}, type = {}, arch = {}, source = {}, purl = {}, url = {}, title = {}, target = {}, aliases = {};
  bool language = false;                         // these rows are never a distribution's packages
};

struct About {                                   // absolute pointers into the document, '*' the first
  std::string_view name = {}, image_id = {}, digests = {}, diff_ids = {}, os = {}, os_family = {}, os_name = {}, architecture = {};
};

struct Format {
  std::string_view name, title;
  std::vector<std::string_view> marks;           // patterns that are all there (or one of several: "/a | /b"), and no other format has together
  std::vector<Rows> rows;
  About about = {};
};

std::span<const Format> table();

std::vector<std::string> fields(const Format& format);
bool recognise(const Format& format, const Json& report);
void read(const Format& format, const Json& report, Report& out);

}  // namespace resole::advisory::flat
