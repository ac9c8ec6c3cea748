// SPDX-License-Identifier: Apache-2.0
// APKINDEX.tar.gz: a signature, then a tar with DESCRIPTION (what the repository was made from, "v3.20.3-143-g8b0e1c4") and APKINDEX, one stanza per package.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "pkg/apk/signed_file.hpp"
#include "pkg/apk/stanza.hpp"

namespace resole::apk {

struct Index {
  std::vector<Description> packages;  // sorted by name; of one name in the order of the index
  std::string description;            // the text of DESCRIPTION
  std::int64_t date = 0;              // when it was written: the newest member of its tar, which is signed
  std::uint64_t unreadable = 0;       // packages left out: their stanzas have something that is not understood, or make no sense
};

// The signed part of the file. Error(input) when it is no index.
Index parse_index(std::string_view signed_bytes, std::string_view what);

// The release branch that a repository's description tells: "3.20" of "v3.20.3-143-g8b0e1c4", "edge" of "v20240807-..."; "" = it tells none.
std::string branch_of(std::string_view description);
// The same of os-release's VERSION_ID: "3.20" of "3.20.3", "edge" of "3.21.0_alpha20240807"; "" = none, as of rolling distributions.
std::string branch_of_system(const pkg::OsRelease& os);

}  // namespace resole::apk
