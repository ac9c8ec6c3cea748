// SPDX-License-Identifier: Apache-2.0
// The signed Release file of an archive: which indexes it has, by sha256, and until when it may be believed.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.hpp"

namespace resole::deb {

struct IndexFile {
  Digest sha256;
  std::uint64_t size = 0;
};

struct ReleaseFile {
  std::string origin, label, suite, codename, version;
  std::int64_t date = 0, valid_until = 0;  // 0 = field absent
  bool not_automatic = false, but_automatic_upgrades = false, acquire_by_hash = false;
  bool all_in_architectures =
      true;  // binary-amd64 lists arch:all packages too (No-Support-for-Architecture-all, or no "all" among Architectures)
  std::vector<std::string> architectures, components;
  std::map<std::string, IndexFile, std::less<>> files;  // path below the release -> what it must be; SHA256 only

  int default_priority() const;  // 500, 100 or 1
};

// `text` is what a signature covered. Error(verification): no SHA256 list (weaker hashes are refused). Error(input): damage.
ReleaseFile parse_release(std::string_view text, std::string_view what);

struct Freshness {
  std::int64_t now = 0;          // asOf
  std::int64_t max_age = -1;     // seconds; replaces Valid-Until when >= 0
  std::int64_t newest_seen = 0;  // Date of the newest one seen of this release before; 0 = none
};
// Error(verification), with what to do: expired, dated in the future, older than one already seen.
void require_fresh(const ReleaseFile& release, const Freshness& freshness, std::string_view what);

// Is this the release that the source line asks for? By codename or suite name, "bookworm/updates" counting as "bookworm" (apt's rule).
bool is_release(const ReleaseFile& release, std::string_view suite);

}  // namespace resole::deb
