// SPDX-License-Identifier: Apache-2.0
// From a descriptor to the images below it. An index may hold what is no image (attestations, artifacts, signatures), other indexes, and
// children that were never copied here (a sparse index): each is told apart, none is dropped in silence.
#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "oci/image.hpp"
#include "oci/manifest_checks.hpp"
#include "oci/store.hpp"

namespace resole::oci {

namespace {

std::string name_of(const Descriptor& descriptor, std::string_view noun) {
  return fmt::format("{} {}", noun, descriptor.digest.short_text());
}

class RootReader {
 public:
  RootReader(Store& store, Families families, Root& out) : store_(store), families_(families), out_(out) {}

  void read_single(const Descriptor& descriptor) {
    Manifest manifest = Manifest::parse(store_.manifest(descriptor), descriptor.media_type, name_of(descriptor, "manifest"), families_);
    if (!is_image(manifest)) {
      throw Error(ErrorKind::input, fmt::format("{}: not an image but an artifact ({})", name_of(descriptor, "manifest"),
                                                printable(manifest.config().media_type)));
    }
    out_.images.push_back(read_image(descriptor, std::move(manifest)));
  }

  // Returns the parsed index; its images and nested indexes go to the root, children before parents.
  Index read_index(const Descriptor& descriptor, std::string bytes, unsigned depth) {
    const std::string what = name_of(descriptor, "index");
    if (depth > kDeepestIndex) throw Error(ErrorKind::input, fmt::format("{}: indexes are nested more than {} deep", what, kDeepestIndex));
    Index index = Index::parse(std::move(bytes), descriptor.media_type, what);
    count_ += index.entries().size();
    if (count_ > kMostIndexEntries)
      throw Error(ErrorKind::input, fmt::format("{}: more than {} manifests in all", what, kMostIndexEntries));
    for (const IndexEntry& entry : index.entries()) read_child(index, entry, depth);
    return index;
  }

 private:
  void read_child(const Index& parent, const IndexEntry& entry, unsigned depth) {
    const Descriptor& child = entry.descriptor;
    const bool nested = media_type::is_index(child.media_type) && !child.digest.empty();
    if (!nested && !entry.runnable) return;
    std::optional<std::string> bytes = fetch(child);
    if (!bytes) return;
    if (nested) {
      Index index = read_index(child, std::move(*bytes), depth + 1);
      const auto same = [&](const NestedIndex& known) { return known.descriptor.digest == child.digest; };
      if (std::none_of(out_.nested.begin(), out_.nested.end(), same)) out_.nested.push_back({child, std::move(index)});
      return;
    }
    Manifest manifest = Manifest::parse(std::move(*bytes), child.media_type, name_of(child, "manifest"), families_);
    if (!is_image(manifest)) return;
    require_family_of(parent, child);
    out_.images.push_back(read_image(child, std::move(manifest)));
  }

  // nullopt when the store does not have it. Asked only after the reading failed, so that a registry is not asked twice for each child. A
  // child that may not be read, or only cannot be read now, is there.
  std::optional<std::string> fetch(const Descriptor& child) {
    try {
      return store_.manifest(child);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::input || store_.has_blob(child)) throw;
    }
    out_.absent.push_back(child);
    return std::nullopt;
  }

  void require_family_of(const Index& parent, const Descriptor& child) const {
    if (families_ == Families::any || media_type::is_docker(parent.type()) == media_type::is_docker(child.media_type)) return;
    throw Error(ErrorKind::input,
                fmt::format("{}: type {} in an index of type {}: Docker and OCI media types are mixed", name_of(child, "manifest"),
                            child.media_type, parent.type()),
                "convert it first: skopeo copy --all --format oci SOURCE DESTINATION");
  }

  // An image config, and layers that can be unpacked. BuildKit's older attestations have an image config over in-toto layers.
  static bool is_image(const Manifest& manifest) {
    if (!media_type::is_config(manifest.config().media_type)) return false;
    const auto is_layer = [](const Descriptor& layer) { return media_type::is_layer(layer.media_type); };
    return manifest.layers().empty() || std::any_of(manifest.layers().begin(), manifest.layers().end(), is_layer);
  }

  Image read_image(const Descriptor& descriptor, Manifest manifest) {
    const std::string what = name_of(descriptor, "manifest");
    for (const Descriptor& layer : manifest.layers()) {
      if (media_type::is_layer(layer.media_type) && !layer.digest.empty()) continue;
      throw Error(ErrorKind::unsupported, fmt::format("{}: a layer of type {} ({}) cannot be read", what, printable(layer.media_type),
                                                      layer.digest.empty() ? printable(layer.foreign_digest) : layer.digest.short_text()));
    }
    const Descriptor& config = manifest.config();
    const std::string config_name = name_of(config, "config");
    if (config.digest.empty()) throw Error(ErrorKind::input, fmt::format("{}: its config is named by an unknown kind of digest", what));
    if (config.size > kConfigLimit) {
      throw Error(ErrorKind::input, fmt::format("{}: its config of {} is too large, more than {} are not read", what, human_size(config.size), human_size(kConfigLimit)),
                  "build the image again with fewer labels and less history");
    }
    std::unique_ptr<Source> source = store_.open_blob(config);
    Config parsed = Config::parse(read_all(*source, kConfigLimit, config_name), config_name);
    if (parsed.diff_ids().size() != manifest.layers().size()) {
      throw Error(ErrorKind::input,
                  fmt::format("{}: {} layers, but the config lists {} diff_ids", what, manifest.layers().size(), parsed.diff_ids().size()),
                  "the image is damaged; it must be built again");
    }
    return {descriptor, std::move(manifest), std::move(parsed)};
  }

  Store& store_;
  Families families_;
  Root& out_;
  std::size_t count_ = 0;
};

}  // namespace

std::vector<Layer> Image::layers() const {
  std::vector<Layer> out;
  for (std::size_t at = 0; at < manifest.layers().size(); ++at) out.push_back({manifest.layers()[at], config.diff_ids().at(at)});
  return out;
}

Platform Image::platform() const {
  Platform out = config.platform();
  if (!descriptor.platform) return out;
  const Platform& entry = *descriptor.platform;
  if (out.variant.empty()) out.variant = entry.variant;
  if (out.os_version.empty()) out.os_version = entry.os_version;
  if (out.os_features.empty()) out.os_features = entry.os_features;
  return out;
}

Root read_root(Store& store, const Descriptor& root, Families families) {
  Root out;
  out.descriptor = root;
  RootReader reader(store, families, out);
  if (!media_type::is_index(root.media_type)) {
    reader.read_single(root);
    return out;
  }
  out.index = reader.read_index(root, store.manifest(root), 0);
  if (!out.images.empty()) return out;
  throw Error(ErrorKind::input,
              fmt::format("{}: {}", name_of(root, "index"),
                          out.absent.empty() ? "no image in it that could run" : "none of its images has been copied here"),
              out.absent.empty() ? "" : "copy them too: skopeo copy --all SOURCE DESTINATION");
}

}  // namespace resole::oci
