// SPDX-License-Identifier: Apache-2.0
// From an upgrade (values) to finished layers (bytes): the payload layer, shared by every image with the same fingerprint, and the image's own database layer.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "archive/compression.hpp"
#include "base/effects.hpp"
#include "oci/image.hpp"
#include "pkg/family.hpp"
#include "rootfs/tree.hpp"

namespace resole::build {

struct BuiltLayer {
  std::string role;                                  // "payload" or "database"
  oci::Layer layer;
  std::uint64_t raw_size = 0;
  bool reused = false;                               // known by its fingerprint: nothing was compressed
  std::string kept_as;                               // key of its bytes in the cache room "payload"; "" = not kept there
  Blob bytes;                                        // compressed, as the descriptor says
  std::shared_ptr<const rootfs::LayerIndex> index;
};

// What both layers are written with.
struct LayerSettings {
  archive::Compression compression = archive::Compression::gzip;
  std::string manifest_type;                         // media type of the image's manifest: the layers are of its family
  std::int64_t epoch = 0;                            // dates whiteouts and synthesised files
  unsigned jobs = 2;
};

// Payload, then database, each only when it holds something. Their indexes are put into the cache, so that nobody reads these layers again.
std::vector<BuiltLayer> write_layers(const pkg::UpgradeResult& upgrade, const rootfs::Tree& below, const LayerSettings& settings, Cache& cache);

// Each of the two alone; nullopt when it would hold nothing. `below` of the database layer has the payload in it.
std::optional<BuiltLayer> write_payload(const pkg::UpgradeResult& upgrade, const rootfs::Tree& below, const LayerSettings& settings, Cache& cache);
std::optional<BuiltLayer> write_database(const rootfs::LayerDraft& draft, const rootfs::Tree& below, const LayerSettings& settings, Cache& cache);

// "application/vnd.oci.image.layer.v1.tar+gzip" or the Docker type of the same. Error(unsupported): zstd in a Docker image.
std::string layer_media_type(std::string_view manifest_type, archive::Compression compression);

}  // namespace resole::build
