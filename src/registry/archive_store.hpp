// SPDX-License-Identifier: Apache-2.0
// An OCI layout in a tar file as a Store: read in place, written anew as a whole.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "oci/reference.hpp"
#include "oci/store.hpp"
#include "registry/blob_folder.hpp"
#include "registry/tar_members.hpp"

namespace resole::registry {

class StagingDirectory;

class ArchiveStore : public oci::Store, public LocalBlobs {
 public:
  explicit ArchiveStore(oci::Location location);
  ~ArchiveStore() override;

  std::optional<oci::Descriptor> resolve() override;
  std::string manifest(const oci::Descriptor& descriptor) override;
  std::unique_ptr<Source> open_blob(const oci::Descriptor& descriptor) override;
  bool has_blob(const oci::Descriptor& descriptor) override;
  void put_blob(const oci::Descriptor& descriptor, const SourceOpener& open) override;
  void put_manifest(const oci::Descriptor& descriptor, std::string_view bytes) override;
  bool mount_blob(const oci::Descriptor& descriptor, oci::Store& from) override;
  void publish(const oci::Publication& publication) override;

  std::optional<io::Path> blob_file(const oci::Descriptor& descriptor) const override;  // staged ones only

  void require_writable() const;  // Error(input) unless the file can be written: before any work is done for it
  void require_readable();

 private:
  struct Staging;
  Staging& staging();  // made at the first use
  bool is_staged(const Digest& digest) const;
  bool is_present(const Digest& digest) const;        // staged or in the file; not proven
  std::shared_ptr<const TarMembers> members() const;  // of the file as it is now; nullptr when there is none
  std::shared_ptr<const TarMembers> holder(
      const Digest& digest) const;  // of the file as it is or was, whichever has the blob; nullptr when none has
  void reopen();
  std::unique_ptr<Source> open_member(const TarMembers& members, const oci::Descriptor& descriptor) const;
  std::map<Digest, oci::Descriptor> reachable(const std::string& index);
  void write_archive(const std::string& index);

  oci::Location location_;
  io::Path path_;
  mutable std::mutex mutex_;
  std::shared_ptr<const TarMembers> members_;
  std::vector<std::shared_ptr<const TarMembers>>
      replaced_;  // by other writers while we were at work: has_blob() may have promised what only these hold
  std::set<Digest> proven_;
  std::unique_ptr<Staging> staging_;
};

}  // namespace resole::registry
