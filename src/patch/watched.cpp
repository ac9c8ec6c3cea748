// SPDX-License-Identifier: Apache-2.0
#include "patch/watched.hpp"

namespace resole::patch {

Blob WatchedFetcher::fetch(const Resource& resource) {
  try {
    Blob bytes = inner_.fetch(resource);
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
