// SPDX-License-Identifier: Apache-2.0
// Effects that remember what was asked of them and what could change by tomorrow: files without a known digest, and the cache's notes on the newest
// release seen. Whatever has a known digest cannot change.
#pragma once
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/effects.hpp"
#include "base/error.hpp"

namespace resole::patch {

// What was fetched without a known digest.
struct AskedFor {
  Resource resource;  // without sha256 and accept
  Digest got;
};

class WatchedFetcher : public Fetcher {
 public:
  explicit WatchedFetcher(Fetcher& inner) : inner_(inner) {}
  Blob fetch(const Resource& resource) override;
  std::string fetch_range(const Resource& resource, std::uint64_t offset, std::uint64_t length) override {
    return inner_.fetch_range(resource, offset, length);  // of packages: they have digests
  }
  void fetch_all(std::span<const Resource> resources, const std::function<void(std::size_t, Blob)>& done) override { inner_.fetch_all(resources, done); }
  std::optional<Blob> cached(const Digest& sha256) override { return inner_.cached(sha256); }
  void keep(const Digest& sha256, std::string_view bytes) override { inner_.keep(sha256, bytes); }

  // What this run already learnt of a file without a known digest: its bytes, or why it cannot be had. It is not asked for again, so that nobody waits
  // twice for a repository in trouble.
  void learn(const std::string& url, std::variant<Blob, Error> outcome);

  std::vector<AskedFor> asked() const;  // sorted by URL
  bool failed() const;                  // any fetch at all

 private:
  Blob get(const Resource& resource);
  std::optional<Blob> learnt(const Resource& resource) const;

  Fetcher& inner_;
  mutable std::mutex mutex_;
  std::map<std::string, AskedFor> asked_;
  std::map<std::string, std::variant<Blob, Error>> learnt_;
  bool failed_ = false;
};

// Rooms that hold what is known of the world, not what follows from bytes.
class WatchedCache : public Cache {
 public:
  WatchedCache(Cache& inner, std::set<std::string, std::less<>> rooms) : inner_(inner), rooms_(std::move(rooms)) {}
  std::optional<Blob> get(std::string_view room, std::string_view key) override;
  Blob put(std::string_view room, std::string_view key, std::string_view bytes) override;
  std::unique_ptr<Writer> create(std::string_view room, std::string_view key) override { return inner_.create(room, key); }

  // (room, key) -> what it was when it was read, or what was written since by who uses this; never what another process wrote.
  std::map<std::pair<std::string, std::string>, std::string> asked() const;

 private:
  Cache& inner_;
  std::set<std::string, std::less<>> rooms_;
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, std::string> asked_;
};

class WatchedReporter : public Reporter {
 public:
  explicit WatchedReporter(Reporter& inner) : inner_(inner) {}
  int begin(std::string_view phase, std::uint64_t total_bytes) override { return inner_.begin(phase, total_bytes); }
  void progress(int id, std::uint64_t bytes_done, std::string_view detail) override { inner_.progress(id, bytes_done, detail); }
  void end(int id) override { inner_.end(id); }
  void note(std::string_view message) override { inner_.note(message); }
  void debug(std::string_view message) override { inner_.debug(message); }
  void warn(std::string_view message) override;
  bool warned() const;

 private:
  Reporter& inner_;
  mutable std::mutex mutex_;
  bool warned_ = false;
};

}  // namespace resole::patch
