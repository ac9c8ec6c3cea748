// SPDX-License-Identifier: Apache-2.0
// Small random trees: few names, so that the same path often has another type in another tree.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "rootfs/layer_draft.hpp"
#include "rootfs/path.hpp"
#include "support/tar_builder.hpp"

namespace resole::test {

// A tree as a map; parents are always directories of the map.
class ModelTree {
 public:
  struct Object {
    tar::Header header;
    std::string content;
    int inode = 0;
  };

  // Does something to the tree that depends on nothing but these numbers.
  void apply(unsigned operation, unsigned place, unsigned variant) {
    static const std::vector<std::string> kPlaces = {"a", "b", "c", "a/a", "a/b", "b/a", "b/c", "c/b", "a/b/a", "a/b/c", "b/c/a", "c/b/b"};
    static const std::vector<std::string> kTargets = {"a", "../b", "/c/b", "none"};
    static const std::vector<std::string> kContents = {"x", "y", "z", ""};
    static const std::vector<std::uint32_t> kModes = {0644, 0600, 04755, 01777};
    const std::string path = kPlaces[place % kPlaces.size()];
    switch (operation % 7) {
      case 0:
        return put_directory(path, kModes[variant % 4] | 0700);
      case 1:
      case 2:
        return put(header_of(path, tar::Type::file, kModes[variant % 4]), kContents[variant / 4 % 4]);
      case 3: {
        tar::Header link = header_of(path, tar::Type::symlink, 0777);
        link.link = kTargets[variant % 4];
        return put(link, "");
      }
      case 4:
        return put_link(path, variant);
      case 5:
        return put(header_of(path, tar::Type::fifo, kModes[variant % 2]), "");
      default:
        return remove(path);
    }
  }

  const std::map<std::string, Object>& objects() const { return objects_; }

  // Sorted, parents first; further names of an inode as hardlinks to the first.
  TarBuilder tar() const {
    TarBuilder tar;
    for_each_entry([&](const tar::Header& header, const std::string& content) { tar.add(header, content); });
    return tar;
  }

  // What leads from `below` to this tree. Everything of this tree is put: leaving out is the draft's work.
  rootfs::LayerDraft draft_over(const ModelTree& below) const {
    rootfs::LayerDraft draft;
    for (const auto& [path, object] : below.objects_) {
      if (!objects_.contains(path)) draft.remove(path);
    }
    for_each_entry([&](const tar::Header& header, const std::string& content) { draft.put(header, Blob::of(content)); });
    return draft;
  }

 private:
  template <class Visit>
  void for_each_entry(Visit&& visit) const {
    std::map<int, std::string> first_names;
    for (const auto& [path, object] : objects_) {
      tar::Header header = object.header;
      const auto [first, fresh] = first_names.try_emplace(object.inode, path);
      if (fresh) {
        visit(header, object.content);
        continue;
      }
      header.type = tar::Type::hardlink;
      header.link = first->second;
      header.size = 0;
      visit(header, std::string());
    }
  }

  static tar::Header header_of(const std::string& path, tar::Type type, std::uint32_t mode) {
    tar::Header header;
    header.path = path;
    header.type = type;
    header.mode = mode;
    header.uid = path.size();
    header.mtime = 1700000000;
    return header;
  }

  void put_directory(const std::string& path, std::uint32_t mode) {
    const auto found = objects_.find(path);
    if (found == objects_.end() || found->second.header.type != tar::Type::directory) remove(path);
    make_parents(path);
    objects_.insert_or_assign(path, Object{header_of(path, tar::Type::directory, mode), "", ++last_inode_});
  }

  void put(tar::Header header, const std::string& content) {
    const std::string path = header.path;
    remove(path);
    make_parents(path);
    header.size = content.size();
    objects_.insert_or_assign(path, Object{std::move(header), content, ++last_inode_});
  }

  void put_link(const std::string& path, unsigned variant) {
    remove(path);
    make_parents(path);
    std::vector<const Object*> targets;
    for (const auto& [name, object] : objects_) {
      if (object.header.type == tar::Type::file) targets.push_back(&object);
    }
    if (targets.empty()) return;
    Object name = *targets[variant % targets.size()];
    name.header.path = path;
    objects_.insert_or_assign(path, std::move(name));
  }

  void make_parents(const std::string& path) {
    const std::string parent(rootfs::parent_of(path));
    if (parent.empty()) return;
    make_parents(parent);
    const auto found = objects_.find(parent);
    if (found == objects_.end() || found->second.header.type != tar::Type::directory) put_directory(parent, 0755);
  }

  void remove(const std::string& path) {
    std::erase_if(objects_, [&](const auto& object) { return object.first == path || object.first.starts_with(path + "/"); });
  }

  std::map<std::string, Object> objects_;
  int last_inode_ = 0;
};

}  // namespace resole::test
