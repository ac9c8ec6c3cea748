// SPDX-License-Identifier: Apache-2.0
// A docker archive (`docker save`) as a Store: read in place, written anew as a whole.
//
// What differs from the other stores: it holds images of one platform, without manifests. Reading, a manifest is made up
// (saved_images.hpp). Writing, the manifest that is published says which config and layers to save; the config stays byte for byte, so the
// image keeps its id and its diff_ids, but read again it has another manifest digest, unless that manifest was one of Docker's with plain
// layers. So `same image` means the same config here.
#pragma once
#include <memory>
#include <mutex>
#include <vector>

#include "oci/reference.hpp"
#include "oci/store.hpp"
#include "registry/docker/save_archive.hpp"
#include "registry/docker/saved_images.hpp"
#include "registry/docker/staged_blobs.hpp"

namespace resole::registry {

class DockerArchiveStore : public oci::Store, public LocalBlobs, public BlobLender {
 public:
  explicit DockerArchiveStore(oci::Location location);
  ~DockerArchiveStore() override;

  std::optional<oci::Descriptor> resolve() override;
  std::string manifest(const oci::Descriptor& descriptor) override;
  std::unique_ptr<Source> open_blob(const oci::Descriptor& descriptor) override;
  bool has_blob(const oci::Descriptor& descriptor) override;
  void put_blob(const oci::Descriptor& descriptor, const SourceOpener& open) override;
  void put_manifest(const oci::Descriptor& descriptor, std::string_view bytes) override;
  bool mount_blob(const oci::Descriptor& descriptor, oci::Store& from) override;
  void publish(const oci::Publication& publication) override;

  std::optional<io::Path> blob_file(const oci::Descriptor& descriptor) const override { return staged_.file(descriptor); }
  std::shared_ptr<LentBlobs> lend() override { return images(); }

  void require_readable();
  void require_writable() const;  // Error(usage) unless the location's name can be given to an image

 private:
  std::shared_ptr<SavedImages> images() const;                // of the file as it is now; nullptr when there is none
  std::vector<std::shared_ptr<SavedImages>> holders() const;  // and as it was before, while we were at work
  void reopen();
  std::vector<ImageToSave> images_after(std::optional<std::size_t> there, ImageToSave image, const std::string& tag) const;

  oci::Location location_;
  io::Path path_;
  std::string shown_;
  StagedBlobs staged_;
  mutable std::mutex mutex_;
  std::shared_ptr<SavedImages> images_;
  std::vector<std::shared_ptr<SavedImages>> replaced_;  // by other writers: has_blob() may have promised what only these hold
};

}  // namespace resole::registry
