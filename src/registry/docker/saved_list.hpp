// SPDX-License-Identifier: Apache-2.0
// manifest.json of a docker archive: which members make up which image, and the names of the images. Pure.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oci/descriptor.hpp"

namespace resole::registry {

struct SavedEntry {
  std::string config;                         // member path, cleaned
  std::vector<std::string> tags;              // as written; docker writes "app:1", podman "docker.io/library/app:1"
  std::vector<std::string> layers;            // member paths, bottom first, cleaned
  std::map<Digest, oci::Descriptor> sources;  // by diff_id: layers as a registry has them
};

inline constexpr std::size_t kMostSavedImages = 10'000;

// Bounded. Error(input) for anything that docker load would not take either.
std::vector<SavedEntry> parse_saved_list(std::string_view bytes, std::string_view what);
std::string write_saved_list(const std::vector<SavedEntry>& entries);  // canonical; `sources` are not written

// The file `repositories` of the same archive, which readers older than manifest.json look at: {"app": {"1": "<id of the top layer>"}}.
std::string write_repositories(const std::vector<SavedEntry>& entries);

// "app" and "docker.io/library/app:latest" are one name. What is no reference stays as it is.
std::string full_name(std::string_view tag);

// Entries that REF means: "" = all of them, "@2" = the third one, else those that have the name.
std::vector<std::size_t> positions_of(const std::vector<SavedEntry>& entries, std::string_view ref);
std::vector<std::string> names_in(
    const std::vector<SavedEntry>& entries);  // what REF may be, in order: names, "@2" for an image without one

// The digest that the name of a member promises: "blobs/sha256/<hex>", "sha256:<hex>", "<hex>.json". nullopt for other names.
std::optional<Digest> promised_digest(std::string_view member);

}  // namespace resole::registry
