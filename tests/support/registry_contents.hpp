// SPDX-License-Identifier: Apache-2.0
// What a fake registry holds: repositories, blobs, uploads under way. No protocol, no locks.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.hpp"
#include "support/http_server.hpp"

namespace resole::test {

struct StoredManifest {
  std::string bytes, media_type;
  Digest digest;
};

struct StoredBlob {
  HttpContent content;
  bool is_kept = true;  // false: too big to be kept; its digest and size are known
};

struct StoredRepository {
  std::set<Digest> blobs;
  std::map<Digest, StoredManifest> manifests;
  std::map<std::string, Digest> tags;
  const StoredManifest* find(const std::string& reference) const;  // tag or digest
};

struct Upload {
  std::string repository;
  std::string query;                     // of the Location that is good now
  std::set<std::string> former_queries;  // of those that were
  std::string bytes;
  std::uint64_t size = 0, first_chunk = 0, last_chunk = 0;
  bool is_kept = true;
  unsigned patches = 0;
  Hasher hasher{Algorithm::sha256};
  void append(std::string_view more, std::uint64_t keep);
};

struct RegistryContents {
  std::map<std::string, StoredRepository> repositories;
  std::map<Digest, StoredBlob> blobs;
  std::map<std::string, Upload> uploads;

  bool has_blob(const std::string& repository, const Digest& digest) const;
  const StoredManifest* manifest(const std::string& repository, const std::string& reference) const;
};

HttpContent content_of(std::string bytes);
Digest digest_like(const Digest& pattern, std::string_view bytes);  // of the same algorithm

// What a manifest needs to be there, and whom it is about.
struct ManifestParts {
  std::string media_type;  // in the body; may be empty
  std::vector<Digest> blobs, manifests;
  std::optional<Digest> subject;
  std::vector<std::string> media_types;  // of all descriptors
};
// Throws Error(input) for what is no manifest of an image or index.
ManifestParts parts_of(std::string_view bytes);

}  // namespace resole::test
