// SPDX-License-Identifier: Apache-2.0
// Checks that manifests and indexes share.
#pragma once
#include <string>
#include <string_view>

#include "base/json_fwd.hpp"

namespace resole::oci {

inline constexpr std::size_t kManifestLimit = 8u << 20;  // bytes; the distribution-spec asks registries for 4 MiB
inline constexpr std::size_t kConfigLimit = 8u << 20;    // podman and skopeo read 4 MiB (containers/image internal/iolimits, MaxConfigBodySize)
inline constexpr std::size_t kMostLayers = 1000;
inline constexpr std::size_t kMostIndexEntries = 10000;
inline constexpr std::size_t kMostHistory = 10000;
inline constexpr unsigned kDeepestIndex = 3;  // indexes in indexes

// Bounded and without duplicate keys; an object with schemaVersion 2 that is either a manifest or an index, and of the type it was
// announced as.
OrderedJson parse_versioned(std::string_view bytes, std::string_view media_type, std::string_view what);

}  // namespace resole::oci
