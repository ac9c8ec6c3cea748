// SPDX-License-Identifier: Apache-2.0
// One repository over the network. The chain of trust: a key of the image -> the signature of APKINDEX.tar.gz -> the checksum of a package's control part ->
// the SHA-256 of its data. The index is its own signed release: it is kept and proven again by its digest.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/effects.hpp"
#include "pkg/apk/index.hpp"
#include "pkg/apk/sources.hpp"

namespace resole::apk {

struct RepositoryContext {
  const rootfs::Tree& tree;
  const pkg::Inventory& inventory;
  const pkg::RecipeBook& recipes;
  const pkg::RepositoryOptions& options;
  Fetcher& fetcher;
  Cache& cache;
};

struct Repository {
  RepositorySource source;
  pkg::RepositoryEntry entry;   // of its packages: all but path, checksum and size
  pkg::RepositoryState state;
  bool weak = false;            // signed with SHA-1 only
  Index index;

  std::string name() const;     // "https://mirror.example.org/alpine/v3.20/main"
  pkg::Candidate candidate(const Description& description) const;
};

// Fetches and verifies the index as it is now, and keeps it (cache rooms "inrelease", "release-seen"). Error(network), Error(verification) also for one that
// is older than the one seen before, Error(refused) for another release branch of the image's distribution.
Repository open_repository(const RepositorySource& source, const RepositoryContext& context);
// From the bytes of an index that was used before: signature, but not its age.
Repository reopen_repository(const RepositorySource& source, std::string_view bytes, const RepositoryContext& context);

inline constexpr std::string_view kIndexName = "APKINDEX.tar.gz";

}  // namespace resole::apk
