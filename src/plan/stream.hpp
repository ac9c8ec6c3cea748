// SPDX-License-Identifier: Apache-2.0
// Which offer an installed package would move to: the one that the family's policy chose, unless that one comes from another origin than
// the package.
//
// A Debian image with nginx.org's repository added has nginx from one of the two. apt would cross over to whichever is higher; a patch must
// not (field/matching.md section 4: varnish of a vendor repository was "upgraded" to Debian's next major version). So every offer belongs
// to a stream, the distribution's or one third party's; a package stays in its own, and a third party's new upstream version is never taken
// unasked.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pkg/family.hpp"
#include "plan/slot.hpp"

namespace resole::plan {

struct Distribution {
  const pkg::OsRelease& os;
  const pkg::Recipe* recipe;                                     // may be absent
  bool owns(const pkg::RepositoryEntry& entry) const;            // by Origin and Label of the release
  bool maintains(const pkg::InstalledPackage& installed) const;  // the maintainer field names it
};

struct Choice {
  std::optional<pkg::Candidate> candidate;
  std::optional<Hold> obstacle;  // upstream_bump, pinned, phased; the candidate is then the one that is not taken
  std::vector<pkg::Candidate> older;        // what could be taken instead of the candidate: older, of the same stream; the highest first
  bool security = false;
  std::optional<pkg::Candidate> elsewhere;  // a newer source than any of these, in a suite of the stream without packages for the architecture
};

// `above`: only versions newer than this count; the installed one, or a floor above it.
Choice choose(const pkg::Offers& offers, const pkg::InstalledPackage& installed, std::string_view above, const Distribution& distribution,
              const pkg::Family& family);

// "7.88.1" of "1:7.88.1-10+deb12u8": without epoch and revision.
std::string_view upstream_version(std::string_view version);

}  // namespace resole::plan
