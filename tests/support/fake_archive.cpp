// SPDX-License-Identifier: Apache-2.0
#include "support/fake_archive.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "support/tar_builder.hpp"

namespace resole::test {

Blob MapFetcher::fetch(const Resource& resource) {
  const std::lock_guard lock(mutex_);
  if (const auto known = bundle.find(resource.sha256); !resource.sha256.empty() && known != bundle.end()) return Blob::of(known->second);
  requests_.push_back(resource.url);
  const auto found = files.find(resource.url);
  if (found == files.end()) throw Error(ErrorKind::network, resource.url + ": 404 not found");
  const std::string& bytes = found->second;
  const bool wrong = (resource.size >= 0 && static_cast<std::uint64_t>(resource.size) != bytes.size()) ||
                     (!resource.sha256.empty() && Digest::of(bytes) != resource.sha256);
  if (wrong) throw Error(ErrorKind::verification, resource.what + ": has not the expected sha256");
  if (resource.accept) resource.accept(bytes);
  return Blob::of(bytes);
}

std::string MapFetcher::fetch_range(const Resource& resource, std::uint64_t offset, std::uint64_t length) {
  const Blob whole = fetch(resource);
  return std::string(whole.bytes().substr(std::min<std::uint64_t>(offset, whole.size()), length));
}

void MapFetcher::fetch_all(std::span<const Resource> resources, const std::function<void(std::size_t, Blob)>& done) {
  for (std::size_t i = 0; i < resources.size(); ++i) done(i, fetch(resources[i]));
}

std::optional<Blob> MapFetcher::cached(const Digest& sha256) {
  const auto found = bundle.find(sha256);
  return found == bundle.end() ? std::nullopt : std::optional(Blob::of(found->second));
}

std::vector<std::string> MapFetcher::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::string package_stanza(const std::string& name, const std::string& version, const std::string& more) {
  return fmt::format("Package: {0}\nVersion: {1}\nArchitecture: amd64\n{2}Filename: pool/{0}_{1}.deb\nSize: 10\nSHA256: {3}\n\n", name,
                     version, more, sha256_hex_of(name + version));
}

std::string add_package(ArchiveFiles& files, const DebBuilder& deb, const std::string& url) {
  const std::string bytes = deb.build(), control = deb.control_text(),
                    path = fmt::format("pool/{}.deb", sha256_hex_of(bytes).substr(0, 16));
  files[url + "/" + path] = bytes;
  return fmt::format("{}Filename: {}\nSize: {}\nSHA256: {}\n\n", control, path, bytes.size(), sha256_hex_of(bytes));
}

namespace {

void add_release(ArchiveFiles& files, const TestKey& key, const std::string& base, const std::string& release, bool beside, const std::string& options) {
  if (beside) {
    files[base + "Release"] = release;
    files[base + "Release.gpg"] = key.sign_beside(release);
  } else {
    files[base + "InRelease"] = key.sign(release, options);
  }
}

}  // namespace

void publish(ArchiveFiles& files, const TestKey& key, const std::map<std::string, std::string>& packages, const ArchiveOptions& options,
             const std::string& url) {
  const std::string base = url + "/dists/" + options.suite + "/";
  std::string release = fmt::format("Origin: {}\nLabel: {}\nSuite: {}\nCodename: {}\nDate: {}\n", options.origin, options.label,
                                    options.suite, options.codename, options.date);
  if (!options.valid_until.empty()) release += "Valid-Until: " + options.valid_until + "\n";
  if (options.by_hash) release += "Acquire-By-Hash: yes\n";
  release += options.extra_fields + "Architectures:";
  for (const auto& [architecture, stanzas] : packages) release += " " + architecture;
  release += "\nComponents: main\nSHA256:\n";
  for (const auto& [architecture, stanzas] : packages) {
    const std::string folder = "main/binary-" + architecture + "/";
    for (const std::string& form : options.forms) {
      const std::string bytes = form == ".gz" ? gzip(stanzas) : form == ".xz" ? "not xz" : stanzas;
      const std::string digest = sha256_hex_of(bytes);
      release += fmt::format(" {} {} {}Packages{}\n", digest, bytes.size(), folder, form);
      files[base + folder + (options.by_hash ? "by-hash/SHA256/" + digest : "Packages" + form)] = bytes;
    }
  }
  add_release(files, key, base, release, options.beside, options.key_options);
}

void publish_flat(ArchiveFiles& files, const TestKey& key, const std::string& packages, const std::string& url, const std::string& folder, bool beside) {
  const std::string base = url + "/" + folder;
  files[base + "Packages"] = packages;
  const std::string release = fmt::format("Origin: Vendor\nLabel: Vendor\nDate: Fri, 20 Nov 2026 00:00:00 UTC\nSHA256:\n {} {} Packages\n",
                                          sha256_hex_of(packages), packages.size());
  add_release(files, key, base, release, beside, "");
}

void publish(MapFetcher& fetcher, const TestKey& key, const std::string& packages, const ArchiveOptions& options, const std::string& url) {
  publish(fetcher.files, key, {{"amd64", packages}}, options, url);
}

}  // namespace resole::test
