// SPDX-License-Identifier: Apache-2.0
// Descriptors, platforms and media types (image-spec descriptor.md, image-index.md, media-types.md).
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.hpp"
#include "base/json_fwd.hpp"

namespace resole::archive {
enum class Compression : std::uint8_t;
}

namespace resole::oci {

namespace media_type {
inline constexpr std::string_view kOciManifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view kOciIndex = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view kOciConfig = "application/vnd.oci.image.config.v1+json";
inline constexpr std::string_view kOciLayer = "application/vnd.oci.image.layer.v1.tar";
inline constexpr std::string_view kOciLayerGzip = "application/vnd.oci.image.layer.v1.tar+gzip";
inline constexpr std::string_view kOciLayerZstd = "application/vnd.oci.image.layer.v1.tar+zstd";
inline constexpr std::string_view kDockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr std::string_view kDockerList = "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr std::string_view kDockerConfig = "application/vnd.docker.container.image.v1+json";
inline constexpr std::string_view kDockerLayerGzip = "application/vnd.docker.image.rootfs.diff.tar.gzip";
inline constexpr std::string_view kDockerLayer = "application/vnd.docker.image.rootfs.diff.tar";
bool is_index(std::string_view type);
bool is_manifest(std::string_view type);
bool is_layer(std::string_view type);             // any of the layer types, nondistributable and foreign included
bool is_config(std::string_view type);            // of an image; anything else makes the manifest an artifact
bool is_nondistributable(std::string_view type);  // layers that stay with the vendor: carried as descriptors, never uploaded (layer.md)
bool is_docker(std::string_view type);            // the Docker family
enum class Family : std::uint8_t { none, oci, docker };
Family family(std::string_view type);        // none: a type of neither (artifacts, attestations); it may stand in both
bool is_well_formed(std::string_view type);  // RFC 6838: type/subtype
// The media type of a layer in a manifest of this type. Error(unsupported) for zstd in a Docker manifest.
std::string_view layer_for(std::string_view manifest_type, archive::Compression compression);
}  // namespace media_type

struct Platform {
  std::string os = "linux", architecture, variant, os_version;
  std::vector<std::string> os_features;
  std::string text() const;                      // "linux/arm64/v8", "linux/amd64"
  static Platform parse(std::string_view text);  // "linux/amd64", "linux/arm/v7"; Error(usage)
  // Equal after normalisation (arm64 = arm64/v8, arm = arm/v7); os_version only compared when both have one.
  bool matches(const Platform& wanted) const;
  Platform normalized() const;
  auto operator<=>(const Platform&) const = default;
};

struct Descriptor {
  std::string media_type;
  Digest digest;
  std::uint64_t size = 0;
  std::map<std::string, std::string> annotations;
  std::optional<Platform> platform;
  std::string artifact_type;
  std::vector<std::string> urls;
  std::string foreign_digest;  // well formed, but of an algorithm that OCI does not register: `digest` is then empty. Nothing below it can
                               // be proven or copied.
  // Throws Error(input): missing field, negative size, bad digest. Error(verification): embedded `data` that is not what the digest says.
  static Descriptor from_json(const OrderedJson& json, std::string_view what);
  OrderedJson to_json() const;
  Descriptor with_content(
      std::string_view bytes) const;  // the same place (type, platform, annotations) holding other bytes; urls led to the old ones
};

}  // namespace resole::oci
