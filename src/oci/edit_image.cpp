// SPDX-License-Identifier: Apache-2.0
// Edits of one image: the JSON that came is changed in place, so that key order and every field we know nothing about survive; an edit that
// changes nothing gives back the bytes that came.
#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "oci/history.hpp"
#include "oci/image.hpp"
#include "oci/json_fields.hpp"
#include "oci/manifest_checks.hpp"

namespace resole::oci {

namespace {

void check(const Image& image, const ImageEdit& change) {
  const std::string& type = image.manifest.type();
  if (const std::optional<std::string> mixed = mixed_families(image.manifest)) {
    throw Error(ErrorKind::input, fmt::format("the image cannot be edited: {}: Docker and OCI media types are mixed", *mixed),
                "convert it first: skopeo copy --format oci SOURCE DESTINATION");
  }
  const std::size_t layers = image.manifest.layers().size();
  if (image.config.diff_ids().size() != layers)
    throw Error(ErrorKind::input, "the config's diff_ids are not as many as the manifest's layers");
  if (change.strip_layers > layers) throw Error(ErrorKind::internal, fmt::format("{} layers to strip of {}", change.strip_layers, layers));
  if (layers - change.strip_layers + change.append.size() > kMostLayers) {
    throw Error(ErrorKind::unsupported, fmt::format("the image would have more than {} layers", kMostLayers));
  }
  for (const AppendedLayer& added : change.append) {
    const std::string& layer = added.layer.descriptor.media_type;
    if (media_type::is_docker(type) && layer.ends_with("zstd")) {
      throw Error(ErrorKind::unsupported, "a Docker manifest cannot hold a zstd layer",
                  "use gzip, or convert the image to the OCI media types first");
    }
    if (media_type::family(layer) == media_type::family(type)) continue;
    throw Error(ErrorKind::internal, fmt::format("a layer of type {} for a manifest of type {}", printable(layer), type));
  }
}

// Removes the top elements of the array `key` of `object` (made when absent or null) and appends others.
void change_tail(OrderedJson& object, const char* key, std::size_t strip, const std::vector<OrderedJson>& added) {
  OrderedJson& array = object[key];
  if (array.is_null()) array = OrderedJson::array();
  auto& elements = array.get_ref<OrderedJson::array_t&>();
  elements.resize(elements.size() - strip);
  elements.insert(elements.end(), added.begin(), added.end());
}

std::string edit_config(const Image& image, const ImageEdit& change) {
  const OrderedJson before = parse_json_ordered(image.config.bytes(), "config", {.bytes = kConfigLimit, .depth = 64});
  OrderedJson json = before;
  std::vector<OrderedJson> diff_ids;
  HistoryChange history{.layers = image.manifest.layers().size(), .strip = change.strip_layers, .created = change.created};
  for (const AppendedLayer& added : change.append) {
    diff_ids.push_back(added.layer.diff_id.text());
    history.created_by.push_back(added.created_by);
  }
  change_tail(json["rootfs"], "diff_ids", change.strip_layers, diff_ids);
  const OrderedJson* old = fields::find(json, "history");
  OrderedJson edited = edit_history(old ? *old : OrderedJson(), history);
  if (!edited.is_null()) json["history"] = std::move(edited);
  if (!change.created.empty()) json["created"] = change.created;
  if (!change.labels.empty()) {
    OrderedJson run = fields::find(json, "config") ? json["config"] : OrderedJson::object();
    fields::edit_string_map(run, "Labels", change.labels);
    if (!run.empty() || fields::find(json, "config")) json["config"] = std::move(run);
  }
  return json == before ? image.config.bytes() : dump_compact(json);
}

std::string edit_manifest(const Image& image, const ImageEdit& change, const Descriptor& config) {
  const OrderedJson before = parse_json_ordered(image.manifest.bytes(), "manifest", {.bytes = kManifestLimit, .depth = 64});
  OrderedJson json = before;
  if (config.digest != image.manifest.config().digest) {
    OrderedJson& entry = json["config"];
    entry["digest"] = config.digest.text();
    entry["size"] = config.size;
    entry.erase("data");  // repeated the old bytes
    entry.erase("urls");  // led to them
  }
  std::vector<OrderedJson> layers;
  for (const AppendedLayer& added : change.append) layers.push_back(added.layer.descriptor.to_json());
  change_tail(json, "layers", change.strip_layers, layers);
  if (!media_type::is_docker(image.manifest.type())) fields::edit_string_map(json, "annotations", change.annotations);
  return json == before ? image.manifest.bytes() : dump_compact(json);
}

}  // namespace

EditedImage edit(const Image& image, const ImageEdit& change) {
  check(image, change);
  EditedImage out;
  out.config_bytes = edit_config(image, change);
  out.config = image.manifest.config().with_content(out.config_bytes);
  out.manifest_bytes = edit_manifest(image, change, out.config);
  out.manifest = image.descriptor.with_content(out.manifest_bytes);
  return out;
}

}  // namespace resole::oci
