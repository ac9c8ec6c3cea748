// SPDX-License-Identifier: Apache-2.0
#include "patch/publishing.hpp"

#include <filesystem>

#include "base/error.hpp"
#include "base/text.hpp"
#include "registry/stores.hpp"

namespace resole::patch {

namespace {

// Ours: our layers are still its top ones. A label alone says little, since whatever is built on a patched image inherits it.
bool is_ours(oci::Store& store, const oci::Descriptor& root) {
  const oci::Root there = oci::read_root(store, root, oci::Families::any);
  return std::any_of(there.images.begin(), there.images.end(), [](const oci::Image& image) {
    const auto lineage = read_lineage(image.config.labels());
    return lineage && own_layers(image, *lineage) > 0;
  });
}

// However it is spelt: another path to the same file or directory, a name left out where only one image stands.
bool is_same_place(const oci::Location& a, const oci::Location& b) {
  if (a.transport != b.transport) return false;
  if (a.reference && b.reference) return a.reference->name() == b.reference->name() && a.reference->tag == b.reference->tag;
  return std::filesystem::weakly_canonical(a.path) == std::filesystem::weakly_canonical(b.path) && (a.tag == b.tag || a.tag.empty());
}

}  // namespace

std::vector<Destination> open_destinations(const ImageView& image, const BuildRequest& request, const Tools& tools) {
  std::vector<Destination> destinations;
  for (const auto& wanted : request.destinations) {
    with_context([&] { return "opening destination " + printable(wanted.location.text()); }, [&] {
      Destination destination{wanted, tools.open_for_writing(wanted.location), {}, true};
      const auto there = destination.store->resolve();
      if (there) destination.before = there->digest;
      const bool own_tag = there && there->digest == image.root.descriptor.digest && is_same_place(image.location, wanted.location);
      if (own_tag && !request.force) throw Error(ErrorKind::refused, "the destination is the source itself", "choose another tag, or give --force to move it");
      destination.may_be_moved = !there || request.force || is_ours(*destination.store, *there);
      // A copy of the source, left by a run that had nothing to change, is fine as long as there is nothing to change.
      if (!destination.may_be_moved && there->digest != image.root.descriptor.digest) require_own(destination, image.root.descriptor);
      destinations.push_back(std::move(destination));
    });
  }
  return destinations;
}

void require_own(const Destination& destination, const oci::Descriptor& root) {
  if (destination.may_be_moved || destination.before == root.digest) return;
  throw Error(ErrorKind::refused, fmt::format("{} exists and is not an image that resole made", printable(destination.request.location.text())),
              "choose another tag, or give --force");
}

void publish(const ImageView& image, const PatchedTree& tree, Destination& destination, const Tools& tools) {
  if (destination.before == tree.root.digest) return;  // a name is only ever written above what is complete (oci::Store)
  with_context([&] { return "writing " + printable(destination.request.location.text()); }, [&] {
    Phase phase(tools.reporter, "writing " + printable(destination.request.location.text()));
    oci::Store& to = *destination.store;
    for (const auto& blob : tree.blobs) {
      if (!to.has_blob(blob.descriptor)) to.put_blob(blob.descriptor, opener_of(blob.bytes.bytes()));
    }
    std::map<Digest, std::string_view> ours;
    for (const auto& manifest : tree.manifests) ours.emplace(manifest.descriptor.digest, manifest.bytes);
    registry::copy_tree(*image.store, to, tree.root, tools.reporter, tools.jobs, ours);
    to.publish({.root = tree.root, .tag = destination.request.location.tag, .expected = destination.before, .force = false});
  });
}

}  // namespace resole::patch
