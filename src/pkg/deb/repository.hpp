// SPDX-License-Identifier: Apache-2.0
// One archive release over the network: InRelease, verified and fresh, and the Packages indexes that it lists.
#pragma once
#include <string>
#include <vector>

#include "base/effects.hpp"
#include "pkg/deb/candidates.hpp"
#include "pkg/deb/keyrings.hpp"
#include "pkg/deb/release.hpp"
#include "pkg/deb/sources.hpp"

namespace resole::deb {

struct Repository {
  SourceEntry source;
  std::string url;  // of the archive, after the operator's mirrors, without credentials
  ReleaseFile release;
  pkg::RepositoryState state;  // without indexes until they are read

  std::string file(std::string_view path) const;  // URL of a file of the release: below "URL/dists/bookworm" or, flat, "URL/path"
  std::string name() const;  // "http://mirror.example.org/debian bookworm"
};

// An index to read of a release.
struct WantedIndex {
  std::string path, component, arch;  // "main/binary-amd64/Packages.gz"
  IndexFile file;
  bool witness = false;               // LoadedIndex::witness
};

struct RepositoryContext {
  const rootfs::Tree& tree;
  const pkg::Inventory& inventory;
  const pkg::RecipeBook& recipes;
  const pkg::RepositoryOptions& options;
  Fetcher& fetcher;
  Cache& cache;
};

// The URL of a source after the operator's mirrors. Error(refused) for sources that an image may not name.
std::string url_of(const SourceEntry& source, const pkg::RepositoryOptions& options);

// Fetches and verifies the signed release (pkg/signed_release.hpp) as it is now, remembers it (cache rooms "inrelease", "release-seen"). Error(network), Error(verification),
// Error(input), Error(refused) when it is not the release that the source names, or one of another release of the image's distribution.
Repository open_repository(const SourceEntry& source, const RepositoryContext& context);
// The same from the bytes of a release that was used before: signature, but not its age.
Repository reopen_repository(const SourceEntry& source, std::string_view in_release, const RepositoryContext& context);

// The indexes for these architectures, each in the form that is cheapest to decode.
std::vector<WantedIndex> wanted_indexes(const Repository& repository, const pkg::Inventory& inventory);

// Architectures that the image has packages of and the release has none for (its field Architectures). apt passes over them in silence; an
// architecture that is dropped from a suite while the others go on getting fixes there (as in Debian's LTS) looks like one without fixes then.
std::vector<std::string> lacking_architectures(const Repository& repository, const pkg::Inventory& inventory);
// For such a release, what it has for another architecture, to tell what is missed; nothing when an index that is read anyway tells it.
std::vector<WantedIndex> witness_indexes(const Repository& repository, const pkg::Inventory& inventory);

// Kept form of an index: from the cache, or fetched (by hash where the release says so, else by name), verified and compiled.
PackagesIndex load_index(const Repository& repository, const WantedIndex& wanted, Fetcher& fetcher, Cache& cache);

// What the candidates of an index have in common.
LoadedIndex describe_index(const Repository& repository, const WantedIndex& wanted, PackagesIndex packages,
                           const RepositoryContext& context);

}  // namespace resole::deb
