// SPDX-License-Identifier: Apache-2.0
// update-alternatives(1): the table of choices for one name (var/lib/dpkg/alternatives/NAME) and the links that follow from it.
//
//   auto                          chosen by priority; "manual": by an administrator
//   /usr/bin/editor               the link, to /etc/alternatives/editor, which is a link to the choice
//   editor.1.gz                   slaves: name and link, ended by an empty line
//   /usr/share/man/man1/editor.1.gz
//
//   /bin/nano                     choices: file, priority, the file of each slave (empty: none)
//   40
//   /usr/share/man/man1/nano.1.gz
//
#pragma once
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "pkg/deb/tree_edit.hpp"

namespace resole::deb {

struct AlternativeChoice {
  int priority = 0;
  std::map<std::string, std::string> slaves;  // name -> file
  bool operator==(const AlternativeChoice&) const = default;
};

struct Alternative {
  bool automatic = true;
  std::string link;
  std::map<std::string, std::string> slaves;         // name -> link
  std::map<std::string, AlternativeChoice> choices;  // by file
  bool operator==(const Alternative&) const = default;

  static Alternative parse(std::string_view text, std::string_view what);  // Error(input) where update-alternatives would stop
  std::string text() const;
  const std::string* best() const;  // nullptr without choices
};

// update-alternatives --install LINK NAME FILE PRIORITY [--slave LINK NAME FILE]... (the words of the action). Error(refused) where the
// program would fail: a file that is not there, a link that belongs to another name.
void install_alternative(std::span<const std::string> words, TreeEdit& edit);

}  // namespace resole::deb
