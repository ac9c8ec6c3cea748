// SPDX-License-Identifier: Apache-2.0
// The packages' parts of the payload layer, compressed, each kept in the cache under the key of everything that it depends on.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "pkg/emission.hpp"
#include "pkg/family.hpp"

namespace resole::pkg {

struct SegmentSource {
  std::string label;  // "curl:amd64 7.88.1-10+deb12u8"
  const Digest& sha256;  // of the package file
  const Emission& emission;
  const std::vector<rootfs::Entry>& members;
  std::function<std::shared_ptr<const Spool>()> raw;  // the members as tar; asked only when the cache has no compressed ones
  std::function<void()> done = {};                    // what was kept for `raw` may go
};

// In the order of `sources`; packages that change no file have none.
std::vector<Segment> write_segments(const UpgradeRequest& request, const std::vector<SegmentSource>& sources);

// Package sha256, emission (which holds what was omitted, owners, modes and final paths), compressor.
std::string segment_key(const Digest& sha256, const Emission& emission, archive::Compression compression);

// The head of a payload layer in words, for its fingerprint.
std::string payload_head_text(const rootfs::LayerDraft& head);

}  // namespace resole::pkg
