// SPDX-License-Identifier: Apache-2.0
// A plan names, for each package, the signed release and the index it was found in, by digest. The proof walks that chain again from the
// keys that the image and the operator trust today: the InRelease of that digest (kept from planning, in a bundle, or what the repository
// serves now), its signature, the digest of the index in it, the stanza in the index. An edited plan finds no stanza; a repository that
// moved on still proves packages that it still has.
#include "pkg/deb/prove.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/url.hpp"

namespace resole::deb {
namespace {

// A release that was verified again, with the indexes that were opened of it.
struct Verified {
  std::optional<Repository> repository;
  std::string problem;                           // when there is none
  std::map<std::string, PackagesIndex> indexes;  // by path
};

class Prover {
 public:
  explicit Prover(const RepositoryContext& context)
      : context_(context), sources_(effective_sources(context.tree, context.inventory, context.recipes, context.options)) {}

  pkg::Proof prove(const pkg::Candidate& package) {
    std::string problem = fmt::format("{} {} is none of the image's repositories, nor one that was added", printable(public_url(package.entry.uri)),
                                      printable(package.entry.suite, 80));
    for (const SourceEntry* source : sources_of(package.entry)) {
      problem = prove_by(*source, package);
      if (problem.empty()) return {{}, url_of(*source, context_.options)};
    }
    return {std::move(problem), {}};
  }

 private:
  std::string prove_by(const SourceEntry& source, const pkg::Candidate& package) {
    Verified& recorded = recorded_release(source, package.entry.release);
    std::string problem =
        recorded.repository ? find_in(recorded, recorded_indexes(*recorded.repository, package.entry), package) : recorded.problem;
    if (problem.empty()) return {};
    Verified& current = current_release(source);
    if (!current.repository) return fmt::format("{}; {}", problem, current.problem);
    return find_in(current, wanted_indexes(*current.repository, context_.inventory), package);
  }

  // The source at the plan's URL; where there is none (planned through a mirror, built from a bundle), every source of that suite: the keys
  // prove, not the place, and each source has its own keys.
  std::vector<const SourceEntry*> sources_of(const pkg::RepositoryEntry& entry) const {
    std::vector<const SourceEntry*> exact, same_suite;
    for (const SourceEntry& source : sources_) {
      if (source.suite != entry.suite) continue;
      same_suite.push_back(&source);
      try {
        if (url_of(source, context_.options) == entry.uri) exact.push_back(&source);
      } catch (const Error&) {
        continue;  // a source that may not be contacted has no URL to compare
      }
    }
    return exact.empty() ? same_suite : exact;
  }

  Verified& recorded_release(const SourceEntry& source, const Digest& digest) {
    Verified& verified = recorded_[{&source, digest}];
    if (verified.repository || !verified.problem.empty()) return verified;
    if (digest.empty()) {
      verified.problem = "the plan names no signed release";
      return verified;
    }
    std::optional<Blob> bytes = context_.cache.get("inrelease", digest.hex());
    if (!bytes || Digest::of(bytes->bytes()) != digest) bytes = context_.fetcher.cached(digest);
    if (!bytes) {
      verified.problem = fmt::format("the signed release {} is not at hand", digest.short_text());
      return verified;
    }
    verify([&] { return reopen_repository(source, bytes->bytes(), context_); }, verified);
    return verified;
  }

  Verified& current_release(const SourceEntry& source) {
    Verified& verified = current_[&source];
    if (!verified.repository && verified.problem.empty()) verify([&] { return open_repository(source, context_); }, verified);
    return verified;
  }

  template <class Open>
  static void verify(const Open& open, Verified& verified) {
    try {
      verified.repository = open();
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::internal || error.kind() == ErrorKind::interrupted) throw;
      verified.problem = error.message();
    }
  }

  // The index that the plan names, if the release lists it.
  static std::vector<WantedIndex> recorded_indexes(const Repository& repository, const pkg::RepositoryEntry& entry) {
    for (const auto& [path, file] : repository.release.files) {
      if (file.sha256 == entry.index) return {{path, entry.component, "", file}};
    }
    return {};
  }

  std::string find_in(Verified& verified, const std::vector<WantedIndex>& wanted, const pkg::Candidate& package) {
    std::string problem = fmt::format("{} lists no such package file", verified.repository->name());
    for (const WantedIndex& one : wanted) {
      try {
        if (lists(index_of(verified, one), package)) return {};
      } catch (const Error& error) {
        if (error.kind() == ErrorKind::internal || error.kind() == ErrorKind::interrupted) throw;
        problem = error.message();
      }
    }
    return problem;
  }

  const PackagesIndex& index_of(Verified& verified, const WantedIndex& wanted) {
    const auto found = verified.indexes.find(wanted.path);
    if (found != verified.indexes.end()) return found->second;
    return verified.indexes.emplace(wanted.path, load_index(*verified.repository, wanted, context_.fetcher, context_.cache)).first->second;
  }

  static bool lists(const PackagesIndex& index, const pkg::Candidate& package) {
    return std::ranges::any_of(index.find(package.name), [&](std::string_view stanza) {
      const pkg::Candidate listed = read_candidate(stanza, {}, "index");
      return listed.version == package.version && listed.arch == package.arch && listed.entry.path == package.entry.path &&
             listed.entry.size == package.entry.size && listed.entry.sha256 == package.entry.sha256;
    });
  }

  const RepositoryContext& context_;
  std::vector<SourceEntry> sources_;
  std::map<std::pair<const SourceEntry*, Digest>, Verified> recorded_;
  std::map<const SourceEntry*, Verified> current_;
};

}  // namespace

std::vector<pkg::Proof> prove(const RepositoryContext& context, const std::vector<pkg::Candidate>& packages) {
  std::vector<pkg::Proof> proofs;
  if (packages.empty()) return proofs;
  require_operator_keys(context.options);
  Prover prover(context);
  for (const pkg::Candidate& package : packages) proofs.push_back(prover.prove(package));
  return proofs;
}

}  // namespace resole::deb
