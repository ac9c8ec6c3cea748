// SPDX-License-Identifier: Apache-2.0
// A Debian archive in memory, signed by a key of our own, and a Fetcher that serves it.
#pragma once
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/effects.hpp"
#include "pkg/test_key.hpp"

namespace resole::test {

// URL -> bytes. Checks size and sha256 as every Fetcher must; a missing URL is "404".
class MapFetcher : public Fetcher {
 public:
  Blob fetch(const Resource& resource) override;
  std::string fetch_range(const Resource& resource, std::uint64_t offset, std::uint64_t length) override;
  void fetch_all(std::span<const Resource> resources, const std::function<void(std::size_t, Blob)>& done) override;
  std::optional<Blob> cached(const Digest& sha256) override;

  std::map<std::string, std::string> files;
  std::map<Digest, std::string> bundle;  // what cached() knows
  std::vector<std::string> requests() const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
};

struct ArchiveOptions {
  std::string suite = "bookworm", codename = "bookworm", label = "Debian", origin = "Debian", extra_fields;
  std::string date = "Fri, 20 Nov 2026 00:00:00 UTC", valid_until;
  bool by_hash = true;
  std::string key_options;  // of gpg
  std::vector<std::string> forms = {".gz"};
};

inline constexpr std::int64_t kNow = 1795262400;  // 2026-11-21 12:00:00 UTC
inline const std::string kArchiveUrl = "http://mirror.example.org/debian";

// A stanza with a file of 10 bytes.
std::string package_stanza(const std::string& name, const std::string& version, const std::string& more = "");

// Puts dists/SUITE/ of a one-component archive for amd64 below `url`.
void publish(MapFetcher& fetcher, const TestKey& key, const std::string& packages, const ArchiveOptions& options = {},
             const std::string& url = kArchiveUrl);

}  // namespace resole::test
