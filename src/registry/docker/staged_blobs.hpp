// SPDX-License-Identifier: Apache-2.0
// What was put into a place that is written as a whole: it waits here until publish(). Safe for several threads.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "oci/store.hpp"
#include "registry/blob_folder.hpp"
#include "registry/docker/lent_blobs.hpp"

namespace resole::registry {

class StagedBlobs {
 public:
  // A hidden directory PARENT/<prefix><random>, made at the first use.
  StagedBlobs(io::Path parent, std::string prefix);
  ~StagedBlobs();

  bool knows(const Digest& digest) const;  // its bytes may be damaged; has() proves them
  bool has(const oci::Descriptor& descriptor);
  std::unique_ptr<Source> open(const oci::Descriptor& descriptor);  // Error(input) when it is not here
  void put(const oci::Descriptor& descriptor, const SourceOpener& open);
  // Shares a file of `from`, or remembers to read the blob there later.
  bool mount(const oci::Descriptor& descriptor, oci::Store& from);
  std::optional<io::Path> file(const oci::Descriptor& descriptor) const;
  std::unique_ptr<Spool> spool();  // on the same disk
  void drop();

 private:
  struct Directory;
  Directory& directory();
  std::shared_ptr<LentBlobs> lender_of(const Digest& digest) const;

  io::Path parent_;
  std::string prefix_;
  mutable std::mutex mutex_;
  std::unique_ptr<Directory> directory_;
  std::map<Digest, std::shared_ptr<LentBlobs>> lent_;
};

}  // namespace resole::registry
