// SPDX-License-Identifier: Apache-2.0
// The packages' parts of the payload layer, compressed, each kept in the cache under the key of everything that it depends on.
#pragma once
#include <string>
#include <vector>

#include "pkg/deb/preparation.hpp"
#include "pkg/family.hpp"

namespace resole::deb {

// In the order of `packages`; packages that change no file have none.
std::vector<pkg::Segment> write_segments(const pkg::UpgradeRequest& request, std::vector<PreparedPackage>& packages);

// Package sha256, emission (which holds what was omitted, owners, modes and final paths), compressor.
std::string segment_key(const PreparedPackage& package, archive::Compression compression);

}  // namespace resole::deb
