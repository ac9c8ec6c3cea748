// SPDX-License-Identifier: Apache-2.0
// Offers from Packages indexes that are here already: what the family's policy makes of them for one image.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "pkg/deb/packages.hpp"
#include "pkg/deb/preferences.hpp"
#include "pkg/package.hpp"

namespace resole::deb {

// One Packages index with what its release says of it.
struct LoadedIndex {
  PackagesIndex packages;
  pkg::RepositoryEntry entry;  // all but path, size and sha256, which are of the single package
  IndexTraits traits;
  std::vector<std::string> lacking = {};  // architectures of the image that its suite has no packages for
  bool witness = false;                   // of an architecture that the image has not: tells what the suite lacks, and offers nothing
};

std::unique_ptr<pkg::CandidateSource> make_candidates(std::vector<LoadedIndex> indexes, const pkg::Inventory& inventory,
                                                      const Preferences& preferences, std::vector<pkg::RepositoryState> repositories = {},
                                                      std::vector<pkg::RepositoryFailure> failures = {});

// The fields of a stanza as a candidate. Error(input) names `what` when they are broken.
pkg::Candidate read_candidate(std::string_view stanza, const pkg::RepositoryEntry& entry, std::string_view what);

// An index file as downloaded, plain or compressed, and what its release would say.
struct LocalIndex {
  Blob bytes;
  pkg::RepositoryEntry entry;
  IndexTraits traits;  // archive, codename, origin, label and component are completed from `entry` where empty
  std::vector<std::string> lacking = {};
  bool witness = false;
};

// The same from index files at hand, without release and signature: for comparisons with apt's answers on recorded indexes.
std::unique_ptr<pkg::CandidateSource> candidates_from_indexes(std::vector<LocalIndex> indexes, const pkg::Inventory& inventory,
                                                              const Preferences& preferences = {});

// Decompresses and compiles an index into its kept form.
std::string compile_index(const Blob& downloaded, std::string_view what);

}  // namespace resole::deb
