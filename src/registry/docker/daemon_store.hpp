// SPDX-License-Identifier: Apache-2.0
// An image in a docker engine as a Store. As for docker archives, an image is its config and its layers; manifests are made up.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "base/effects.hpp"
#include "oci/reference.hpp"
#include "oci/store.hpp"
#include "registry/docker/daemon_image.hpp"
#include "registry/docker/save_archive.hpp"
#include "registry/docker/staged_blobs.hpp"

namespace resole::registry {

struct DaemonOptions {
  std::shared_ptr<io::HttpClient> client;  // patient: engines prepare an export before they send its first byte
  std::string socket;
  io::Path scratch;         // exports and archives on their way: as big as the images
  Cache* memory = nullptr;  // descriptions of images by id; must outlive the store
};

class DockerDaemonStore : public oci::Store, public LocalBlobs, public BlobLender {
 public:
  DockerDaemonStore(oci::Location location, DaemonOptions options);
  ~DockerDaemonStore() override;

  std::optional<oci::Descriptor> resolve() override;
  std::string manifest(const oci::Descriptor& descriptor) override;
  std::unique_ptr<Source> open_blob(const oci::Descriptor& descriptor) override;
  bool has_blob(const oci::Descriptor& descriptor) override;
  void put_blob(const oci::Descriptor& descriptor, const SourceOpener& open) override;
  void put_manifest(const oci::Descriptor& descriptor, std::string_view bytes) override;
  bool mount_blob(const oci::Descriptor& descriptor, oci::Store& from) override;
  // The engine has no "only if": what the name means is looked at just before the load.
  void publish(const oci::Publication& publication) override;

  std::optional<io::Path> blob_file(const oci::Descriptor& descriptor) const override { return staged_.file(descriptor); }
  std::shared_ptr<LentBlobs> lend() override;

  void require_readable();
  void require_writable() const;

 private:
  std::shared_ptr<DaemonImage> image_for(const EngineImage& info);  // one object per id
  std::vector<std::shared_ptr<DaemonImage>> seen() const;
  void look();  // at what the location names, unless that was done
  void load(const ImageToSave& image);
  std::set<Digest> layers_there(const ImageToSave& image) const;
  bool is_there_already(const EngineImage& there, const ImageToSave& image);
  void remember_loaded(const EngineImage& loaded, const ImageToSave& image);

  oci::Location location_;
  DaemonOptions options_;
  std::shared_ptr<const Engine> engine_;
  std::string name_;
  StagedBlobs staged_;
  mutable std::mutex mutex_;
  bool looked_ = false;
  std::shared_ptr<DaemonImage> current_;
  std::map<Digest, std::shared_ptr<DaemonImage>> images_;
  std::map<Digest, std::shared_ptr<DaemonImage>> relatives_;  // images of the same engine that blobs were mounted from
  std::map<Digest, std::uint64_t> plain_sizes_;               // of layers that were sent
};

}  // namespace resole::registry
