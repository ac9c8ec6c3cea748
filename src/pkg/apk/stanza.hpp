// SPDX-License-Identifier: Apache-2.0
// The description of a package as indexes and the installed database have it: lines "P:busybox" of one letter each, in this order (apk-tools src/package.c,
// apk_pkg_write_index_header()):
//
//   C: checksum  P: name  V: version  A: architecture  S: size of the file  I: size installed  T: description  U: url  L: licence  o: origin
//   m: maintainer  t: build time  c: commit  k: provider priority  D: depends  p: provides  i: install_if
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pkg/apk/relations.hpp"
#include "pkg/package.hpp"

namespace resole::apk {

struct Description {
  std::string checksum;  // "Q1" and base64 of the SHA-1 of the package's control part, compressed
  std::string name, version, arch;
  std::uint64_t size = 0, installed_size = 0;
  std::string summary, url, license, origin, maintainer, commit;
  std::uint64_t build_time = 0, provider_priority = 0;
  std::vector<Wish> depends, provides, install_if;

  std::string text() const;  // the lines
};

// A line of one letter; false for letters that are none of the description's. Error(input) names `what`.
bool read_field(Description& out, char letter, std::string_view value, std::string_view what);

// The letter and the value of a line "X:value". Error(input) names `what`.
struct FieldLine {
  char letter = 0;
  std::string_view value;
};
FieldLine split_field(std::string_view line, std::string_view what);

// A field that a package cannot do without is there: name, version, checksum.
void require_complete(const Description& description, std::string_view what);

// As every family has it. Packages for no architecture in particular ("noarch") are "all"; a package without origin is its own.
pkg::Package package_of(const Description& description);
std::string family_arch(std::string_view arch);  // "noarch" -> "all"
std::string apk_arch(std::string_view arch);     // "all" -> "noarch"

// "Q1..." as raw SHA-1. Error(input) for what is none.
std::string raw_checksum(std::string_view checksum, std::string_view what);
std::string checksum_of(std::string_view raw_sha1);

}  // namespace resole::apk
