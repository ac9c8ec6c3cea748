// SPDX-License-Identifier: Apache-2.0
// A repository of a registry as a Store. Manifests and configs are kept in the cache by digest, so that an unchanged image costs one HEAD.
// Reading asks the mirrors of registries.conf in turn and the registry last; writing goes to the registry alone.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "oci/reference.hpp"
#include "oci/store.hpp"
#include "registry/remote/session.hpp"
#include "registry/remote/upload.hpp"

namespace resole::registry {

class RemoteStore : public oci::Store {
 public:
  // `connection` and `cache` must outlive the store.
  RemoteStore(oci::Reference reference, const Endpoints& endpoints, Connection& connection, Cache& cache, bool writing);
  ~RemoteStore() override;

  std::optional<oci::Descriptor> resolve() override;
  std::string manifest(const oci::Descriptor& descriptor) override;
  std::unique_ptr<Source> open_blob(const oci::Descriptor& descriptor) override;
  bool has_blob(const oci::Descriptor& descriptor) override;
  void put_blob(const oci::Descriptor& descriptor, const SourceOpener& open) override;
  void put_manifest(const oci::Descriptor& descriptor, std::string_view bytes) override;
  bool mount_blob(const oci::Descriptor& descriptor, oci::Store& from) override;
  void publish(const oci::Publication& publication) override;

 private:
  // The bytes of a manifest that waits for its name: the last one put is the root, and is written once, under its tag.
  struct Pending {
    oci::Descriptor descriptor;
    std::string bytes;
  };
  struct Fetched {
    std::string bytes, type;
  };

  std::optional<oci::Descriptor> resolve_at(Session& session, const std::string& tag_or_digest);
  std::optional<Fetched> fetch_manifest(Session& session, const std::string& tag_or_digest);
  std::unique_ptr<Source> open_remote(const oci::Descriptor& descriptor);
  std::string read_small(const oci::Descriptor& descriptor, std::string bytes);
  bool exists(const oci::Descriptor& descriptor);
  void write_manifest(const std::string& tag_or_digest, const Pending& manifest);
  void flush_pending();
  std::optional<oci::Descriptor> at_tag(const std::string& tag);
  bool may_be_written(const std::string& tag, const oci::Publication& publication);
  std::string name() const;  // for messages

  oci::Reference reference_;
  Connection& connection_;
  Cache& cache_;
  std::vector<std::unique_ptr<Session>> reading_;
  std::unique_ptr<Session> writing_;  // only in a store that is written to
  std::mutex mutex_;
  std::set<std::pair<Digest, std::uint64_t>> there_, absent_;  // asked before; with their sizes
  std::map<Digest, UploadPlace> mount_places_;   // left by mounts that were not made
  std::optional<Pending> pending_;
  bool told_about_mounts_ = false;
};

}  // namespace resole::registry
