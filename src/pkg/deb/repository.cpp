// SPDX-License-Identifier: Apache-2.0
// The chain of trust of a Debian archive: keyring -> signature of InRelease -> sha256 and size of Packages -> sha256 and size of the
// package file. Whatever is wrong in it names the archive, because an image has several.
#include "pkg/deb/repository.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "archive/compression.hpp"
#include "base/error.hpp"
#include "base/read_ahead.hpp"
#include "base/text.hpp"
#include "base/url.hpp"
#include "pkg/signed_release.hpp"

namespace resole::deb {
namespace {

constexpr std::uint64_t kReleaseLimit = 32u << 20;
constexpr std::uint64_t kIndexTextLimit = 2ull << 30;
constexpr std::string_view kReleaseRoom = "inrelease", kSeenRoom = "release-seen", kIndexRoom = "packages";

std::string flat_path(std::string_view suite) {
  std::string path = tar::clean_path(suite);
  if (!tar::is_safe_path(path)) throw Error(ErrorKind::input, fmt::format("suite \"{}\" leaves the repository", printable(suite)));
  return path;
}

std::int64_t newest_seen(Cache& cache, const std::string& key) {
  const auto seen = cache.get(kSeenRoom, key);
  return seen ? parse_time(seen->bytes()).value_or(0) : 0;
}

std::string seen_key(const Repository& repository) { return sha256_hex_of(repository.name()); }

// "bookworm-security", "bookworm/updates" -> "bookworm".
std::string_view stem_of(std::string_view codename) { return codename.substr(0, codename.find_first_of("-/")); }

// A mirror may serve "stable" as a newer release than the image's, and third parties give any name to theirs: only what is known to be
// another release of the image's own distribution is refused.
void require_same_release(const Repository& repository, const RepositoryContext& context) {
  const pkg::Recipe* recipe = context.recipes.find(context.inventory.os);
  const std::string& own = context.inventory.os.codename;
  if (!recipe || own.empty()) return;
  const std::string_view stem = stem_of(repository.release.codename);
  const bool known = std::ranges::any_of(recipe->releases, [&](const pkg::Release& release) { return release.codename == stem; });
  if (!known || stem == own) return;
  throw Error(ErrorKind::refused, fmt::format("{} is of release {}, the image is {}", repository.name(), stem, printable(own, 40)),
              "resole stays within the image's release; moving to another is a new base");
}

// Says whose signature it is that was not good enough, when the recipe knows the key.
Error with_signer(const Error& error, const pkg::Recipe* recipe) {
  std::string hint = error.hint();
  for (const auto& [fingerprint, name] : recipe ? recipe->keys : decltype(recipe->keys){}) {
    const bool named = error.message().find(fingerprint.substr(fingerprint.size() - 16)) != std::string::npos;
    if (named) hint += fmt::format("{}{} is {}", hint.empty() ? "" : "; ", fingerprint, name);
  }
  return Error(error.kind(), error.message(), hint);
}

pkg::SignedText verified(const TrustedKeys& keys, std::string_view bytes, const pkg::Recipe* recipe, std::int64_t now, std::string_view what) {
  try {
    return keys.verify(bytes, now, what);
  } catch (const Error& error) {
    throw with_signer(error, recipe);
  }
}

Repository read_release(const SourceEntry& source, std::string url, std::string_view bytes, const RepositoryContext& context) {
  Repository repository{.source = source, .url = std::move(url), .release = {}, .state = {}};
  const std::string what = "InRelease of " + repository.name();
  const pkg::Recipe* recipe = context.recipes.find(context.inventory.os);
  const TrustedKeys keys = trusted_keys(context.tree, source, recipe, context.options);
  const pkg::SignedText text = verified(keys, bytes, recipe, context.options.now, what);
  repository.release = parse_release(text.text, what);
  const ReleaseFile& release = repository.release;
  repository.state = {.uri = repository.url,
                      .suite = source.suite,
                      .codename = release.codename,
                      .label = release.label,
                      .origin = release.origin,
                      .key = text.key,
                      .release = Digest::of(bytes),
                      .indexes = {},
                      .date = release.date,
                      .valid_until = release.valid_until};
  if (!is_release(release, source.suite)) {
    throw Error(ErrorKind::verification,
                fmt::format("{}: says that it is {} ({})", what, printable(release.codename, 60), printable(release.suite, 60)),
                "the mirror serves another release under this name");
  }
  return repository;
}

// The day that the image's release came to its end, when that is past.
std::string day_of_end(const RepositoryContext& context) {
  const pkg::Release* release = context.recipes.release(context.inventory.os);
  if (!release) return {};
  const std::string& last = release->lts_end.empty() ? release->end_of_life : release->lts_end;
  const auto time = parse_time(last);
  return time && *time < context.options.now ? last : std::string();
}

std::string fetch_release(const pkg::ReleaseRequest& request, const SourceEntry& source, const RepositoryContext& context) {
  try {
    return pkg::fetch_signed_release(request, context.fetcher);
  } catch (const Error& error) {
    if (!pkg::says_missing(error)) throw;
    const std::string end = day_of_end(context);
    throw Error(error.kind(), error.message(),
                end.empty() ? fmt::format("the repository has no release of that name, neither InRelease nor Release with Release.gpg: check the URL and the "
                                          "suite of {}, or map it to another with --package-mirror FROM=TO",
                                          printable(source.where))
                            : fmt::format("the release reached its end of life on {}, and archives move such releases away: map {} to where they are kept, "
                                          "--package-mirror FROM=TO",
                                          end, printable(source.where)));
  }
}

// An archive of what is no longer made has indexes that expired long ago, and keys that may have: the hint says how they are judged.
void require_fresh_as_far_as_possible(const ReleaseFile& release, const Freshness& freshness, std::string_view what, const RepositoryContext& context) {
  try {
    require_fresh(release, freshness, what);
  } catch (const Error& error) {
    const std::string end = day_of_end(context);
    if (end.empty() || release.valid_until == 0 || release.valid_until >= freshness.now) throw;
    throw Error(error.kind(), error.message(),
                fmt::format("the release reached its end of life on {}: read its archive with --as-of {}, or with an age that is long enough for it, "
                            "--max-index-age",
                            end, format_time(release.date)));
  }
}

Blob fetch_index(const Repository& repository, const WantedIndex& wanted, Fetcher& fetcher) {
  Resource resource{.url = repository.file(wanted.path),
                    .sha256 = wanted.file.sha256,
                    .size = static_cast<std::int64_t>(wanted.file.size),
                    .what = "index " + repository.source.suite + " " + wanted.path};
  if (repository.release.acquire_by_hash) {
    Resource by_hash = resource;
    const std::string directory = wanted.path.find('/') == std::string::npos ? "" : wanted.path.substr(0, wanted.path.rfind('/') + 1);
    by_hash.url = repository.file(fmt::format("{}by-hash/SHA256/{}", directory, wanted.file.sha256.hex()));
    try {
      return fetcher.fetch(by_hash);
    } catch (const Error& error) {
      if (!pkg::says_missing(error)) throw;
    }
  }
  return fetcher.fetch(resource);
}

// Components of security archives are "updates/main" in some releases, with the files below "main" (apt's rule: the last part counts).
std::string_view last_part(std::string_view component) { return component.substr(component.rfind('/') + 1); }

void add_cheapest(const ReleaseFile& release, const std::string& stem, std::string_view component, std::string_view arch,
                  std::vector<WantedIndex>& wanted) {
  // CPU seconds decide, not bytes: xz takes four times as long as gzip for a tenth less. Uncompressed is 50 MB of download for Debian's
  // main.
  for (std::string_view ending : {".zst", ".gz", ".xz", ""}) {
    const auto found = release.files.find(stem + std::string(ending));
    if (found == release.files.end()) continue;
    wanted.push_back({found->first, std::string(component), std::string(arch), found->second});
    return;
  }
}

bool lists(const std::vector<std::string>& words, std::string_view word) { return std::ranges::find(words, word) != words.end(); }

// What is asked of the repository: as the source says, else the image's own.
std::vector<std::string> architectures_of(const SourceEntry& source, const pkg::Inventory& inventory) {
  if (!source.architectures.empty()) return source.architectures;
  std::vector<std::string> architectures{inventory.arch};
  architectures.insert(architectures.end(), inventory.foreign.begin(), inventory.foreign.end());
  return architectures;
}

void add_components(const Repository& repository, std::string_view arch, std::vector<WantedIndex>& wanted) {
  for (const std::string& component : repository.source.components) {
    const std::size_t before = wanted.size();
    add_cheapest(repository.release, fmt::format("{}/binary-{}/Packages", component, arch), component, arch, wanted);
    if (wanted.size() == before)
      add_cheapest(repository.release, fmt::format("{}/binary-{}/Packages", last_part(component), arch), component, arch, wanted);
  }
}

}  // namespace

std::string Repository::file(std::string_view path) const {
  const std::string directory = source.is_flat() ? flat_path(source.suite) : "dists/" + source.suite;
  return Url::parse(url).join(directory.empty() ? std::string(path) : fmt::format("{}/{}", directory, path)).text();
}

std::string Repository::name() const { return fmt::format("{} {}", printable(url), printable(source.suite, 80)); }

std::string url_of(const SourceEntry& source, const pkg::RepositoryOptions& options) {
  bool mapped = false;
  const std::string url = apply_mirrors(source.uri, options.mirrors, mapped);
  if (const std::string refusal = refusal_of(source, url, mapped); !refusal.empty()) throw Error(ErrorKind::refused, refusal);
  if (!tar::is_safe_path(tar::clean_path(source.suite)))
    throw Error(ErrorKind::input, fmt::format("suite \"{}\" is not acceptable", printable(source.suite)));
  return url;
}

Repository open_repository(const SourceEntry& source, const RepositoryContext& context) {
  Repository repository{.source = source, .url = url_of(source, context.options), .release = {}, .state = {}};
  const std::string key = seen_key(repository), what = "InRelease of " + repository.name();
  const std::int64_t seen = newest_seen(context.cache, key);
  // Judged before it is kept: what is not good today is not asked for by its date tomorrow.
  const auto accept = [&](std::string_view bytes) {
    repository = read_release(source, repository.url, bytes, context);
    require_fresh_as_far_as_possible(repository.release, {.now = context.options.now, .max_age = context.options.max_index_age, .newest_seen = seen}, what,
                                     context);
    require_same_release(repository, context);
  };
  const pkg::ReleaseRequest request{.url_of = [place = repository](std::string_view file) { return place.file(file); },
                                    .name = repository.name(),
                                    .limit = kReleaseLimit,
                                    .accept = accept};
  const std::string bytes = fetch_release(request, source, context);
  context.cache.put(kReleaseRoom, repository.state.release.hex(), bytes);
  if (repository.release.date > seen) context.cache.put(kSeenRoom, key, format_time(repository.release.date));
  return repository;
}

Repository reopen_repository(const SourceEntry& source, std::string_view in_release, const RepositoryContext& context) {
  Repository repository = read_release(source, url_of(source, context.options), in_release, context);
  require_same_release(repository, context);
  return repository;
}

std::vector<WantedIndex> wanted_indexes(const Repository& repository, const pkg::Inventory& inventory) {
  const ReleaseFile& release = repository.release;
  std::vector<WantedIndex> wanted;
  if (repository.source.is_flat()) {
    add_cheapest(release, "Packages", "", "", wanted);
    return wanted;
  }
  std::vector<std::string> architectures = architectures_of(repository.source, inventory);
  if (!release.all_in_architectures && !lists(architectures, "all")) architectures.emplace_back("all");
  for (const std::string& arch : architectures) {
    if (release.architectures.empty() || lists(release.architectures, arch)) add_components(repository, arch, wanted);
  }
  return wanted;
}

std::vector<std::string> lacking_architectures(const Repository& repository, const pkg::Inventory& inventory) {
  std::vector<std::string> lacking;
  if (repository.source.is_flat() || repository.release.architectures.empty()) return lacking;
  for (std::string& arch : architectures_of(repository.source, inventory)) {
    const auto is_of = [&](const pkg::InstalledPackage& package) {
      return package.state != pkg::InstallState::removed && (package.arch == arch || (package.arch == "all" && arch == inventory.arch));
    };
    const bool here = lists(repository.release.architectures, arch) || lists(lacking, arch);
    if (!here && std::ranges::any_of(inventory.packages, is_of)) lacking.push_back(std::move(arch));
  }
  return lacking;
}

std::vector<WantedIndex> witness_indexes(const Repository& repository, const pkg::Inventory& inventory) {
  std::vector<WantedIndex> wanted;
  const auto is_read = [&](const std::string& arch) { return arch != "all" && lists(repository.release.architectures, arch); };
  if (lacking_architectures(repository, inventory).empty() || std::ranges::any_of(architectures_of(repository.source, inventory), is_read)) return wanted;
  std::vector<std::string> others = repository.release.architectures;
  std::ranges::stable_partition(others, [](const std::string& arch) { return arch == "amd64"; });  // the one that is never behind
  for (const std::string& arch : others) {
    if (arch == "all" || !wanted.empty()) continue;
    add_components(repository, arch, wanted);
  }
  for (WantedIndex& one : wanted) one.witness = true;
  return wanted;
}

PackagesIndex load_index(const Repository& repository, const WantedIndex& wanted, Fetcher& fetcher, Cache& cache) {
  const std::string key = fmt::format("{}-{}", wanted.file.sha256.hex(), PackagesIndex::kFormat);
  if (const auto kept = cache.get(kIndexRoom, key)) {
    if (auto index = PackagesIndex::open(*kept)) return std::move(*index);
  }
  const std::string what = fmt::format("{} of {}", printable(wanted.path), repository.name());
  const auto text = archive::decompress(fetch_index(repository, wanted, fetcher), {.output = kIndexTextLimit});
  const auto writer = cache.create(kIndexRoom, key);
  ReadAhead ahead(*text);
  PackagesIndex::compile(ahead, *writer, what);
  auto index = PackagesIndex::open(writer->commit());
  if (!index) throw Error(ErrorKind::internal, what + ": the kept form cannot be read back");
  return std::move(*index);
}

LoadedIndex describe_index(const Repository& repository, const WantedIndex& wanted, PackagesIndex packages,
                           const RepositoryContext& context) {
  const ReleaseFile& release = repository.release;
  const pkg::Recipe* recipe = context.recipes.find(context.inventory.os);
  const std::vector<std::string> labels = recipe ? recipe->security_labels : std::vector<std::string>{"*-security", "*-Security"};
  const auto is_security = [&](const std::string& word) {
    return std::ranges::any_of(labels, [&](const std::string& label) { return !word.empty() && glob_match(label, word); });
  };
  pkg::RepositoryEntry entry{
      .uri = repository.url,
      .suite = repository.source.suite,
      .component = wanted.component,
      .path = {},
      .sha256 = {},
      .size = 0,
      .index = wanted.file.sha256,
      .release = repository.state.release,
      .key = repository.state.key,
      .origin = release.origin,
      .label = release.label,
      .codename = release.codename,
      .security = is_security(release.label) || is_security(release.origin) || is_security(release.suite) || is_security(release.codename)};
  const auto site = Url::try_parse(repository.source.uri);
  IndexTraits traits{.archive = release.suite,
                     .codename = release.codename,
                     .version = release.version,
                     .origin = release.origin,
                     .label = release.label,
                     .component = wanted.component,
                     .architecture = wanted.arch,
                     .site = site ? site->host() : std::string(),
                     .priority = release.default_priority(),
                     .installed = false};
  return {.packages = std::move(packages), .entry = std::move(entry), .traits = std::move(traits), .lacking = repository.state.lacking, .witness = wanted.witness};
}

}  // namespace resole::deb
