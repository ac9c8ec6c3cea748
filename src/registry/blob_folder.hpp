// SPDX-License-Identifier: Apache-2.0
// Blobs as files named by their digest: ROOT/blobs/<algorithm>/<hex> (image-layout.md). A file appears under its name only when its bytes
// were proven.
#pragma once
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "base/bytes.hpp"
#include "io/files.hpp"
#include "oci/descriptor.hpp"

namespace resole::registry {

// Stores whose blobs are files that another store on this machine may share.
class LocalBlobs {
 public:
  virtual ~LocalBlobs() = default;
  // The file of a blob whose bytes were proven by this object, now if not before; Error(verification) when they are others.
  virtual std::optional<io::Path> blob_file(const oci::Descriptor& descriptor) const = 0;
};

class BlobFolder {
 public:
  explicit BlobFolder(io::Path root) : root_(std::move(root)) {}
  io::Path path(const Digest& digest) const;
  std::optional<io::Path> file(const oci::Descriptor& descriptor) const;  // of the right size

  std::optional<io::Path> proven_file(const oci::Descriptor& descriptor) const;  // LocalBlobs::blob_file

  // Error(input) when it is missing, Error(verification) for other bytes (at once when the size differs, else at the end).
  std::unique_ptr<Source> open(const oci::Descriptor& descriptor) const;
  // Is it there with the right bytes? The hash is computed once per blob and object: another tool may have left a file of the right size
  // and zeros.
  bool holds(const oci::Descriptor& descriptor);
  // Proven while it is written; replaces a file with wrong bytes. `open` is called only when it is not here. `scratch` is a directory on the same file system.
  void write(const oci::Descriptor& descriptor, const SourceOpener& open_bytes, const io::Path& scratch);
  // Shares the bytes of `from` by reflink, else by a hard link to a file that only we may write. False when neither is possible.
  bool share(const oci::Descriptor& descriptor, const io::Path& from, const io::Path& scratch);
  // Everything written, shared or found here by this object reaches the disk.
  void sync();

 private:
  void make_folder(const Digest& digest) const;
  void remember(const Digest& digest);
  class Proving;

  io::Path root_;
  mutable std::mutex mutex_;
  mutable std::set<Digest> proven_;
  std::set<Digest> unsynced_;
};

// The Error for a digest whose algorithm we cannot compute.
void require_known_digest(const oci::Descriptor& descriptor);
std::string name_of_blob(const oci::Descriptor& descriptor);  // for messages

}  // namespace resole::registry
