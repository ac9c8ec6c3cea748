// SPDX-License-Identifier: Apache-2.0
#include "oci/base_swap.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "archive/compression.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "oci/history.hpp"
#include "oci/json_fields.hpp"
#include "oci/manifest_checks.hpp"

namespace resole::oci {

namespace {

// Not merged: said by the layers themselves, or by the base, whose programs they run.
constexpr const char* kOfBase[] = {"architecture", "os", "variant", "os.version", "os.features"};

OrderedJson config_json(const Image& image, std::string_view what) { return parse_json_ordered(image.config.bytes(), what, {.bytes = kConfigLimit, .depth = 64}); }

OrderedJson take(OrderedJson& object, const char* key) {
  OrderedJson value = object.contains(key) ? object[key] : OrderedJson();
  object.erase(key);
  return value;
}

std::string merged_config(const Image& image, const BaseSwap& swap, std::vector<std::string>& notes) {
  const OrderedJson given = config_json(image, "config");
  OrderedJson old_base = config_json(swap.old_base, "config of the old base"), new_base = config_json(swap.new_base, "config of the new base"), application = given;
  const std::size_t layers = image.manifest.layers().size(), below = swap.old_base.config.diff_ids().size();
  const OrderedJson old_history = take(old_base, "history"), new_history = take(new_base, "history"), own_history = take(application, "history");
  const OrderedJson history = rebase_history({.old_base = old_history,
                                              .new_base = new_history,
                                              .image = own_history,
                                              .old_layers = below,
                                              .new_layers = swap.new_base.config.diff_ids().size(),
                                              .layers = layers,
                                              .strip = swap.strip});
  for (OrderedJson* each : {&old_base, &new_base, &application}) {
    for (const char* key : {"rootfs", "created"}) each->erase(key);
  }
  OrderedJson of_base;
  for (const char* key : kOfBase) {
    if (new_base.contains(key)) of_base[key] = new_base[key];
    for (OrderedJson* each : {&old_base, &new_base, &application}) each->erase(key);
  }
  const OrderedJson merged = merge_configs(old_base, new_base, application, notes);

  // In the order that the image has its members in.
  OrderedJson out = OrderedJson::object();
  const auto value_of = [&](const std::string& key) -> OrderedJson {
    if (key == "rootfs" || key == "created") return given.contains(key) ? given[key] : OrderedJson();
    if (key == "history") return history;
    if (of_base.contains(key)) return of_base[key];
    return merged.contains(key) ? merged[key] : OrderedJson();
  };
  const auto add = [&](const std::string& key) {
    OrderedJson value = value_of(key);
    if (!value.is_null() && !out.contains(key)) out[key] = std::move(value);
  };
  for (auto member = given.begin(); member != given.end(); ++member) add(member.key());
  for (auto member = merged.begin(); member != merged.end(); ++member) add(member.key());
  for (const char* key : kOfBase) add(key);
  add("history");

  OrderedJson diff_ids = OrderedJson::array();
  for (const Digest& id : swap.new_base.config.diff_ids()) diff_ids.push_back(id.text());
  for (std::size_t i = below; i + swap.strip < layers; ++i) diff_ids.push_back(image.config.diff_ids()[i].text());
  out["rootfs"]["diff_ids"] = std::move(diff_ids);
  OrderedJson run = fields::find(out, "config") ? out["config"] : OrderedJson::object();
  fields::edit_string_map(run, "Labels", swap.labels);
  if (!run.empty()) out["config"] = std::move(run);
  return dump_compact(out);
}

// The base's layer in the words of the image's family.
OrderedJson layer_entry(const Descriptor& layer, const std::string& manifest_type) {
  if (media_type::family(layer.media_type) == media_type::family(manifest_type)) return layer.to_json();
  Descriptor converted = layer;
  const std::string& type = layer.media_type;
  if (media_type::is_nondistributable(type)) {
    throw Error(ErrorKind::unsupported, fmt::format("a layer of the new base is of type {}, which cannot stand in a manifest of type {}", printable(type), manifest_type));
  }
  const auto compression = type.ends_with("gzip") ? archive::Compression::gzip : type.ends_with("zstd") ? archive::Compression::zstd : archive::Compression::none;
  converted.media_type = media_type::layer_for(manifest_type, compression);
  if (media_type::is_docker(manifest_type)) converted.annotations.clear();
  return converted.to_json();
}

std::string swapped_manifest(const Image& image, const BaseSwap& swap, std::string_view config) {
  OrderedJson json = parse_json_ordered(image.manifest.bytes(), "manifest", {.bytes = kManifestLimit, .depth = 64});
  json["config"] = image.manifest.config().with_content(config).to_json();
  OrderedJson layers = OrderedJson::array();
  for (const Descriptor& layer : swap.new_base.manifest.layers()) layers.push_back(layer_entry(layer, image.manifest.type()));
  const OrderedJson& own = json["layers"];
  for (std::size_t i = swap.old_base.config.diff_ids().size(); i + swap.strip < own.size(); ++i) layers.push_back(own[i]);
  json["layers"] = std::move(layers);
  if (!media_type::is_docker(image.manifest.type())) fields::edit_string_map(json, "annotations", swap.labels);
  return dump_compact(json);
}

}  // namespace

std::optional<std::string> not_a_base(const Config& base, const Config& image) {
  const auto &below = base.diff_ids(), &all = image.diff_ids();
  if (below.empty()) return "it has no layers";
  for (std::size_t i = 0; i < below.size(); ++i) {
    if (i >= all.size()) return fmt::format("it has {} layers, the image {}", below.size(), all.size());
    if (below[i] != all[i]) return fmt::format("its layer {} is {}, the image has {} there", i + 1, below[i].short_text(), all[i].short_text());
  }
  return std::nullopt;
}

SwappedImage swap_base(const Image& image, const BaseSwap& swap) {
  if (const auto why = not_a_base(swap.old_base.config, image.config)) throw Error(ErrorKind::internal, "not the image's base: " + *why);
  const std::size_t below = swap.old_base.config.diff_ids().size(), layers = image.manifest.layers().size();
  if (below + swap.strip > layers) throw Error(ErrorKind::internal, fmt::format("{} layers to strip of {} above the base", swap.strip, layers - below));
  if (swap.new_base.manifest.layers().size() + layers - below - swap.strip > kMostLayers)
    throw Error(ErrorKind::unsupported, fmt::format("the image would have more than {} layers", kMostLayers));
  std::vector<std::string> notes;
  std::string config = merged_config(image, swap, notes);
  std::string manifest = swapped_manifest(image, swap, config);
  Image out{.descriptor = image.descriptor.with_content(manifest),
            .manifest = Manifest::parse(manifest, image.manifest.type(), "manifest on the new base", Families::any),
            .config = Config::parse(config, "config on the new base")};
  return {std::move(out), std::move(notes)};
}

}  // namespace resole::oci
