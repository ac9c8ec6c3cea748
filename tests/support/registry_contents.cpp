// SPDX-License-Identifier: Apache-2.0
#include "support/registry_contents.hpp"

#include <cstring>

#include "base/error.hpp"
#include "base/json.hpp"
#include "oci/descriptor.hpp"

namespace resole::test {

namespace {

// Layers that stay with the vendor are not asked for (image-spec layer.md).
bool is_elsewhere(const Json& descriptor, const std::string& type) {
  return descriptor.contains("urls") || type.find("nondistributable") != std::string::npos || type.find("foreign") != std::string::npos;
}

void take_descriptor(ManifestParts& parts, const Json& descriptor, std::vector<Digest>& out) {
  const std::string type = string_member(descriptor, "mediaType", "a descriptor");
  const Digest digest = Digest::parse(string_member(descriptor, "digest", "a descriptor"));
  parts.media_types.push_back(type);
  if (!is_elsewhere(descriptor, type)) out.push_back(digest);
}

}  // namespace

const StoredManifest* StoredRepository::find(const std::string& reference) const {
  const auto tag = tags.find(reference);
  const auto digest = tag == tags.end() ? Digest::try_parse(reference) : tag->second;
  const auto found = digest ? manifests.find(*digest) : manifests.end();
  return found == manifests.end() ? nullptr : &found->second;
}

void Upload::append(std::string_view more, std::uint64_t keep) {
  size += more.size();
  hasher.update(more);
  is_kept = is_kept && size <= keep;
  if (is_kept) {
    bytes += more;
  } else {
    bytes = {};
  }
}

bool RegistryContents::has_blob(const std::string& repository, const Digest& digest) const {
  const auto found = repositories.find(repository);
  return found != repositories.end() && found->second.blobs.contains(digest);
}

const StoredManifest* RegistryContents::manifest(const std::string& repository, const std::string& reference) const {
  const auto found = repositories.find(repository);
  return found == repositories.end() ? nullptr : found->second.find(reference);
}

HttpContent content_of(std::string bytes) {
  auto shared = std::make_shared<const std::string>(std::move(bytes));
  return {.size = shared->size(),
          .read = [shared](std::uint64_t offset, char* out, std::size_t count) { std::memcpy(out, shared->data() + offset, count); }};
}

Digest digest_like(const Digest& pattern, std::string_view bytes) {
  if (pattern.algorithm() != Algorithm::sha512) return Digest::of(bytes);
  Hasher hasher(Algorithm::sha512);
  hasher.update(bytes);
  return Digest::parse("sha512:" + to_hex(hasher.finish()));
}

ManifestParts parts_of(std::string_view bytes) {
  const Json json = parse_json(bytes, "manifest");
  ManifestParts parts;
  parts.media_type = string_or(json, "mediaType", "");
  if (integer_or(json, "schemaVersion", 0) != 2) throw Error(ErrorKind::input, "schemaVersion is not 2");
  if (json.contains("subject")) parts.subject = Digest::parse(string_member(json.at("subject"), "digest", "subject"));
  if (json.contains("manifests")) {
    for (const Json& child : json.at("manifests")) take_descriptor(parts, child, parts.manifests);
    return parts;
  }
  take_descriptor(parts, member(json, "config", "manifest"), parts.blobs);
  if (json.contains("layers")) {
    for (const Json& layer : json.at("layers")) take_descriptor(parts, layer, parts.blobs);
  }
  return parts;
}

}  // namespace resole::test
