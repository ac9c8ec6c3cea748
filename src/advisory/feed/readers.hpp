// SPDX-License-Identifier: Apache-2.0
// One reader per source, each in the file of its name; read.cpp is the table.
#pragma once
#include <string>
#include <string_view>

#include "advisory/feed/record.hpp"
#include "base/bytes.hpp"
#include "base/json_fwd.hpp"

namespace resole::advisory::feed {

struct Reading {
  std::string_view name;  // of the document, for messages
  std::string os;         // "ID:VERSION", for documents that do not say which release they are about; "" = they must
  Records& out;
};

// Each throws Error(input) that names document and place.
void read_debian_tracker(Source& text, const Reading& reading);        // debian_tracker.cpp: security-tracker data/json
void read_osv(const Json& document, const Reading& reading);           // osv.cpp: one advisory
void read_secdb(const Json& document, const Reading& reading);         // secdb.cpp: Alpine, Wolfi, Chainguard
void read_csaf(const Json& document, const Reading& reading);          // csaf.cpp: VEX and advisories
void read_errata(const Json& advisory, const Reading& reading);        // errata.cpp: one advisory of AlmaLinux's errata.json
void read_updateinfo(Source& text, const Reading& reading);            // updateinfo.cpp
void read_oval(Source& text, const Reading& reading);                  // oval.cpp
void read_kev(const Json& document, const Reading& reading);           // exploitation.cpp: the catalogue, or one entry
void read_epss(Source& text, const Reading& reading);                  // exploitation.cpp: CSV

}  // namespace resole::advisory::feed
