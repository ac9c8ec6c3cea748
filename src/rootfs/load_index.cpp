// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "archive/compression.hpp"
#include "base/error.hpp"
#include "rootfs/layer_index.hpp"

namespace resole::rootfs {
namespace {

constexpr std::string_view kRoom = "layer-index";

// Reads the blob once more, only to learn whether it is what its descriptor says: the store throws Error(verification) if not. Damage on
// the way shows first as broken compression or tar, which would blame whoever built the image.
void check_blob(oci::Store& store, const oci::Descriptor& layer) {
  const auto blob = store.open_blob(layer);
  std::string buffer(256u << 10, '\0');
  while (blob->read(buffer.data(), buffer.size()) > 0) {
  }
}

LayerIndex read_layer(oci::Store& store, const oci::Descriptor& layer, const Digest& diff_id) {
  try {
    const auto tar = archive::decompress(store.open_blob(layer));
    return index_layer(*tar, diff_id);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::input) check_blob(store, layer);
    throw;
  }
}

}  // namespace

std::string layer_index_key(const Digest& diff_id) { return fmt::format("{}.v{}", diff_id.text(), kLayerIndexVersion); }

std::shared_ptr<const LayerIndex> load_layer_index(oci::Store& store, const oci::Descriptor& layer, const Digest& diff_id, Cache& cache) {
  const std::string key = layer_index_key(diff_id);
  if (const auto stored = cache.get(kRoom, key)) {
    auto index = parse_layer_index(stored->bytes());
    if (index && index->diff_id == diff_id) return std::make_shared<const LayerIndex>(std::move(*index));
  }
  auto index = std::make_shared<const LayerIndex>(read_layer(store, layer, diff_id));
  cache.put(kRoom, key, serialise(*index));
  return index;
}

}  // namespace resole::rootfs
