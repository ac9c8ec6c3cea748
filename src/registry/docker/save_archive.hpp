// SPDX-License-Identifier: Apache-2.0
// Writes a docker archive in docker's classic form, which docker, podman and skopeo of every age load.
#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "oci/image.hpp"
#include "oci/store.hpp"

namespace resole::registry {

struct LayerToSave {
  Digest diff_id;
  std::uint64_t size = 0;  // of what `open` gives
  SourceOpener open;       // compressed or not; proven against the diff_id here
};

struct ImageToSave {
  std::string config;             // bytes, kept: their digest is the image's id
  std::vector<std::string> tags;  // full references
  std::vector<LayerToSave> layers;
};

// The one image below `root` (an OCI or Docker manifest, or an index with a single image), read from `store`. Error(unsupported) for what
// the format cannot hold: several platforms, layers that are not there.
ImageToSave image_to_save(oci::Store& store, const oci::Descriptor& root);

// Same images, same bytes. Layers that several images share are written once; `known` ones (diff_ids) are named but left out. `scratch`
// holds one expanded layer at a time. Returns the sizes of the layers as they stand in the archive, by diff_id.
std::map<Digest, std::uint64_t> write_saved(const std::vector<ImageToSave>& images, const std::set<Digest>& known,
                                            const SpoolFactory& scratch, Sink& sink);

}  // namespace resole::registry
