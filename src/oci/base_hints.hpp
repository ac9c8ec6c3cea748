// SPDX-License-Identifier: Apache-2.0
// What an image says of the base it was built on. Hints only: which layers are the base's is proven by its diff_ids (base_swap.hpp), never by a name or tag.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "oci/image.hpp"

namespace resole::oci {

inline constexpr std::string_view kBaseName = "org.opencontainers.image.base.name";      // annotations.md: "docker.io/library/debian:bookworm"
inline constexpr std::string_view kBaseDigest = "org.opencontainers.image.base.digest";  // of the manifest or index that the name meant then

struct BaseHint {
  std::string name;      // reference; "" when only a seam is known
  Digest digest;         // may be empty
  std::string found_by;  // "annotation", "label", "provenance", "buildpacks"
  Digest top_layer;      // diff_id of the base's uppermost layer, where that is what is said
  bool operator==(const BaseHint&) const = default;
};

// Of the image's annotations, those of its index, its labels, and buildpacks' record (label io.buildpacks.lifecycle.metadata), best first.
std::vector<BaseHint> base_hints(const Image& image, const std::map<std::string, std::string>& index_annotations);

// Of an in-toto statement with SLSA provenance, as BuildKit writes it: every image that the build read (materials, resolvedDependencies). Damaged: none.
std::vector<BaseHint> provenance_hints(std::string_view statement);

}  // namespace resole::oci
