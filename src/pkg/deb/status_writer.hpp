// SPDX-License-Identifier: Apache-2.0
// Stanzas of dpkg's status as dpkg itself writes them (lib/dpkg/dump.c, lib/dpkg/parse.c "fieldinfos"), and the file with only its changed
// stanzas replaced.
#pragma once
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "pkg/deb/status.hpp"

namespace resole::deb {

// The stanza of a package that was just installed from this control file: dpkg's order of fields, relations and versions in its spelling.
std::string status_stanza(std::string_view control, const std::vector<Conffile>& conffiles, std::string_view what);

struct StatusEdit {
  std::map<std::size_t, std::string> replaced;              // by number among the stanzas of the file
  std::set<std::size_t> removed;                            // likewise
  std::vector<std::pair<pkg::Package, std::string>> added;  // packages that were not there, in any order
};

// `stanzas` are those of the file, in its order. Untouched stanzas keep their bytes; new ones go where dpkg's order (by name, then
// architecture) has them.
std::string edit_status(std::string_view status, const std::vector<const StatusStanza*>& stanzas, const StatusEdit& edit);

}  // namespace resole::deb
