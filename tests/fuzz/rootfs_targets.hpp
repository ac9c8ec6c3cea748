// SPDX-License-Identifier: Apache-2.0
// Layers as they come (tars, ELF files in them) and layer indexes as they are kept.
#pragma once
#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/targets.hpp"
#include "rootfs/elf_window.hpp"
#include "rootfs/index_format.hpp"
#include "rootfs/layer_index.hpp"
#include "rootfs/tree.hpp"

namespace resole::fuzz {

inline void elf(std::string_view bytes) {
  const auto facts = rootfs::elf_facts(bytes);
  // In one piece or in several, as a tar's reader hands it over.
  for (const std::size_t step : {std::size_t{7}, std::size_t{512}}) {
    rootfs::ElfWindow window;
    window.begin(bytes.size());
    for (std::size_t at = 0; at < bytes.size(); at += step) window.update(bytes.substr(at, step));
    require(window.finish() == facts, "read in pieces it differs");
  }
  if (!facts) return;
  require((facts->bits == 32 || facts->bits == 64) && (facts->type == 2 || facts->type == 3), "class and type");
  std::size_t total = 0;
  for (const std::string& name : facts->needed) {
    require(!name.empty() && name.find('\0') == std::string::npos, "a name");
    total += name.size();
  }
  require(total <= 64u << 10, "more names than a file may have");
}

inline void check_tree(std::shared_ptr<const rootfs::LayerIndex> index) {
  tolerate([&] {
    const auto tree = rootfs::Tree::merge({std::move(index)});
    tree.walk("", [&](const rootfs::Node& node) {
      require(node.entry.type != tar::Type::hardlink && !node.entry.whiteout && !node.entry.opaque, "a node that is no object");
      require(tree.find(node.entry.path) == &node, "a node that is not found by its path");
    });
  });
}

inline void layer(std::string_view bytes) {
  tolerate([&] {
    const auto source = source_of(bytes);
    const rootfs::IndexLimits limits{.entries = 1000, .captured_file = 1 << 16, .captured_total = 1 << 20, .described = 1 << 20};
    const rootfs::LayerIndex index = rootfs::index_layer(*source, {}, limits);
    require(index.diff_id == Digest::of(bytes), "diff_id");
    std::set<std::string_view> objects, files;
    for (const rootfs::Entry& entry : index.entries) {
      require(entry.path == tar::clean_path(entry.path) && tar::is_safe_path(entry.path), "path");
      if (entry.whiteout || entry.opaque) continue;
      require(objects.insert(entry.path).second, "two objects of one path");
      if (entry.type != tar::Type::file) continue;
      files.insert(entry.path);
      const auto content = index.captured.find(entry.path);
      require((content != index.captured.end()) == rootfs::is_captured(entry.path, entry.size), "captured or not");
      if (content == index.captured.end()) continue;
      require(content->second.size() == entry.size && sha256_of(content->second) == entry.sha256, "captured bytes");
    }
    for (const auto& [path, content] : index.captured) require(files.contains(path), "captured bytes of no file");
    for (const auto& [path, facts] : index.elf) require(files.contains(path), "ELF facts of no file");
    const auto kept = rootfs::parse_layer_index(rootfs::serialise(index));
    require(kept && rootfs::encode_index(*kept) == rootfs::encode_index(index), "kept and read again it differs");
    check_tree(std::make_shared<const rootfs::LayerIndex>(index));
  });
}

// With its envelope, where any damage reads as absent, and the form inside.
inline void layer_index(std::string_view bytes) {
  if (const auto read = rootfs::parse_layer_index(bytes)) require(rootfs::parse_layer_index(rootfs::serialise(*read)).has_value(), "kept");
  const auto inner = rootfs::decode_index(bytes);
  if (!inner) return;
  const std::string written = rootfs::encode_index(*inner);
  const auto again = rootfs::decode_index(written);
  require(again && rootfs::encode_index(*again) == written, "written and read again it differs");
}

}  // namespace resole::fuzz
