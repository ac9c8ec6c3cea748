// SPDX-License-Identifier: Apache-2.0
#include "pkg/apk/candidates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/apk/installed.hpp"
#include "pkg/apk/version.hpp"

namespace resole::apk {

namespace {

constexpr unsigned kRequests = 8;  // small files: the wait is the network's
constexpr int kUsual = 500, kNotAskedFor = -1;

class ApkCandidates : public pkg::CandidateSource {
 public:
  ApkCandidates(std::vector<Repository> repositories, const Pins& pins, std::vector<pkg::RepositoryFailure> failures)
      : repositories_(std::move(repositories)), pins_(pins), failures_(std::move(failures)) {
    for (const Repository& repository : repositories_) states_.push_back(repository.state);
    for (std::size_t r = 0; r < repositories_.size(); ++r) {
      const auto& packages = repositories_[r].index.packages;
      for (std::size_t i = 0; i < packages.size(); ++i) {
        by_name_[packages[i].name].emplace_back(r, i);
        for (const Wish& provided : packages[i].provides) providers_[provided.atom.name].emplace_back(r, i);
      }
    }
  }

  pkg::Offers offers(std::string_view name, std::string_view /*arch*/) const override {
    pkg::Offers offers;
    const auto found = by_name_.find(name);
    if (found == by_name_.end()) return offers;
    for (const Place& place : found->second) {
      offers.all.push_back(candidate(place));
      const pkg::Candidate& offer = offers.all.back();
      if (offer.priority < 0) continue;
      if (!offers.chosen || compare_versions(offer.version, offers.all[*offers.chosen].version) > 0) offers.chosen = offers.all.size() - 1;
    }
    return offers;
  }

  // Of several that provide a name, apk takes the one with the highest priority; those without one only when they are asked for by their own name.
  std::vector<pkg::Candidate> providers(std::string_view name) const override {
    const auto found = providers_.find(name);
    if (found == providers_.end()) return {};
    std::vector<Place> places = found->second;
    std::ranges::stable_sort(places, std::greater(), [&](const Place& place) { return at(place).provider_priority; });
    std::vector<pkg::Candidate> all;
    for (const Place& place : places) {
      if (is_chosen_by_itself(at(place), name)) all.push_back(candidate(place));
    }
    return all;
  }

  std::vector<std::string> names() const override {
    std::vector<std::string> names;
    for (const auto& [name, places] : by_name_) names.emplace_back(name);
    return names;
  }

  const std::vector<pkg::RepositoryState>& repositories() const override { return states_; }
  const std::vector<pkg::RepositoryFailure>& failures() const override { return failures_; }

  std::vector<std::string> notes() const override {
    std::vector<std::string> notes;
    for (const Repository& repository : repositories_) {
      if (repository.weak)
        notes.push_back(fmt::format("{} is signed with RSA and SHA-1, and with nothing better, by {}", repository.name(), printable(repository.entry.key)));
      if (repository.index.unreadable > 0)
        notes.push_back(fmt::format("{}: {} packages of the index are not understood and left out", repository.name(), repository.index.unreadable));
    }
    return notes;
  }

 private:
  using Place = std::pair<std::size_t, std::size_t>;  // repository, package

  const Description& at(const Place& place) const { return repositories_[place.first].index.packages[place.second]; }

  // apk-tools src/solver.c, is_provider_auto_selectable().
  static bool is_chosen_by_itself(const Description& package, std::string_view name) {
    const auto provided = std::ranges::find(package.provides, name, [](const Wish& wish) -> std::string_view { return wish.atom.name; });
    return package.provider_priority != 0 || (provided != package.provides.end() && provided->atom.op != pkg::Operator::any);
  }

  pkg::Candidate candidate(const Place& place) const {
    const Repository& repository = repositories_[place.first];
    pkg::Candidate candidate = repository.candidate(at(place));
    candidate.priority = pins_.allow(candidate.name, repository.source.tag) ? kUsual : kNotAskedFor;
    return candidate;
  }

  std::vector<Repository> repositories_;
  Pins pins_;
  std::vector<pkg::RepositoryFailure> failures_;
  std::vector<pkg::RepositoryState> states_;
  std::map<std::string_view, std::vector<Place>> by_name_;
  std::unordered_map<std::string_view, std::vector<Place>> providers_;
};

struct Attempt {
  RepositorySource source;
  std::optional<Repository> repository;
  std::optional<Error> error;
};

void open_one(Attempt& one, const RepositoryContext& context) {
  try {
    const auto unusable = context.options.unusable.find(url_of(one.source, context.options));
    if (unusable != context.options.unusable.end()) throw Error(unusable->second);
    one.repository = open_repository(one.source, context);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::internal || error.kind() == ErrorKind::interrupted || error.kind() == ErrorKind::usage) throw;
    one.error = error;
  }
}

// All failed. What cannot be believed is worse news than what cannot be reached.
[[noreturn]] void throw_worst(const std::vector<Attempt>& attempts) {
  const auto worst = std::ranges::find_if(attempts, [](const Attempt& one) { return one.error->kind() == ErrorKind::verification; });
  throw Error(worst == attempts.end() ? *attempts.front().error : *worst->error);
}

class IndexProver {
 public:
  explicit IndexProver(const RepositoryContext& context)
      : context_(context), sources_(effective_repositories(context.tree, context.inventory, context.recipes, context.options)) {}

  pkg::Proof prove(const pkg::Candidate& package) {
    std::string problem = fmt::format("{} is none of the image's repositories, nor one that was added", printable(public_uri(package)));
    for (const RepositorySource* source : sources_of(package.entry)) {
      problem = prove_by(*source, package);
      if (problem.empty()) return {{}, url_of(*source, context_.options)};
    }
    return {std::move(problem), {}};
  }

 private:
  struct Verified {
    std::optional<Repository> repository;
    std::string problem;
  };

  static std::string public_uri(const pkg::Candidate& package) { return package.entry.uri; }

  // The one at the plan's URL; where there is none (planned through a mirror, built from a bundle) every one: the keys prove, not the place.
  std::vector<const RepositorySource*> sources_of(const pkg::RepositoryEntry& entry) const {
    std::vector<const RepositorySource*> exact, all;
    for (const RepositorySource& source : sources_) {
      all.push_back(&source);
      try {
        if (url_of(source, context_.options) == entry.uri) exact.push_back(&source);
      } catch (const Error&) {
        continue;  // one that may not be contacted has no URL to compare
      }
    }
    return exact.empty() ? all : exact;
  }

  std::string prove_by(const RepositorySource& source, const pkg::Candidate& package) {
    const Verified& recorded = verified(recorded_[{&source, package.entry.release}], [&]() -> Repository {
      const Digest& digest = package.entry.release;
      if (digest.empty()) throw Error(ErrorKind::refused, "the plan names no index");
      std::optional<Blob> bytes = context_.cache.get("inrelease", digest.hex());
      if (!bytes || Digest::of(bytes->bytes()) != digest) bytes = context_.fetcher.cached(digest);
      if (!bytes) throw Error(ErrorKind::refused, fmt::format("the index {} is not at hand", digest.short_text()));
      return reopen_repository(source, bytes->bytes(), context_);
    });
    std::string problem = recorded.repository ? find_in(*recorded.repository, package) : recorded.problem;
    if (problem.empty()) return {};
    const Verified& current = verified(current_[&source], [&] { return open_repository(source, context_); });
    if (!current.repository) return fmt::format("{}; {}", problem, current.problem);
    return find_in(*current.repository, package);
  }

  template <class Open>
  static const Verified& verified(Verified& known, const Open& open) {
    if (known.repository || !known.problem.empty()) return known;
    try {
      known.repository = open();
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::internal || error.kind() == ErrorKind::interrupted) throw;
      known.problem = error.message();
    }
    return known;
  }

  // That the file with the plan's sha256 has this control part is seen when it is here (judge).
  static std::string find_in(const Repository& repository, const pkg::Candidate& package) {
    const auto of_name = std::ranges::equal_range(repository.index.packages, package.name, {}, &Description::name);
    const bool listed = std::ranges::any_of(of_name, [&](const Description& each) {
      const pkg::Candidate offer = repository.candidate(each);
      return offer.version == package.version && offer.arch == package.arch && offer.entry.path == package.entry.path &&
             offer.entry.size == package.entry.size && offer.entry.checksum == package.entry.checksum;
    });
    return listed ? std::string() : fmt::format("{} lists no such package file", repository.name());
  }

  const RepositoryContext& context_;
  std::vector<RepositorySource> sources_;
  std::map<std::pair<const RepositorySource*, Digest>, Verified> recorded_;
  std::map<const RepositorySource*, Verified> current_;
};

}  // namespace

Pins Pins::read(const rootfs::Tree& tree) {
  Pins pins;
  for (const Wish& wish : parse_wishes(tree.content("etc/apk/world").value_or(""), "etc/apk/world")) {
    if (!wish.tag.empty()) pins.by_package[wish.atom.name].insert(wish.tag);
  }
  for (const InstalledStanza& stanza : InstalledDatabase::read(tree).stanzas) {
    if (!stanza.tag.empty()) pins.by_package[stanza.description.name].insert(stanza.tag);
  }
  return pins;
}

bool Pins::allow(const std::string& package, const std::string& tag) const {
  if (tag.empty()) return true;
  const auto found = by_package.find(package);
  return found != by_package.end() && found->second.contains(tag);
}

std::unique_ptr<pkg::CandidateSource> make_candidates(std::vector<Repository> repositories, const Pins& pins, std::vector<pkg::RepositoryFailure> failures) {
  return std::make_unique<ApkCandidates>(std::move(repositories), pins, std::move(failures));
}

std::unique_ptr<pkg::CandidateSource> load_candidates(const RepositoryContext& context, Reporter& reporter) {
  if (context.inventory.arch.empty()) {
    throw Error(ErrorKind::input, "the architecture of the image's packages is not known: no package, nor etc/apk/arch, nor the image's config names one",
                "set the architecture in the config of the image");
  }
  require_operator_keys(context.options);
  std::vector<Attempt> attempts;
  for (RepositorySource& source : effective_repositories(context.tree, context.inventory, context.recipes, context.options)) {
    attempts.push_back({.source = std::move(source), .repository = {}, .error = {}});
  }
  parallel_for(attempts.size(), kRequests, [&](std::size_t i) { open_one(attempts[i], context); });
  if (std::ranges::all_of(attempts, [](const Attempt& one) { return one.error.has_value(); })) throw_worst(attempts);
  std::vector<Repository> repositories;
  std::vector<pkg::RepositoryFailure> failures;
  for (Attempt& one : attempts) {
    if (one.error) {
      failures.push_back({one.source.uri, context.inventory.arch + "/", one.error->message()});
      reporter.warn(fmt::format("repository {} is left out: {}{}{}", printable(one.source.uri), one.error->message(), one.error->hint().empty() ? "" : "; ",
                                one.error->hint()));
      continue;
    }
    repositories.push_back(std::move(*one.repository));
  }
  return make_candidates(std::move(repositories), Pins::read(context.tree), std::move(failures));
}

std::vector<pkg::Proof> prove(const RepositoryContext& context, const std::vector<pkg::Candidate>& packages) {
  std::vector<pkg::Proof> proofs;
  if (packages.empty()) return proofs;
  require_operator_keys(context.options);
  IndexProver prover(context);
  for (const pkg::Candidate& package : packages) proofs.push_back(prover.prove(package));
  return proofs;
}

}  // namespace resole::apk
