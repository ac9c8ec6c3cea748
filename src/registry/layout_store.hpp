// SPDX-License-Identifier: Apache-2.0
// An OCI image layout on disk (image-spec image-layout.md) as a Store.
#pragma once
#include <memory>
#include <mutex>

#include "oci/reference.hpp"
#include "oci/store.hpp"
#include "registry/blob_folder.hpp"

namespace resole::registry {

class StagingDirectory;

class LayoutStore : public oci::Store, public LocalBlobs {
 public:
  explicit LayoutStore(oci::Location location);
  ~LayoutStore() override;

  std::optional<oci::Descriptor> resolve() override;
  std::string manifest(const oci::Descriptor& descriptor) override;
  std::unique_ptr<Source> open_blob(const oci::Descriptor& descriptor) override { return blobs_.open(descriptor); }
  bool has_blob(const oci::Descriptor& descriptor) override { return blobs_.holds(descriptor); }
  void put_blob(const oci::Descriptor& descriptor, const SourceOpener& open) override;
  void put_manifest(const oci::Descriptor& descriptor, std::string_view bytes) override;
  bool mount_blob(const oci::Descriptor& descriptor, oci::Store& from) override;
  void publish(const oci::Publication& publication) override;

  std::optional<io::Path> blob_file(const oci::Descriptor& descriptor) const override { return blobs_.proven_file(descriptor); }

  void require_writable() const;  // Error(input) unless a layout is, or can be made, there: before any work is done for it
  void require_readable();  // Error(input) unless it is a layout that holds what the location names, saying what it does hold

 private:
  std::string index() const;                                      // "" when there is none
  io::Path scratch();                                             // made at the first use, with the layout around it
  std::optional<oci::Descriptor> describe(const Digest& digest);  // a manifest that index.json does not list itself

  oci::Location location_;
  io::Path root_;
  BlobFolder blobs_;
  std::mutex mutex_;
  std::unique_ptr<StagingDirectory> staging_;
};

}  // namespace resole::registry
