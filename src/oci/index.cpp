// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "oci/image.hpp"
#include "oci/json_fields.hpp"
#include "oci/manifest_checks.hpp"

namespace resole::oci {

namespace {

// buildkit docs/attestations/attestation-storage.md
constexpr const char* kReferenceType = "vnd.docker.reference.type";
constexpr const char* kReferenceDigest = "vnd.docker.reference.digest";

std::string annotation(const Descriptor& descriptor, const char* name) {
  const auto at = descriptor.annotations.find(name);
  return at == descriptor.annotations.end() ? std::string() : at->second;
}

IndexEntry classify(Descriptor descriptor) {
  IndexEntry out;
  out.attestation = annotation(descriptor, kReferenceType) == "attestation-manifest";
  if (out.attestation) out.attestation_of = annotation(descriptor, kReferenceDigest);
  const bool unknown_platform =
      descriptor.platform && (descriptor.platform->os == "unknown" || descriptor.platform->architecture == "unknown");
  out.runnable = media_type::is_manifest(descriptor.media_type) && !out.attestation && !unknown_platform &&
                 descriptor.artifact_type.empty() && !descriptor.digest.empty();
  out.descriptor = std::move(descriptor);
  return out;
}

}  // namespace

Index Index::parse(std::string bytes, std::string_view media_type, std::string_view what) {
  if (!media_type::is_index(media_type)) {
    throw Error(ErrorKind::input, fmt::format("{}: \"{}\" is not the media type of an image index", what, printable(media_type)));
  }
  const OrderedJson json = parse_versioned(bytes, media_type, what);
  Index out;
  const OrderedJson* entries = fields::optional_array(json, "manifests", kMostIndexEntries, what);
  if (!entries) throw Error(ErrorKind::input, fmt::format("{}: \"manifests\" is missing", what));
  for (const OrderedJson& entry : *entries) {
    out.entries_.push_back(classify(Descriptor::from_json(entry, fmt::format("{}, manifest {}", what, out.entries_.size()))));
  }
  out.annotations_ = fields::string_map(json, "annotations", what);
  out.media_type_ = media_type;
  out.bytes_ = std::move(bytes);
  return out;
}

}  // namespace resole::oci
