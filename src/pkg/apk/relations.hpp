// SPDX-License-Identifier: Apache-2.0
// apk's relations, "!foo", "so:libz.so.1", "musl>=1.2", "foo~1.2@edge", separated by blanks (apk-package(5); apk-tools src/package.c, apk_blob_pull_dep()).
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "pkg/package.hpp"

namespace resole::apk {

struct Wish {
  pkg::Atom atom;        // op any for "><" too: a checksum names one package file, which no repository has again
  bool conflict = false;
  std::string tag;       // of a tagged repository, "edge"
  std::string text() const;  // as apk writes it: "foo=~1" is "foo~1"
};

// Error(input) names `what`: an empty name, an unknown operator, a version that apk would not take.
std::vector<Wish> parse_wishes(std::string_view text, std::string_view what);
std::string text_of(const std::vector<Wish>& wishes);  // separated by single blanks

// Puts what D:, p:, i: and r: say into a package's relations. A name that is provided with a version has one provider at a time
// (src/solver.c, assign_name()): so it is a conflict with every other that provides it with one.
void add_depends(pkg::Relations& relations, const std::vector<Wish>& wishes);
void add_provides(pkg::Relations& relations, const std::vector<Wish>& wishes);

}  // namespace resole::apk
