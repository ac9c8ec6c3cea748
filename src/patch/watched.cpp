// SPDX-License-Identifier: Apache-2.0
#include "patch/watched.hpp"

namespace resole::patch {

void WatchedFetcher::learn(const std::string& url, std::variant<Blob, Error> outcome) {
  const std::lock_guard lock(mutex_);
  learnt_.insert_or_assign(url, std::move(outcome));
}

// Bytes that are not accepted may be an old copy of some proxy's: the fetcher asks again without conditions.
std::optional<Blob> WatchedFetcher::learnt(const Resource& resource) const {
  std::optional<std::variant<Blob, Error>> outcome;
  if (resource.sha256.empty()) {
    const std::lock_guard lock(mutex_);
    if (const auto found = learnt_.find(resource.url); found != learnt_.end()) outcome = found->second;
  }
  if (!outcome) return std::nullopt;
  if (const auto* error = std::get_if<Error>(&*outcome)) throw Error(*error);
  const Blob& bytes = std::get<Blob>(*outcome);
  try {
    if (resource.accept) resource.accept(bytes.bytes());
  } catch (const Error&) {
    return std::nullopt;
  }
  return bytes;
}

Blob WatchedFetcher::get(const Resource& resource) {
  const auto already = learnt(resource);
  return already ? *already : inner_.fetch(resource);
}

Blob WatchedFetcher::fetch(const Resource& resource) {
  try {
    Blob bytes = get(resource);
    if (resource.sha256.empty()) {
      AskedFor asked{resource, Digest::of(bytes.bytes())};
      asked.resource.accept = {};
      const std::lock_guard lock(mutex_);
      asked_[resource.url] = std::move(asked);
    }
    return bytes;
  } catch (...) {
    const std::lock_guard lock(mutex_);
    failed_ = true;
    throw;
  }
}

std::vector<AskedFor> WatchedFetcher::asked() const {
  const std::lock_guard lock(mutex_);
  std::vector<AskedFor> all;
  for (const auto& [url, asked] : asked_) all.push_back(asked);
  return all;
}

bool WatchedFetcher::failed() const {
  const std::lock_guard lock(mutex_);
  return failed_;
}

std::optional<Blob> WatchedCache::get(std::string_view room, std::string_view key) {
  auto found = inner_.get(room, key);
  if (rooms_.contains(room)) {
    const std::lock_guard lock(mutex_);
    asked_.emplace(std::pair<std::string, std::string>(room, key), found ? std::string(found->bytes()) : std::string());
  }
  return found;
}

Blob WatchedCache::put(std::string_view room, std::string_view key, std::string_view bytes) {
  if (rooms_.contains(room)) {
    const std::lock_guard lock(mutex_);
    asked_[{std::string(room), std::string(key)}] = bytes;
  }
  return inner_.put(room, key, bytes);
}

std::map<std::pair<std::string, std::string>, std::string> WatchedCache::asked() const {
  const std::lock_guard lock(mutex_);
  return asked_;
}

void WatchedReporter::warn(std::string_view message) {
  {
    const std::lock_guard lock(mutex_);
    warned_ = true;
  }
  inner_.warn(message);
}

bool WatchedReporter::warned() const {
  const std::lock_guard lock(mutex_);
  return warned_;
}

}  // namespace resole::patch
