// SPDX-License-Identifier: Apache-2.0
// Blobs, manifests and names of one place that holds images. Implementations: registry/ (layout, archives, remote) and tests/support
// (memory).
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "oci/descriptor.hpp"

namespace resole::oci {

// What publish() found or was told about the name.
struct Publication {
  Descriptor root;
  std::string tag;  // "" = the only image there, or the first one
  // The name must still be this (checked again just before it is written); nullopt = the name must not exist.
  std::optional<Digest> expected;
  bool force = false;  // overwrite whatever is there
};

// Contract (one conformance suite, tests/registry): bytes handed out are verified (size and digest) to their end, else Error(verification);
// put_blob of a blob that is there is a no-op (`open` is then not called); nothing that was put becomes reachable by name before
// publish(); publish is atomic: a reader sees the old root or the new one, never a part; a store that is dropped without publish leaves the
// old state (stray blobs allowed in a layout). mount_blob may say false for a blob that is there already: ask it first, has_blob next, then
// put_blob. All but publish are safe from several threads. publish: the name already meaning `root` is no error and changes nothing; a name
// that is taken or moved is Error(refused).
class Store {
 public:
  virtual ~Store() = default;
  // The root that the location's name means now; nullopt when the place or name does not exist. Error(input) when the name is ambiguous
  // (lists the names).
  virtual std::optional<Descriptor> resolve() = 0;
  virtual std::string manifest(const Descriptor& descriptor) = 0;               // verified bytes; at most 8 MiB
  virtual std::unique_ptr<Source> open_blob(const Descriptor& descriptor) = 0;  // verified at the end
  virtual bool has_blob(const Descriptor& descriptor) = 0;
  // Verified while written. `open` is called when the bytes are needed, and again for another attempt (a registry's upload that broke).
  virtual void put_blob(const Descriptor& descriptor, const SourceOpener& open) = 0;
  virtual void put_manifest(const Descriptor& descriptor, std::string_view bytes) = 0;
  // Takes the blob from `from` without moving its bytes through here (cross-repository mount, hard link, reflink). False: not possible,
  // stream it.
  virtual bool mount_blob(const Descriptor& descriptor, Store& from) = 0;
  virtual void publish(const Publication& publication) = 0;
};

}  // namespace resole::oci
