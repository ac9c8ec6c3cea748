// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/candidates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "archive/compression.hpp"
#include "archive/tar.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/deb/control.hpp"
#include "pkg/deb/policy.hpp"
#include "pkg/deb/relations.hpp"
#include "pkg/deb/version.hpp"

namespace resole::deb {
namespace {

constexpr std::uint64_t kPackageSizeLimit = 16ull << 30;
constexpr std::uint64_t kIndexTextLimit = 2ull << 30;

std::uint64_t read_number(const Paragraph& paragraph, std::string_view field, std::uint64_t most, std::string_view what) {
  const std::string_view value = paragraph.get(field);
  const auto number = parse_unsigned(value);
  if (!number || *number > most)
    throw Error(ErrorKind::input, fmt::format("{}: {} \"{}\" is not acceptable", what, field, printable(value, 40)));
  return *number;
}

std::string read_path(std::string_view value, std::string_view what) {
  std::string path = tar::clean_path(value);
  if (path.empty() || value.starts_with('/') || !tar::is_safe_path(path)) {
    throw Error(ErrorKind::input, fmt::format("{}: Filename \"{}\" is not a path below the repository", what, printable(value)));
  }
  return path;
}

bool serves(const pkg::Package& package, std::string_view arch) { return arch.empty() || package.arch == arch || package.arch == "all"; }

class IndexCandidates final : public pkg::CandidateSource {
 public:
  IndexCandidates(std::vector<LoadedIndex> indexes, const pkg::Inventory& inventory, const Preferences& preferences,
                  std::vector<pkg::RepositoryState> repositories, std::vector<pkg::RepositoryFailure> failures)
      : indexes_(std::move(indexes)),
        native_(inventory.arch),
        waits_for_phases_(preferences.waits_for_phases),
        policy_(preferences, traits_of(indexes_), inventory.arch),
        repositories_(std::move(repositories)),
        failures_(std::move(failures)) {
    for (const pkg::InstalledPackage& package : inventory.packages) {
      if (package.state != pkg::InstallState::removed) installed_[package.name].push_back({package.arch, package.version, package.source});
    }
  }

  pkg::Offers offers(std::string_view name, std::string_view arch) const override {
    pkg::Offers offers;
    std::vector<std::size_t> index_of;  // of each offer
    for (std::size_t i = 0; i < indexes_.size(); ++i) {
      for (std::string_view stanza : indexes_[i].packages.find(name)) {
        pkg::Candidate candidate = read(i, stanza);
        if (indexes_[i].witness || !serves(candidate, arch)) {
          if (std::ranges::find(indexes_[i].lacking, arch) != indexes_[i].lacking.end()) offers.elsewhere.push_back(std::move(candidate));
          continue;
        }
        offers.all.push_back(std::move(candidate));
        index_of.push_back(i);
      }
    }
    apply_policy(name, arch, offers, index_of);
    return offers;
  }

  std::vector<pkg::Candidate> providers(std::string_view name) const override {
    std::vector<pkg::Candidate> found;
    for (std::size_t i = 0; i < indexes_.size(); ++i) {
      if (indexes_[i].witness) continue;
      for (std::string_view stanza : indexes_[i].packages.providers(name)) {
        pkg::Candidate candidate = read(i, stanza);
        candidate.priority = policy_.index_priority(i);
        found.push_back(std::move(candidate));
      }
    }
    return found;
  }

  std::vector<std::string> names() const override {
    std::vector<std::string> all;
    for (const LoadedIndex& index : indexes_) {
      if (index.witness) continue;
      for (std::string_view name : index.packages.names()) all.emplace_back(name);
    }
    std::ranges::sort(all);
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
  }

  const std::vector<pkg::RepositoryState>& repositories() const override { return repositories_; }
  const std::vector<pkg::RepositoryFailure>& failures() const override { return failures_; }

 private:
  struct Installed {
    std::string arch, version;
    pkg::SourceRef source;
  };

  static std::vector<IndexTraits> traits_of(const std::vector<LoadedIndex>& indexes) {
    std::vector<IndexTraits> traits;
    for (const LoadedIndex& index : indexes) traits.push_back(index.traits);
    return traits;
  }

  pkg::Candidate read(std::size_t index, std::string_view stanza) const {
    const pkg::RepositoryEntry& entry = indexes_[index].entry;
    pkg::Candidate candidate = read_candidate(stanza, entry, fmt::format("index of {} {}", entry.suite, entry.component));
    if (!waits_for_phases_) candidate.phased = 100;
    return candidate;
  }

  // The installed package that an offer for `arch` would replace; a switch between "all" and the native architecture is an upgrade too.
  const Installed* installed(std::string_view name, std::string_view arch) const {
    const auto found = installed_.find(name);
    if (found == installed_.end()) return nullptr;
    const std::string_view wanted = arch.empty() || arch == "all" ? std::string_view(native_) : arch;
    for (const Installed& one : found->second) {
      if (one.arch == wanted) return &one;
    }
    for (const Installed& one : found->second) {
      if (one.arch == "all" || arch == "all" || arch.empty()) return &one;
    }
    return nullptr;
  }

  // One PolicyVersion per version string; `version_of[i]` is the one of offers.all[i].
  std::vector<PolicyVersion> group(const pkg::Offers& offers, const std::vector<std::size_t>& index_of, const Installed* now,
                                   std::vector<std::size_t>& version_of) const {
    std::vector<PolicyVersion> versions;
    if (now)
      versions.push_back(
          {.version = now->version, .source_version = now->source.version, .source_name = now->source.name, .installed = true});
    for (std::size_t i = 0; i < offers.all.size(); ++i) {
      const pkg::Candidate& offer = offers.all[i];
      auto same = std::ranges::find_if(versions,
                                       [&](const PolicyVersion& version) { return compare_versions(version.version, offer.version) == 0; });
      if (same == versions.end()) {
        versions.push_back({.version = offer.version, .source_version = offer.source.version, .source_name = offer.source.name});
        same = versions.end() - 1;
      }
      same->indexes.push_back(index_of[i]);
      version_of.push_back(static_cast<std::size_t>(same - versions.begin()));
    }
    return versions;
  }

  void apply_policy(std::string_view name, std::string_view arch, pkg::Offers& offers, const std::vector<std::size_t>& index_of) const {
    const std::string_view policy_arch = arch.empty() || arch == "all" ? std::string_view(native_) : arch;
    const Installed* now = installed(name, arch);
    std::vector<std::size_t> version_of;
    const auto versions = group(offers, index_of, now, version_of);
    for (std::size_t i = 0; i < offers.all.size(); ++i)
      offers.all[i].priority = policy_.priority(name, policy_arch, versions[version_of[i]]);
    const auto best = policy_.choose(name, policy_arch, versions);
    if (!best) return;
    // Nothing goes back: a pin that asks for a downgrade leaves the installed version (product.md "What must never happen").
    const bool back = now && compare_versions(versions[*best].version, now->version) < 0;
    const std::size_t wanted = back ? 0 : *best;
    for (std::size_t i = 0; i < offers.all.size() && !offers.chosen; ++i) {
      if (version_of[i] == wanted && serves(offers.all[i], policy_arch)) offers.chosen = i;
    }
  }

  std::vector<LoadedIndex> indexes_;
  std::string native_;
  bool waits_for_phases_;
  Policy policy_;
  std::map<std::string, std::vector<Installed>, std::less<>> installed_;
  std::vector<pkg::RepositoryState> repositories_;
  std::vector<pkg::RepositoryFailure> failures_;
};

}  // namespace

pkg::Candidate read_candidate(std::string_view stanza, const pkg::RepositoryEntry& entry, std::string_view what) {
  const Paragraph paragraph = read_single_paragraph(stanza, std::string(what));
  const std::string where = fmt::format("{}: package {}", what, printable(paragraph.get("Package"), 100));
  pkg::Candidate candidate;
  fill_package(candidate, paragraph, what);
  candidate.entry = entry;
  candidate.entry.path = read_path(paragraph.require("Filename", what), where);
  candidate.entry.size = read_number(paragraph, "Size", kPackageSizeLimit, where);
  candidate.entry.sha256 = with_context([&] { return where; }, [&] { return Digest::sha256_hex(paragraph.require("SHA256", what)); });
  candidate.description_md5 = paragraph.get("Description-md5");
  if (paragraph.find("Phased-Update-Percentage")) {
    candidate.phased = static_cast<std::uint32_t>(read_number(paragraph, "Phased-Update-Percentage", 100, where));
  }
  return candidate;
}

std::string compile_index(const Blob& downloaded, std::string_view what) {
  const auto text = archive::decompress(downloaded, {.output = kIndexTextLimit});
  std::string kept;
  StringSink sink(kept);
  PackagesIndex::compile(*text, sink, what);
  return kept;
}

std::unique_ptr<pkg::CandidateSource> make_candidates(std::vector<LoadedIndex> indexes, const pkg::Inventory& inventory,
                                                      const Preferences& preferences, std::vector<pkg::RepositoryState> repositories,
                                                      std::vector<pkg::RepositoryFailure> failures) {
  return std::make_unique<IndexCandidates>(std::move(indexes), inventory, preferences, std::move(repositories), std::move(failures));
}

std::unique_ptr<pkg::CandidateSource> candidates_from_indexes(std::vector<LocalIndex> indexes, const pkg::Inventory& inventory,
                                                              const Preferences& preferences) {
  std::vector<LoadedIndex> loaded;
  for (LocalIndex& local : indexes) {
    const auto complete = [](std::string& field, const std::string& from) {
      if (field.empty()) field = from;
    };
    complete(local.traits.archive, local.entry.suite);
    complete(local.traits.codename, local.entry.codename);
    complete(local.traits.origin, local.entry.origin);
    complete(local.traits.label, local.entry.label);
    complete(local.traits.component, local.entry.component);
    auto packages = PackagesIndex::open(Blob::of(compile_index(local.bytes, "index of " + local.entry.suite)));
    if (!packages) throw Error(ErrorKind::internal, "a compiled index cannot be opened");
    loaded.push_back({std::move(*packages), std::move(local.entry), std::move(local.traits), std::move(local.lacking), local.witness});
  }
  return make_candidates(std::move(loaded), inventory, preferences);
}

}  // namespace resole::deb
