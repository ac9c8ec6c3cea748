// SPDX-License-Identifier: Apache-2.0
#include "pkg/operator_access.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "pkg/family.hpp"

namespace resole::pkg {
namespace {

bool is_below(std::string_view path, std::string_view place) {
  while (place.ends_with('/')) place.remove_suffix(1);
  return path.starts_with(place) && (path.size() == place.size() || path[place.size()] == '/');
}

// Where the authority of an http(s) URL begins and ends in its text.
std::pair<std::size_t, std::size_t> authority_of(std::string_view url) {
  const std::size_t begin = url.find("://") + 3;
  return {begin, std::min(url.find_first_of("/?#", begin), url.size())};
}

class AccessingFetcher final : public Fetcher {
 public:
  AccessingFetcher(OperatorAccess access, Fetcher& fetcher) : access_(std::move(access)), fetcher_(fetcher) {}

  Blob fetch(const Resource& resource) override { return fetcher_.fetch(with_secrets(resource)); }
  std::string fetch_range(const Resource& resource, std::uint64_t offset, std::uint64_t length) override {
    return fetcher_.fetch_range(with_secrets(resource), offset, length);
  }
  void fetch_all(std::span<const Resource> resources, const std::function<void(std::size_t, Blob)>& done) override {
    std::vector<Resource> all;
    for (const Resource& resource : resources) all.push_back(with_secrets(resource));
    fetcher_.fetch_all(all, done);
  }
  std::optional<Blob> cached(const Digest& sha256) override { return fetcher_.cached(sha256); }

 private:
  Resource with_secrets(Resource resource) const {
    resource.url = access_.with_secrets(resource.url);
    for (std::string& url : resource.alternatives) url = access_.with_secrets(url);
    return resource;
  }

  OperatorAccess access_;
  Fetcher& fetcher_;
};

}  // namespace

void OperatorAccess::add(std::string_view text) {
  const auto place = Url::try_parse(public_url(text));
  if (!place || (place->scheme() != "http" && place->scheme() != "https")) return;
  const auto [begin, end] = authority_of(text);
  const std::size_t at = text.substr(0, end).rfind('@');
  const std::size_t question = text.substr(0, text.find('#')).find('?');
  Known known{*place, {}, {}};
  if (at != std::string_view::npos && at >= begin) known.userinfo = text.substr(begin, at - begin);
  if (question != std::string_view::npos) known.query = text.substr(0, text.find('#')).substr(question + 1);
  if (!known.userinfo.empty() || !known.query.empty()) known_.push_back(std::move(known));
}

OperatorAccess OperatorAccess::of(const RepositoryOptions& options) {
  OperatorAccess access;
  for (const auto& [from, to] : options.mirrors) access.add(to);
  for (const std::string& source : options.extra) {
    for (const std::string_view word : split_words(source)) access.add(word);
  }
  std::ranges::stable_sort(access.known_, std::greater(), [](const Known& known) { return known.place.path().size(); });
  return access;
}

std::string OperatorAccess::with_secrets(const std::string& url) const {
  const auto parsed = known_.empty() ? std::nullopt : Url::try_parse(url);
  if (!parsed || parsed->text() != public_url(url)) return url;  // it brings its own
  for (const Known& known : known_) {
    if (known.place.origin() != parsed->origin() || !is_below(parsed->path(), known.place.path())) continue;
    std::string full = url;
    if (!known.userinfo.empty()) full.insert(authority_of(url).first, known.userinfo + "@");
    if (!known.query.empty()) full += "?" + known.query;
    return full;
  }
  return url;
}

std::unique_ptr<Fetcher> fetcher_with(OperatorAccess access, Fetcher& fetcher) {
  return std::make_unique<AccessingFetcher>(std::move(access), fetcher);
}

}  // namespace resole::pkg
