// SPDX-License-Identifier: Apache-2.0
// The last step: everything below the new root is moved or mounted into the destination, then the name is written, and only if it still is what it was.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "patch/building.hpp"
#include "patch/view.hpp"

namespace resole::patch {

// What is new; all else below `root` comes from the source.
struct PatchedTree {
  struct NewBlob {
    oci::Descriptor descriptor;
    Blob bytes;
    std::string kept_as = {};  // key in the cache room "payload"; "" = not kept there
  };
  struct NewManifest { oci::Descriptor descriptor; std::string bytes; };
  // What comes from another place than the source: the layers of a new base.
  struct Borrowed { std::vector<oci::Descriptor> blobs; std::shared_ptr<oci::Store> store; };
  std::vector<NewBlob> blobs;
  std::vector<Borrowed> borrowed;
  std::vector<NewManifest> manifests;  // children before their index
  oci::Descriptor root;
  std::map<Digest, oci::Store*> elsewhere() const {
    std::map<Digest, oci::Store*> out;
    for (const Borrowed& each : borrowed) {
      for (const oci::Descriptor& blob : each.blobs) out[blob.digest] = each.store.get();
    }
    return out;
  }
};

struct Made {
  PatchedTree tree;
  document::Result result;  // but for its destinations
};

struct Destination {
  DestinationRequest request;
  std::unique_ptr<oci::Store> store;
  std::optional<Digest> before;        // what the name meant when we began
  Digest config;                       // of the image that was there, when it is one image and can be read: what docker's places know it by
  std::optional<Error> unreadable;     // why what is there could not be looked at
  bool may_be_moved = false;           // nothing there, ours, or --force
  bool unasked = false;                // the place does not say what the name means, and --force writes it all the same
};

// Opens every destination. Refuses before any work is done: the source's own name without --force; a place that cannot hold the image; and, when something
// will be written (`changes`), a name that is not ours.
std::vector<Destination> open_destinations(const ImageView& image, const BuildRequest& request, bool changes, const Tools& tools);
// Whether the name means what was made already: by its digest, in docker's places by the image's config (and so its diff_ids).
bool means(const Destination& destination, const document::Result& result);
// Error(refused) when the name means something else and must not be moved. For all destinations before the first is written.
void require_own(const Destination& destination, const document::Result& result);
// Writes nothing when the name means it already and every part is there.
void publish(const ImageView& image, const Made& made, Destination& destination, const Tools& tools);

}  // namespace resole::patch
