// SPDX-License-Identifier: Apache-2.0
#include "patch/publishing.hpp"

#include <filesystem>

#include "base/error.hpp"
#include "base/text.hpp"
#include "registry/stores.hpp"

namespace resole::patch {

namespace {

bool keeps_manifests(const oci::Location& location) {
  return location.transport != oci::Transport::docker_archive && location.transport != oci::Transport::docker_daemon;
}

// Ours: our layers are still its top ones. A label alone says little, since whatever is built on a patched image inherits it.
bool is_ours(const oci::Root& root) {
  return std::any_of(root.images.begin(), root.images.end(), [](const oci::Image& image) {
    const auto lineage = read_lineage(image.config.labels());
    return lineage && is_unchanged_since(image, *lineage);
  });
}

// What is there, as far as it can be read: an image that lost a part is no reason to stop before it is known that it is the very one that will be written.
void look_at(Destination& destination, const oci::Descriptor& there) {
  destination.before = there.digest;
  try {
    const oci::Root root = oci::read_root(*destination.store, there, oci::Families::any);
    destination.may_be_moved = is_ours(root);
    if (root.images.size() == 1) destination.config = root.images.front().manifest.config().digest;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::input && error.kind() != ErrorKind::verification) throw;
    destination.may_be_moved = false;
    destination.unreadable = error;
  }
}

// A registry may refuse to show what it takes: one that blocks images with known holes answers 403 or 412 for them, and it is those that we replace.
std::optional<oci::Descriptor> what_is_at(Destination& destination, const BuildRequest& request, const Tools& tools) {
  try {
    return destination.store->resolve();
  } catch (const Error& error) {
    if (!request.force) throw;
    destination.unasked = true;
    tools.reporter.warn(fmt::format("what is at {} cannot be seen, and is replaced (--force): {}", printable(destination.request.location.text()), error.message()));
    return std::nullopt;
  }
}

[[noreturn]] void throw_not_ours(const Destination& destination) {
  throw Error(ErrorKind::refused, fmt::format("{} exists and is not an image that resole made", printable(destination.request.location.text())),
              "choose another tag, or give --force");
}

void require_room(const ImageView& image, const oci::Location& location) {
  if (keeps_manifests(location) || image.root.images.size() <= 1) return;
  throw Error(ErrorKind::unsupported,
              fmt::format("docker archives and engines hold images of one platform, this one has {}", image.root.images.size()),
              "take one platform's image by its digest (NAME@sha256:...) as the source, or write to oci-archive:FILE, which holds all");
}

// However it is spelt: another path to the same file or directory, a name left out where only one image stands.
bool is_same_place(const oci::Location& a, const oci::Location& b) {
  if (a.transport != b.transport) return false;
  if (a.reference && b.reference) return a.reference->name() == b.reference->name() && a.reference->tag == b.reference->tag;
  return std::filesystem::weakly_canonical(a.path) == std::filesystem::weakly_canonical(b.path) && (a.tag == b.tag || a.tag.empty());
}

}  // namespace

std::vector<Destination> open_destinations(const ImageView& image, const BuildRequest& request, bool changes, const Tools& tools) {
  std::vector<Destination> destinations;
  for (const auto& wanted : request.destinations) {
    with_context([&] { return "opening destination " + printable(wanted.location.text()); }, [&] {
      require_room(image, wanted.location);
      Destination destination{.request = wanted, .store = tools.open_for_writing(wanted.location), .before = {}, .config = {}, .unreadable = {}, .may_be_moved = true};
      const auto there = what_is_at(destination, request, tools);
      if (there) look_at(destination, *there);
      const bool own_tag = there && there->digest == image.root.descriptor.digest && is_same_place(image.location, wanted.location);
      if (own_tag && !request.force) throw Error(ErrorKind::refused, "the destination is the source itself", "choose another tag, or give --force to move it");
      destination.may_be_moved = destination.may_be_moved || request.force;
      // A copy of the source, left by a run that had nothing to change, may become a patched one only with --force, and is said at the end.
      const bool copy = there && there->digest == image.root.descriptor.digest;
      if (changes && !destination.unreadable && !destination.may_be_moved && !copy) throw_not_ours(destination);
      destinations.push_back(std::move(destination));
    });
  }
  return destinations;
}

bool means(const Destination& destination, const document::Result& result) {
  if (!destination.before) return false;
  if (keeps_manifests(destination.request.location)) return destination.before == result.patched.digest;
  return result.platforms.size() == 1 && !destination.config.empty() && destination.config == result.platforms.front().config;
}

void require_own(const Destination& destination, const document::Result& result) {
  if (destination.may_be_moved || means(destination, result)) return;
  if (destination.unreadable) throw Error(*destination.unreadable);
  throw_not_ours(destination);
}

void publish(const ImageView& image, const Made& made, Destination& destination, const Tools& tools) {
  const PatchedTree& tree = made.tree;
  const bool by_config = !keeps_manifests(destination.request.location);
  if (by_config && means(destination, made.result)) return;  // such a place has every layer of what it names
  std::map<Digest, std::string_view> ours;
  for (const auto& manifest : tree.manifests) ours.emplace(manifest.descriptor.digest, manifest.bytes);
  with_context([&] { return "writing " + printable(destination.request.location.text()); }, [&] {
    Phase phase(tools.reporter, "writing " + printable(destination.request.location.text()));
    oci::Store& to = *destination.store;
    if (means(destination, made.result) && registry::is_complete(*image.store, to, tree.root, tools.reporter, tools.jobs, ours)) return;
    for (const auto& blob : tree.blobs) {
      if (!to.has_blob(blob.descriptor)) to.put_blob(blob.descriptor, opener_of(blob.bytes.bytes()));
    }
    registry::copy_tree(*image.store, to, tree.root, tools.reporter, tools.jobs, ours, tree.elsewhere());
    to.publish({.root = tree.root, .tag = destination.request.location.tag, .expected = destination.before, .force = destination.unasked});
  });
}

}  // namespace resole::patch
