// SPDX-License-Identifier: Apache-2.0
// A maintainer script as debhelper composes it: snippets that its programs wrote between two marks, and what a person wrote around them.
//
//   #!/bin/sh                                        rest
//   set -e                                           rest
//   # Automatically added by dh_installsystemd       generator of a snippet
//   if [ -d /run/systemd/system ]; then ... fi       its text
//   # End automatically added section
//   exit 0                                           rest
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace resole::deb {

struct Snippet {
  std::string generator;  // "dh_installsystemd"
  std::string text;       // without the marks
  std::size_t at = 0;     // how much of `rest` stands before it
  bool operator==(const Snippet&) const = default;
};

struct ScriptParts {
  std::vector<Snippet> snippets;  // in the order of the script
  std::string rest;               // everything else, without blank lines
};

// debhelper writes its own version into the first mark, ca-certificates a list of its files into config: what differs in scripts that
// nobody changed. A NUL, which no shell reads alike, stays, so that the texts differ.
std::string normalise_script(std::string_view text);

// Of a normalised script. Marks that do not come in pairs, and any in a script that has here-documents (whose text they may be), are rest.
ScriptParts cut_script(std::string_view normalised);

// Is this a script that does nothing: its interpreter, `set -e`, a case over "$1" without commands, an exit? debconf's library counts as
// nothing too (what it writes is debconf's own database), and so does ldconfig (its cache is made in pure code).
bool is_empty_frame(std::string_view rest);

}  // namespace resole::deb
