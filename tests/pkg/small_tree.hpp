// SPDX-License-Identifier: Apache-2.0
// One-layer trees from a few files.
#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/bytes.hpp"
#include "rootfs/tree.hpp"
#include "support/tar_builder.hpp"

namespace resole::test {

inline rootfs::Tree tree_of_layer(const TarBuilder& tar) {
  const std::string bytes = tar.bytes();
  const auto source = source_of(std::string_view(bytes));
  std::vector<std::shared_ptr<const rootfs::LayerIndex>> layers;
  layers.push_back(std::make_shared<const rootfs::LayerIndex>(rootfs::index_layer(*source, Digest::of(bytes))));
  return rootfs::Tree::merge(std::move(layers));
}

// Path -> content; parents are added. Content "-> TARGET" makes a symlink, a path that ends in '/' a directory.
inline rootfs::Tree tree_of(const std::map<std::string, std::string>& files) {
  TarBuilder tar;
  std::set<std::string> directories;
  const auto add_parents = [&](const std::string& path) {
    for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
      const std::string parent = path.substr(0, slash);
      const auto link = files.find(parent);
      const bool is_link = link != files.end() && link->second.starts_with("-> ");
      if (!is_link && directories.insert(parent).second) tar.dir(parent);
    }
  };
  for (const auto& [path, content] : files) {
    add_parents(path);
    if (path.ends_with('/')) continue;
    if (content.starts_with("-> "))
      tar.symlink(path, content.substr(3));
    else
      tar.file(path, content);
  }
  return tree_of_layer(tar);
}

}  // namespace resole::test
