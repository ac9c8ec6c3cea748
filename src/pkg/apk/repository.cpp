// SPDX-License-Identifier: Apache-2.0
#include "pkg/apk/repository.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/url.hpp"
#include "pkg/resource.hpp"

namespace resole::apk {

namespace {

constexpr std::uint64_t kIndexFile = 128u << 20;
constexpr std::string_view kReleaseRoom = "inrelease", kSeenRoom = "release-seen";

std::string seen_key(const Repository& repository) { return sha256_hex_of(fmt::format("apk {} {}", repository.entry.uri, repository.entry.suite)); }

// Signed by a key that the distribution's recipe knows by name, the repository is the distribution's own; else a third party's.
std::string origin_of(const std::string& key, const pkg::Recipe* recipe) {
  if (!recipe) return {};
  const bool own = std::ranges::any_of(recipe->keys, [&](const auto& known) { return glob_match(known.first, key); });
  return own ? recipe->id : std::string();
}

// The image's release branch is a decision that resole does not change: an edge repository in a stable image is left out, unless its packages are asked for
// by its tag.
void require_own_branch(const Repository& repository, const RepositoryContext& context) {
  if (!repository.source.tag.empty() || repository.entry.origin.empty()) return;
  const std::string own = branch_of_system(context.inventory.os), theirs = branch_of(repository.index.description);
  if (own.empty() || theirs.empty() || own == theirs) return;
  throw Error(ErrorKind::refused, fmt::format("{} is of release {}, the image is {}", repository.name(), printable(theirs), printable(own)),
              "resole stays within the image's release; moving to another is a new base");
}

void require_fresh(const Repository& repository, std::int64_t seen, const RepositoryContext& context) {
  const std::int64_t date = repository.index.date, most = context.options.max_index_age;
  if (date != 0 && date < seen) {
    throw Error(ErrorKind::verification, fmt::format("the index of {} is of {}, and one of {} was seen before", repository.name(), format_time(date), format_time(seen)),
                "the mirror is behind, or somebody serves an old index; use another mirror");
  }
  if (most >= 0 && context.options.now - date > most) {
    throw Error(ErrorKind::verification, fmt::format("the index of {} is of {}: older than --max-index-age allows", repository.name(), format_time(date)));
  }
}

Repository read_repository(const RepositorySource& source, std::string url, std::string_view bytes, const RepositoryContext& context) {
  Repository repository;
  repository.source = source;
  repository.entry.uri = std::move(url);
  repository.entry.suite = context.inventory.arch + "/";
  const std::string what = fmt::format("{} of {}", kIndexName, repository.name());
  const SignedFile file = read_signatures(bytes, what);
  const std::string_view covered = bytes.substr(file.begin);
  const Signer signer = verify_signed(file, covered, trusted_keys(context.tree, context.inventory.arch, context.options), what);
  repository.index = parse_index(covered, what);
  repository.weak = signer.weak;
  pkg::RepositoryEntry& entry = repository.entry;
  entry.index = entry.release = Digest::of(bytes);
  entry.key = signer.key;
  entry.origin = origin_of(signer.key, context.recipes.find(context.inventory.os));
  entry.codename = branch_of(repository.index.description);
  repository.state = {.uri = entry.uri,
                      .suite = entry.suite,
                      .codename = entry.codename,
                      .label = {},
                      .origin = entry.origin,
                      .key = entry.key,
                      .release = entry.release,
                      .indexes = {{std::string(kIndexName), entry.index}},
                      .date = repository.index.date};
  require_own_branch(repository, context);
  return repository;
}

}  // namespace

std::string Repository::name() const { return printable(entry.uri); }

pkg::Candidate Repository::candidate(const Description& description) const {
  pkg::Candidate candidate;
  static_cast<pkg::Package&>(candidate) = package_of(description);
  candidate.entry = entry;
  candidate.entry.path = fmt::format("{}{}-{}.apk", entry.suite, description.name, description.version);
  candidate.entry.checksum = description.checksum;
  candidate.entry.size = description.size;
  return candidate;
}

Repository open_repository(const RepositorySource& source, const RepositoryContext& context) {
  Repository repository;
  repository.entry.uri = url_of(source, context.options);
  repository.entry.suite = context.inventory.arch + "/";
  const std::string key = seen_key(repository), url = repository.entry.uri;
  const auto known = context.cache.get(kSeenRoom, key);
  const std::int64_t seen = known ? parse_time(known->bytes()).value_or(0) : 0;
  Resource resource{.url = Url::parse(url).join(fmt::format("{}/{}", context.inventory.arch, kIndexName)).text(),
                    .sha256 = {},
                    .limit = kIndexFile,
                    .what = fmt::format("index of {}", printable(url)),
                    .accept = [&](std::string_view bytes) {
                      repository = read_repository(source, url, bytes, context);
                      require_fresh(repository, seen, context);
                    }};
  const Blob bytes = context.fetcher.fetch(resource);
  if (repository.state.release.empty()) resource.accept(bytes.bytes());
  context.cache.put(kReleaseRoom, repository.state.release.hex(), bytes.bytes());
  if (repository.index.date > seen) context.cache.put(kSeenRoom, key, format_time(repository.index.date));
  return repository;
}

Repository reopen_repository(const RepositorySource& source, std::string_view bytes, const RepositoryContext& context) {
  return read_repository(source, url_of(source, context.options), bytes, context);
}

}  // namespace resole::apk
