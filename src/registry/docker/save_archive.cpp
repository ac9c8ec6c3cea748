// SPDX-License-Identifier: Apache-2.0
//   manifest.json        [{"Config":"<hex>.json","RepoTags":["docker.io/library/app:1"],"Layers":["<diff_id hex>.tar", ...]}]
//   repositories         for readers older than manifest.json
//   <config hex>.json    the config's bytes
//   <diff_id hex>.tar    each layer, expanded: docker hashes what it finds and compares it with the diff_id, podman names layers that way
//
// A tar header says how long its member is, so a compressed layer is expanded into a spool first, which proves it too.
#include "registry/docker/save_archive.hpp"

#include <fmt/format.h>

#include "archive/compression.hpp"
#include "archive/tar.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "registry/docker/saved_list.hpp"

namespace resole::registry {

namespace {

std::string layer_member(const Digest& diff_id) { return std::string(diff_id.hex()) + ".tar"; }
std::string config_member(const std::string& bytes) { return std::string(Digest::of(bytes).hex()) + ".json"; }

tar::Header file_header(std::string path, std::uint64_t size) {
  tar::Header header;
  header.path = std::move(path);
  header.mode = 0644;
  header.size = size;
  return header;
}

bool is_plain(const LayerToSave& layer) {
  const std::unique_ptr<Source> source = layer.open();
  char head[8];
  std::size_t count = 0;
  while (const std::size_t more = source->read(head + count, sizeof head - count)) count += more;
  return archive::detect({head, count}) == archive::Compression::none;
}

// Returns the size of the member.
std::uint64_t add_layer(tar::Writer& writer, const LayerToSave& layer, const SpoolFactory& scratch) {
  const std::string name = layer_member(layer.diff_id), what = fmt::format("layer with diff_id {}", layer.diff_id.text());
  if (is_plain(layer)) {
    writer.add(file_header(name, layer.size), *verified(layer.open(), static_cast<std::int64_t>(layer.size), layer.diff_id, what));
    return layer.size;
  }
  const std::unique_ptr<Spool> plain = scratch();
  const std::uint64_t size = copy_all(*verified(archive::decompress(layer.open()), -1, layer.diff_id, what), *plain);
  writer.add(file_header(name, size), *plain->open());
  return size;
}

SavedEntry entry_of(const ImageToSave& image) {
  SavedEntry out{.config = config_member(image.config), .tags = image.tags, .layers = {}, .sources = {}};
  for (const LayerToSave& layer : image.layers) out.layers.push_back(layer_member(layer.diff_id));
  return out;
}

[[noreturn]] void refuse_platforms(const oci::Root& root) {
  std::string platforms;
  for (const oci::Image& image : root.images) platforms += (platforms.empty() ? "" : ", ") + image.platform().text();
  throw Error(ErrorKind::unsupported,
              fmt::format("docker archives and engines hold images of one platform, this one has {}", printable(platforms)),
              "take one platform's image by its digest (NAME@sha256:...) as the source, or write to oci-archive:FILE, which holds all");
}

}  // namespace

ImageToSave image_to_save(oci::Store& store, const oci::Descriptor& descriptor) {
  const oci::Root root = oci::read_root(store, descriptor, oci::Families::any);
  if (root.images.size() != 1) refuse_platforms(root);
  const oci::Image& image = root.images.front();
  ImageToSave out{.config = image.config.bytes(), .tags = {}, .layers = {}};
  for (const oci::Layer& layer : image.layers()) {
    if (oci::media_type::is_nondistributable(layer.descriptor.media_type) && !store.has_blob(layer.descriptor)) {
      throw Error(ErrorKind::unsupported,
                  fmt::format("layer {} may only be fetched from its vendor, but a docker archive must hold every layer",
                              layer.descriptor.digest.short_text()),
                  "write to oci: or oci-archive:, which can name such layers");
    }
    out.layers.push_back({layer.diff_id, layer.descriptor.size, [&store, blob = layer.descriptor] { return store.open_blob(blob); }});
  }
  return out;
}

std::map<Digest, std::uint64_t> write_saved(const std::vector<ImageToSave>& images, const std::set<Digest>& known,
                                            const SpoolFactory& scratch, Sink& sink) {
  std::vector<SavedEntry> entries;
  std::map<std::string, const std::string*> configs;
  std::map<Digest, const LayerToSave*> layers;
  for (const ImageToSave& image : images) {
    entries.push_back(entry_of(image));
    configs.emplace(entries.back().config, &image.config);
    for (const LayerToSave& layer : image.layers) {
      if (!known.contains(layer.diff_id)) layers.emplace(layer.diff_id, &layer);
    }
  }
  tar::Writer writer(sink);
  const std::string list = write_saved_list(entries), repositories = write_repositories(entries);
  writer.add(file_header("manifest.json", list.size()), list);
  writer.add(file_header("repositories", repositories.size()), repositories);
  for (const auto& [name, bytes] : configs) writer.add(file_header(name, bytes->size()), *bytes);
  std::map<Digest, std::uint64_t> sizes;
  for (const auto& [diff_id, layer] : layers) sizes[diff_id] = add_layer(writer, *layer, scratch);
  writer.finish();
  return sizes;
}

}  // namespace resole::registry
