// SPDX-License-Identifier: Apache-2.0
// The images in a docker archive (a file, or what an engine's export sends), presented as Docker schema 2: the archive itself has no
// manifests, only configs and layers.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "archive/compression.hpp"
#include "oci/image.hpp"
#include "registry/docker/lent_blobs.hpp"
#include "registry/docker/saved_list.hpp"
#include "registry/tar_members.hpp"

namespace resole::registry {

// A manifest in Docker's own form (member order and all), so that the same image always has the same digest.
std::string docker_manifest(const oci::Descriptor& config, const std::vector<oci::Descriptor>& layers);
oci::Descriptor docker_descriptor(std::string_view media_type, Digest digest, std::uint64_t size);

// A layer as it is in the archive: maybe compressed, not proven.
struct StoredLayer {
  std::uint64_t size = 0;
  SourceOpener open;
};

class SavedImages : public LentBlobs {
 public:
  SavedImages(std::shared_ptr<const TarMembers> members,
              std::string name);  // `name` for messages; Error(input) when it is no docker archive

  const std::vector<SavedEntry>& entries() const { return entries_; }
  bool is_still_at(const io::Path& path) const { return members_->is_still_at(path); }

  // As many diff_ids as layers, and the digest that its member's name promises.
  oci::Config config(std::size_t at) const;
  // The manifest's descriptor. Compressed layers are hashed when an image is described for the first time.
  oci::Descriptor describe(std::size_t at);
  // Layer `number` of an image. Error(unsupported) when the archive does not have its bytes.
  StoredLayer stored_layer(std::size_t at, std::size_t number) const;

  // Manifests, configs and layers of every image here. Layers are proven against the diff_id.
  bool knows(const Digest& digest) { return find(digest) != nullptr; }
  bool has(const oci::Descriptor& descriptor) override;
  std::unique_ptr<Source> open(const oci::Descriptor& descriptor) override;

 private:
  struct Stored {
    std::string bytes;   // a manifest or config; empty for layers
    std::string member;  // of a layer
    std::uint64_t size = 0;
    Digest diff_id;
    bool compressed = false;  // the member's bytes are what is handed out, and they are not the diff_id's
    bool expand = false;      // handed out decompressed
  };

  std::string member_of_layer(std::size_t at, std::size_t number) const;
  oci::Descriptor describe_layer(std::size_t at, std::size_t number, const Digest& diff_id);
  const Stored* find(const Digest& digest);  // describes images until one has it
  void prove_diff_id(const Digest& digest, const Stored& stored);
  std::unique_ptr<Source> expanded(const std::string& member) const;

  std::shared_ptr<const TarMembers> members_;
  std::string name_;
  std::vector<SavedEntry> entries_;
  std::recursive_mutex describing_;
  std::mutex mutex_;  // of what follows
  std::map<std::size_t, oci::Descriptor> described_;
  std::map<Digest, Stored> stored_;
  std::map<std::string, oci::Descriptor> layers_;  // by member
  std::set<Digest> proven_;
};

}  // namespace resole::registry
