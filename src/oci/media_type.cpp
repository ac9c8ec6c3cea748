// SPDX-License-Identifier: Apache-2.0
// The two families of image-spec media-types.md and the odd members that are found in the wild.
#include <algorithm>
#include <array>
#include <iterator>

#include "archive/compression.hpp"
#include "base/error.hpp"
#include "oci/descriptor.hpp"

namespace resole::oci::media_type {

namespace {

constexpr std::string_view kDockerForeign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
constexpr std::string_view kDockerForeignPlain = "application/vnd.docker.image.rootfs.foreign.diff.tar";
constexpr std::string_view kDockerLayerZstd = "application/vnd.docker.image.rootfs.diff.tar.zstd";  // no spec has it; written by some tools
constexpr std::string_view kOciForeignPrefix = "application/vnd.oci.image.layer.nondistributable.v1.tar";

constexpr std::array kLayers = {kOciLayer, kOciLayerGzip, kOciLayerZstd, kDockerLayer, kDockerLayerGzip, kDockerLayerZstd};

bool is_token(std::string_view text) {
  auto allowed = [](char c) {
    const bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return alnum || std::string_view("!#$&-^_.+").find(c) != std::string_view::npos;
  };
  return !text.empty() && text.size() <= 127 && allowed(text.front()) && std::all_of(text.begin(), text.end(), allowed);
}

}  // namespace

bool is_index(std::string_view type) { return type == kOciIndex || type == kDockerList; }
bool is_manifest(std::string_view type) { return type == kOciManifest || type == kDockerManifest; }
bool is_config(std::string_view type) { return type == kOciConfig || type == kDockerConfig; }

bool is_nondistributable(std::string_view type) {
  if (type == kDockerForeign || type == kDockerForeignPlain) return true;
  if (!type.starts_with(kOciForeignPrefix)) return false;
  type.remove_prefix(kOciForeignPrefix.size());
  return type.empty() || type == "+gzip" || type == "+zstd";
}

bool is_layer(std::string_view type) {
  return std::find(kLayers.begin(), kLayers.end(), type) != std::end(kLayers) || is_nondistributable(type);
}

Family family(std::string_view type) {
  if (is_docker(type)) return Family::docker;
  if (type.starts_with("application/vnd.oci.image.")) return Family::oci;
  return Family::none;
}

bool is_docker(std::string_view type) {
  return type == kDockerManifest || type == kDockerList || type == kDockerConfig ||
         type.starts_with("application/vnd.docker.image.rootfs.");
}

bool is_well_formed(std::string_view type) {
  const std::size_t slash = type.find('/');
  return slash != std::string_view::npos && is_token(type.substr(0, slash)) && is_token(type.substr(slash + 1));
}

std::string_view layer_for(std::string_view manifest_type, archive::Compression compression) {
  const bool docker = is_docker(manifest_type);
  switch (compression) {
    case archive::Compression::none:
      return docker ? kDockerLayer : kOciLayer;
    case archive::Compression::gzip:
      return docker ? kDockerLayerGzip : kOciLayerGzip;
    case archive::Compression::zstd:
      // Docker before 23 cannot pull it (moby #28394), and the Docker family has no media type for it.
      if (docker) {
        throw Error(ErrorKind::unsupported, "a Docker manifest cannot hold a zstd layer",
                    "use gzip, or convert the image to the OCI media types first");
      }
      return kOciLayerZstd;
    default:
      throw Error(ErrorKind::internal, "layers are written as plain tar, gzip or zstd");
  }
}

}  // namespace resole::oci::media_type
