// SPDX-License-Identifier: Apache-2.0
// An image as the way sees it: per platform the merged tree, the system it is, its packages, and which top layers are our own of an earlier run.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "oci/image.hpp"
#include "patch/base.hpp"
#include "patch/lineage.hpp"
#include "patch/tools.hpp"
#include "pkg/family.hpp"
#include "rootfs/tree.hpp"

namespace resole::patch {

struct PlatformView {
  oci::Image image;
  std::optional<Lineage> lineage;        // of an image that we patched
  std::size_t own_layers = 0;            // top layers that are ours, proven by diff_id
  std::size_t merge_layers = 0;          // 1: right below them lies the merge of an earlier rebase, which belongs to what is patched
  rootfs::Tree given;                    // all layers
  rootfs::Tree original;                 // without our own; the same as `given` for an image never patched
  pkg::OsRelease os;
  const pkg::Family* family = nullptr;   // nullptr: no package database that we know
  pkg::Inventory inventory;              // of the original
  pkg::Inventory given_inventory;        // of the image as given (the floor)
};

// What the upgrade stands on: the image without our own layers of an earlier run, or all of it when those stay.
struct Ground {
  const rootfs::Tree& tree;
  const pkg::Inventory& inventory;
};
inline Ground ground_of(const PlatformView& view, std::size_t stripped_layers) {
  return stripped_layers == 0 ? Ground{view.given, view.given_inventory} : Ground{view.original, view.inventory};
}

struct ImageView {
  oci::Location location;
  std::unique_ptr<oci::Store> store;
  oci::Root root;
  std::vector<PlatformView> platforms;   // those that were asked for, in the index's order
  std::vector<std::size_t> positions;    // of each in root.images
  std::vector<BaseFinding> bases = {};   // of each; empty as long as nobody looked for them (find_bases)
};

bool is_linux(const oci::Image& image);
pkg::OsRelease read_os_release(const rootfs::Tree& tree);
// Their indexes, from the cache or by reading each once, in parallel.
std::vector<std::shared_ptr<const rootfs::LayerIndex>> load_layers(const std::vector<oci::Layer>& layers, oci::Store& store, const Tools& tools);

// Manifests and configs; `platforms` of the view stays empty until its layers are read.
// `platforms` empty = all for Linux (of an image that has none: all there are). Error(input) when the image or a wanted platform is not there.
ImageView open_image(const oci::Location& location, const std::vector<oci::Platform>& platforms, const Tools& tools);
// The layers whose index is not known yet, and what follows from all of them. Nothing when that was done.
void read_layers(ImageView& image, const Tools& tools);
// Both.
ImageView look(const oci::Location& location, const std::vector<oci::Platform>& platforms, const Tools& tools);

}  // namespace resole::patch
