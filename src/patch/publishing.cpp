// SPDX-License-Identifier: Apache-2.0
#include "patch/publishing.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "registry/stores.hpp"

namespace resole::patch {

namespace {

// Ours: every image that stands there was made by us.
bool is_ours(oci::Store& store, const oci::Descriptor& root) {
  const oci::Root there = oci::read_root(store, root);
  return std::any_of(there.images.begin(), there.images.end(), [](const oci::Image& image) { return read_lineage(image.config.labels()).has_value(); });
}

}  // namespace

std::vector<Destination> open_destinations(const ImageView& image, const BuildRequest& request, const Tools& tools) {
  std::vector<Destination> destinations;
  for (const auto& wanted : request.destinations) {
    with_context([&] { return "opening destination " + printable(wanted.location.text()); }, [&] {
      Destination destination{wanted, tools.open_for_writing(wanted.location), {}};
      const auto there = destination.store->resolve();
      if (there) destination.before = there->digest;
      const bool own_tag = wanted.location.text() == image.location.text();
      if (there && !request.force && there->digest != image.root.descriptor.digest && !is_ours(*destination.store, *there)) {
        throw Error(ErrorKind::refused, fmt::format("{} exists and is not an image that resole made", printable(wanted.location.text())),
                    "choose another tag, or give --force");
      }
      if (own_tag && !request.force) throw Error(ErrorKind::refused, "the destination is the source itself", "choose another tag, or give --force to move it");
      destinations.push_back(std::move(destination));
    });
  }
  return destinations;
}

void publish(const ImageView& image, const PatchedTree& tree, Destination& destination, const Tools& tools) {
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
