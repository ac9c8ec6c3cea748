// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "oci/image.hpp"
#include "oci/json_fields.hpp"
#include "oci/manifest_checks.hpp"

namespace resole::oci {

OrderedJson parse_versioned(std::string_view bytes, std::string_view media_type, std::string_view what) {
  OrderedJson json = parse_json_ordered(bytes, what, {.bytes = kManifestLimit, .depth = 64});
  fields::require_object(json, what);
  const OrderedJson* version = fields::find(json, "schemaVersion");
  if (version && *version == 1) {
    throw Error(ErrorKind::input, fmt::format("{}: a Docker schema 1 manifest, which registries stopped accepting", what),
                "pull and push the image once with a current tool, then try again");
  }
  if (!version || *version != 2) throw Error(ErrorKind::input, fmt::format("{}: \"schemaVersion\" must be 2", what));
  // One that is both is read as an image by one tool and as an index by another (CVE-2021-41190).
  const bool has_layers = json.contains("layers") || json.contains("config"), has_manifests = json.contains("manifests");
  if (has_layers && has_manifests) throw Error(ErrorKind::input, fmt::format("{}: both an image manifest and an index", what));
  const std::string own = fields::optional_string(json, "mediaType", what);
  if (!own.empty() && own != media_type) {
    throw Error(ErrorKind::input, fmt::format("{}: calls itself {} but was announced as {}", what, printable(own), printable(media_type)));
  }
  return json;
}

std::optional<std::string> mixed_families(const Manifest& manifest) {
  const media_type::Family own = media_type::family(manifest.type());
  auto differs = [&](const std::string& type) {
    const media_type::Family other = media_type::family(type);
    return own != media_type::Family::none && other != media_type::Family::none && own != other;
  };
  if (differs(manifest.config().media_type)) {
    return fmt::format("a config of type {} in a manifest of type {}", manifest.config().media_type, manifest.type());
  }
  for (const Descriptor& layer : manifest.layers()) {
    if (differs(layer.media_type)) return fmt::format("a layer of type {} in a manifest of type {}", layer.media_type, manifest.type());
  }
  return std::nullopt;
}

Manifest Manifest::parse(std::string bytes, std::string_view media_type, std::string_view what, Families families) {
  if (!media_type::is_manifest(media_type)) {
    throw Error(ErrorKind::input, fmt::format("{}: \"{}\" is not the media type of an image manifest", what, printable(media_type)));
  }
  const OrderedJson json = parse_versioned(bytes, media_type, what);
  if (json.contains("manifests")) throw Error(ErrorKind::input, fmt::format("{}: announced as an image, but it is an index", what));
  Manifest out;
  const OrderedJson* config = fields::find(json, "config");
  if (!config) throw Error(ErrorKind::input, fmt::format("{}: \"config\" is missing", what));
  out.config_ = Descriptor::from_json(*config, fmt::format("{}, config", what));
  // Absent layers are an empty image in Docker's reading; manifest.md asks for the array, but artifacts are found without it.
  if (const OrderedJson* layers = fields::optional_array(json, "layers", kMostLayers, what)) {
    for (const OrderedJson& layer : *layers)
      out.layers_.push_back(Descriptor::from_json(layer, fmt::format("{}, layer {}", what, out.layers_.size())));
  }
  out.annotations_ = fields::string_map(json, "annotations", what);
  out.media_type_ = media_type;
  out.bytes_ = std::move(bytes);
  if (families == Families::any) return out;
  if (const std::optional<std::string> mixed = mixed_families(out)) {
    throw Error(ErrorKind::input, fmt::format("{}: {}: Docker and OCI media types are mixed", what, *mixed),
                "registries and runtimes refuse such images; convert it first: skopeo copy --format oci SOURCE DESTINATION");
  }
  return out;
}

}  // namespace resole::oci
