// SPDX-License-Identifier: Apache-2.0
#include "patch/view.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::patch {

namespace {

using IndexPointer = std::shared_ptr<const rootfs::LayerIndex>;

// Unless platforms are named: all that a package family may know. The layers of others (Windows) are big, and their vendor's are often not in the registry.
std::vector<std::size_t> wanted_positions(const oci::Root& root, const std::vector<oci::Platform>& platforms) {
  const auto positions_of = [&](const auto& is_wanted) {
    std::vector<std::size_t> positions;
    for (std::size_t i = 0; i < root.images.size(); ++i) {
      if (is_wanted(root.images[i])) positions.push_back(i);
    }
    return positions;
  };
  std::vector<std::size_t> positions = positions_of([&](const oci::Image& image) {
    const oci::Platform have = image.platform();
    return platforms.empty() ? is_linux(image) : std::any_of(platforms.begin(), platforms.end(), [&](const auto& p) { return have.matches(p); });
  });
  if (positions.empty() && platforms.empty()) positions = positions_of([](const oci::Image&) { return true; });
  if (!positions.empty()) return positions;
  std::vector<std::string> there;
  for (const auto& image : root.images) there.push_back(image.platform().text());
  throw Error(ErrorKind::input, "the image has no such platform", "it has: " + join(there, ", "));
}

// Every layer of every wanted platform once, in parallel; shared layers are read once.
std::map<Digest, IndexPointer> load_indexes(const oci::Root& root, const std::vector<std::size_t>& positions, oci::Store& store, const Tools& tools) {
  std::vector<oci::Layer> layers;
  std::map<Digest, IndexPointer> indexes;
  for (const std::size_t position : positions) {
    for (const auto& layer : root.images[position].layers()) {
      if (indexes.emplace(layer.diff_id, nullptr).second) layers.push_back(layer);
    }
  }
  auto loaded = load_layers(layers, store, tools);
  for (std::size_t i = 0; i < layers.size(); ++i) indexes[layers[i].diff_id] = std::move(loaded[i]);
  return indexes;
}

PlatformView view_platform(const oci::Image& image, const std::map<Digest, IndexPointer>& indexes) {
  std::vector<IndexPointer> layers;
  for (const auto& layer : image.layers()) layers.push_back(indexes.at(layer.diff_id));

  auto lineage = read_lineage(image.config.labels());
  const std::size_t own = lineage ? own_layers(image, *lineage) : 0;
  const std::size_t merged = lineage ? merge_layers(image, *lineage, own) : 0;
  std::vector<IndexPointer> original_layers(layers.begin(), layers.end() - static_cast<std::ptrdiff_t>(own));

  PlatformView view{.image = image,
                    .lineage = std::move(lineage),
                    .own_layers = own,
                    .merge_layers = merged,
                    .given = rootfs::Tree::merge(layers),
                    .original = rootfs::Tree::merge(std::move(original_layers)),
                    .os = {},
                    .family = nullptr,
                    .inventory = {},
                    .given_inventory = {}};
  view.os = read_os_release(view.given);
  view.family = pkg::detect_family(view.original);
  if (view.family) {
    view.inventory = view.family->inventory(view.original, view.os, image.platform());
    view.given_inventory = own == 0 ? view.inventory : view.family->inventory(view.given, view.os, image.platform());
  }
  return view;
}

std::string hint_for_absent(const oci::Location& location) {
  if (location.transport != oci::Transport::docker) return "check the directory and the tag behind the last ':'";
  return fmt::format("check the name and the tag; an image that only the local docker engine has is docker-daemon:{}", location.reference->text());
}

}  // namespace

std::vector<IndexPointer> load_layers(const std::vector<oci::Layer>& layers, oci::Store& store, const Tools& tools) {
  Phase phase(tools.reporter, "reading layers");
  std::vector<IndexPointer> loaded(layers.size());
  parallel_for(layers.size(), tools.jobs, [&](std::size_t i) {
    loaded[i] = with_context([&] { return "reading layer " + layers[i].diff_id.short_text(); },
                             [&] { return rootfs::load_layer_index(store, layers[i].descriptor, layers[i].diff_id, tools.cache); });
  });
  return loaded;
}

pkg::OsRelease read_os_release(const rootfs::Tree& tree) {
  for (const char* path : {"etc/os-release", "usr/lib/os-release"}) {
    const auto text = tree.content(path);
    if (!text) continue;
    if (auto os = pkg::OsRelease::parse(*text)) return *os;
  }
  return {};
}

bool is_linux(const oci::Image& image) {
  const std::string os = image.platform().os;
  return os.empty() || os == "linux";
}

ImageView open_image(const oci::Location& location, const std::vector<oci::Platform>& platforms, const Tools& tools) {
  return with_context([&] { return "reading image " + printable(location.text()); },
                      [&] {
                        ImageView view{.location = location, .store = tools.open_for_reading(location), .root = {}, .platforms = {}, .positions = {}, .bases = {}};
                        const auto root = view.store->resolve();
                        if (!root) throw Error(ErrorKind::input, "no such image", hint_for_absent(location));
                        view.root = oci::read_root(*view.store, *root);
                        view.positions = wanted_positions(view.root, platforms);
                        return view;
                      });
}

void read_layers(ImageView& view, const Tools& tools) {
  if (!view.platforms.empty()) return;
  with_context([&] { return "reading image " + printable(view.location.text()); },
               [&] {
                 const auto indexes = load_indexes(view.root, view.positions, *view.store, tools);
                 Phase phase(tools.reporter, "merging layers");
                 for (const std::size_t position : view.positions) {
                   const oci::Image& image = view.root.images[position];
                   view.platforms.push_back(
                       with_context([&] { return "platform " + image.platform().text(); }, [&] { return view_platform(image, indexes); }));
                 }
               });
}

ImageView look(const oci::Location& location, const std::vector<oci::Platform>& platforms, const Tools& tools) {
  ImageView view = open_image(location, platforms, tools);
  read_layers(view, tools);
  return view;
}

}  // namespace resole::patch
