// SPDX-License-Identifier: Apache-2.0
// Known snippets of debhelper's programs, and what each comes to in an image where no system runs.
//
// A snippet is known by its whole text, never by its generator's name alone. Texts are compared by their *shape*: comments, blank lines and
// indentation dropped, and these names, which differ from package to package, replaced by what they are:
//
//   <package>   the package's own name                        py3compile -p <package>
//   <unit>      systemd units, one or several                 deb-systemd-helper enable '<unit>'
//   <init>      an init script, where such a name must stand  update-rc.d <init> defaults
//   <conf>      NAME.conf, one or several                     systemd-tmpfiles --create <conf>
//   <profile>   a file of AppArmor                            /etc/apparmor.d/local/<profile>
//   <path>      icons, and where py3compile looks             update-icon-caches <path>
//   <version>   of Python                                     py3compile -p <package> -V <version>
//
// The table holds the sha256 of each shape that was reviewed. Snippets that carry arguments of their own (dpkg-maintscript-helper,
// update-alternatives, directories below /usr/local) are parsed instead, word by word.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pkg/action.hpp"
#include "pkg/deb/maintainer_script.hpp"

namespace resole::deb {

struct Shape {
  std::string text;
  std::vector<std::string> confs, profiles;  // what stood for <conf> and <profile>
  std::string sha256() const;
};
Shape shape_of(std::string_view snippet, std::string_view package);

// What a known snippet of `script` ("postinst") does on an upgrade or an installation, as actions: often none. nullopt: not known.
std::optional<std::vector<pkg::Action>> recognise(const Snippet& snippet, std::string_view script, std::string_view package);

}  // namespace resole::deb
