// SPDX-License-Identifier: Apache-2.0
// Another base under the same application layers: manifest, config and history, as views of new bytes. What the files of the layers come to is not looked at
// here (pkg::Family::merge).
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json_fwd.hpp"
#include "oci/image.hpp"

namespace resole::oci {

// Are the base's layers the lowest of the image? By diff_id: compressed digests change when a layer is packed anew. nullopt: they are; else the first that
// differs, in words.
std::optional<std::string> not_a_base(const Config& base, const Config& image);

struct BaseSwap {
  const Image& old_base;
  const Image& new_base;
  std::size_t strip = 0;                              // top layers that are left out
  std::map<std::string, std::string> labels;          // set, and on OCI manifests as annotations too
};

struct SwappedImage {
  Image image;
  std::vector<std::string> notes;                     // where both sides changed the config
};

// Error(unsupported): layers that a manifest of the image's family cannot hold. Error(internal): not the image's base.
SwappedImage swap_base(const Image& image, const BaseSwap& swap);

// Three ways: what the application did not change becomes the new base's. `nullptr` = absent. Notes name what both sides changed; the application's stays.
OrderedJson merge_configs(const OrderedJson& old_base, const OrderedJson& new_base, const OrderedJson& application, std::vector<std::string>& notes);

}  // namespace resole::oci
