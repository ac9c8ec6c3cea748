// SPDX-License-Identifier: Apache-2.0
// The last step: everything below the new root is moved or mounted into the destination, then the name is written, and only if it still is what it was.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

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
  std::vector<NewBlob> blobs;
  std::vector<NewManifest> manifests;  // children before their index
  oci::Descriptor root;
};

struct Made {
  PatchedTree tree;
  document::Result result;  // but for its destinations
};

struct Destination {
  DestinationRequest request;
  std::unique_ptr<oci::Store> store;
  std::optional<Digest> before;        // what the name meant when we began
  bool may_be_moved = false;           // nothing there, ours, or --force
};

// Opens every destination and refuses, before any work is done, names that must not be overwritten (the source's own, or one that is not ours) without --force.
std::vector<Destination> open_destinations(const ImageView& image, const BuildRequest& request, const Tools& tools);
// Error(refused) when the name means something else than `root` and must not be moved. For all destinations before the first is written.
void require_own(const Destination& destination, const oci::Descriptor& root);
void publish(const ImageView& image, const PatchedTree& tree, Destination& destination, const Tools& tools);

}  // namespace resole::patch
