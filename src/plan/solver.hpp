// SPDX-License-Identifier: Apache-2.0
// The one wrapper of libsolv: finds packages to raise or to add so that wished versions can be installed, without removing, downgrading or
// replacing anything.
//
// Why not libsolv's own Debian loader: it reads Replaces beside Conflicts as rpm's Obsoletes and plans to erase packages, knows neither
// architecture qualifiers nor Multi-Arch fully, and orders versions without a revision wrongly (field/matching.md 6.1). So solvables are
// built here, and nothing about Debian is left to it:
//   versions      become their rank among all versions in play, as the family orders them: "1.0" and "1.0-0" get one number;
//   architectures go into names: libc6 of amd64 is "libc6@amd64"; Multi-Arch: foreign provides the name for every architecture, "libc6@any"
//   is what ":any"
//                 asks for, and "libc6@*" is what Breaks and Conflicts without a qualifier mean.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "pkg/family.hpp"

namespace resole::plan {

struct SolverInput {
  std::vector<const pkg::Package*> installed;  // as they are; never removed
  std::vector<const pkg::Package*> available;  // newer versions of them, and packages that may be added, in order of preference
  std::vector<const pkg::Package*> wanted;     // of `available`: these must be in the result
  std::vector<std::string> architectures;      // native first
  std::function<bool(const pkg::Package&, const pkg::Alternatives&)> ignored;  // dependencies that were not met before either
  bool allow_removal = false;                                                  // only to explain: what would have to go?
};

struct SolverAnswer {
  std::vector<const pkg::Package*> taken;    // of `available`, in their order
  std::vector<const pkg::Package*> removed;  // of `installed`; empty unless removal was allowed
};

std::optional<SolverAnswer> solve(const SolverInput& input, const pkg::Family& family);  // nullopt: not possible

}  // namespace resole::plan
