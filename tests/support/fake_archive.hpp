// SPDX-License-Identifier: Apache-2.0
// A Debian archive in memory, signed by a key of our own, and a Fetcher that serves it. fake_mirror.hpp serves it over HTTP.
#pragma once
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/effects.hpp"
#include "support/deb_builder.hpp"
#include "support/test_key.hpp"

namespace resole::test {

using ArchiveFiles = std::map<std::string, std::string>;  // URL -> bytes

// Checks size and sha256 as every Fetcher must; a missing URL is "404".
class MapFetcher : public Fetcher {
 public:
  Blob fetch(const Resource& resource) override;
  std::string fetch_range(const Resource& resource, std::uint64_t offset, std::uint64_t length) override;
  void fetch_all(std::span<const Resource> resources, const std::function<void(std::size_t, Blob)>& done) override;
  std::optional<Blob> cached(const Digest& sha256) override;

  ArchiveFiles files;
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
  bool beside = false;      // Release and Release.gpg instead of InRelease
};

inline constexpr std::int64_t kNow = 1795262400;  // 2026-11-21 12:00:00 UTC
inline const std::string kArchiveUrl = "http://mirror.example.org/debian";

// A stanza with a file of 10 bytes.
std::string package_stanza(const std::string& name, const std::string& version, const std::string& more = "");

// Puts the package into pool/ below `url`; gives its stanza.
std::string add_package(ArchiveFiles& files, const DebBuilder& deb, const std::string& url = kArchiveUrl);

// Puts dists/SUITE/ of a one-component archive below `url`. `packages`: architecture -> its stanzas.
void publish(ArchiveFiles& files, const TestKey& key, const std::map<std::string, std::string>& packages,
             const ArchiveOptions& options = {}, const std::string& url = kArchiveUrl);
// Puts a flat repository into `folder` ("" or "sub/") below `url`: Packages, and its release.
void publish_flat(ArchiveFiles& files, const TestKey& key, const std::string& packages, const std::string& url, const std::string& folder = "",
                  bool beside = false);
// For amd64, to a fetcher.
void publish(MapFetcher& fetcher, const TestKey& key, const std::string& packages, const ArchiveOptions& options = {},
             const std::string& url = kArchiveUrl);

}  // namespace resole::test
