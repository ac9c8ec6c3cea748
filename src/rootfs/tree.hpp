// SPDX-License-Identifier: Apache-2.0
// The merged file tree of an image's layers as data: what a container sees, with the layer each object comes from. Immutable.
// Whiteouts and opaque markers hide lower layers only, in any order within a layer; hardlinks are resolved to link sets; a file over a
// directory hides the directory's children; an entry below a symlinked parent lands where the symlink points inside the root (as umoci and
// vfs do).
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rootfs/layer_index.hpp"

namespace resole::rootfs {

// An object of the merged tree. `entry.type` is never hardlink: members of a link set carry the file's own attributes and content hash.
struct Node {
  Entry entry;
  std::uint32_t layer = 0;     // index of the layer it comes from (0 = bottom)
  std::uint32_t link_set = 0;  // 0 = the only name; equal numbers are names of one inode
  bool implicit = false;       // a directory that no layer lists, only something below it: 0755 root:root, as unpackers create it
};

inline bool is_directory(const Node* node) { return node != nullptr && node->entry.type == tar::Type::directory; }

struct Resolved {
  std::string path;            // lexical path of the object, or where it would be created
  const Node* node = nullptr;  // nullptr: does not exist (the parent does, and is a directory, when parent_exists)
  bool parent_exists = false;
};

// Where the bytes of a file stand: a member of a layer's tar, under the name that it has there.
struct Origin {
  std::size_t layer = 0;
  std::string_view path;  // as long as the tree lives
};

class Tree {
 public:
  // Error(input) naming the layer and path: a hardlink without target, an object below a file of its own layer, too many symlinks.
  static Tree merge(std::vector<std::shared_ptr<const LayerIndex>> layers);  // bottom first
  Tree(Tree&&) noexcept;
  Tree& operator=(Tree&&) noexcept;
  ~Tree();

  // The same tree with one more layer on top (a draft that was built); cheap enough for once or twice per image.
  Tree with(std::shared_ptr<const LayerIndex> top) const;
  const std::vector<std::shared_ptr<const LayerIndex>>& layers() const;

  const Node* find(std::string_view path) const;  // lexical: no symlink is followed; "" = root
  // Follows symlinks of the parents (and of the last component when asked) inside the root; absolute targets restart at the root; ".."
  // stops at the root; more than 40 links: Error(input) naming the path.
  Resolved resolve(std::string_view path, bool follow_last) const;
  // Captured bytes of the file at `path` (symlinks followed); nullopt when absent, not a file, or not captured.
  std::optional<std::string_view> content(std::string_view path) const;
  std::optional<Origin> origin(std::string_view path) const;  // lexical path; nullopt for what is no file
  const ElfFacts* elf(std::string_view path) const;                     // lexical path; nullptr when not ELF
  std::vector<std::string> children(std::string_view directory) const;  // names, sorted; lexical path; empty when not a directory
  std::vector<std::string> link_set(std::string_view path) const;       // all names of the inode, sorted; at least itself
  void walk(std::string_view below,
            const std::function<void(const Node&)>& visit) const;  // depth first, names sorted, `below` itself included

  struct State;  // tree_state.hpp

 private:
  explicit Tree(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace resole::rootfs
