// SPDX-License-Identifier: Apache-2.0
// From a package's members to its segment of the payload layer: tar members of what really changes, in the order of the package.
//
// A .deb is decompressed once. Whether a file equals the one below is known only after its content has gone by, so it is written to the
// spool at once and the spool is cut back when it was equal. Link sets and paths that two packages bring can only be decided when
// everything is known: what was written provisionally is then compared with the final emission, and in the rare case that they differ the
// package is read again.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "archive/tar.hpp"
#include "base/bytes.hpp"
#include "pkg/deb/package_facts.hpp"
#include "pkg/deb/package_file.hpp"
#include "pkg/deb/placement.hpp"
#include "pkg/emission.hpp"
#include "rootfs/tree.hpp"

namespace resole::deb {

using pkg::Emission;
using pkg::fingerprint;

Emission plan_emission(const PackageFacts& facts, const std::vector<Placement>& placements, const rootfs::Tree& below);

// Learns the package's facts and writes provisionally what `placer` says.
struct FirstPass {
  PackageFacts facts;
  Emission emission;  // what stands in the spool
};
FirstPass unpack_provisionally(const PackageFile& file, const Placer& placer, const rootfs::Tree& below, Spool& spool);

// Writes exactly `emission`.
void unpack_planned(const PackageFile& file, const Emission& emission, Spool& spool);

// The emission as entries of a layer: for Segment.entries, and for the tree as it will be. Content facts come from the package.
std::vector<rootfs::Entry> entries_of(const Emission& emission, const PackageFacts& facts);

}  // namespace resole::deb
