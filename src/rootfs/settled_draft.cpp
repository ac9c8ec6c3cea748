// SPDX-License-Identifier: Apache-2.0
// From a draft to the smallest layer that has its effect in every unpacker (podman overlay and vfs, umoci; image-spec
// #1221, moby #5632, buildah #6297).
//
// Left out is what the tree below already has: a file equal in content, mode, owner and xattrs keeps its old mtime, and with it compiled
// Python stays valid. Link sets are one thing: if one name differs, or if the names are not exactly those that are linked below, the whole
// set is written.
//
// A whiteout hides a whole directory, so a removed directory in which something is put again is not hidden but emptied, child by child:
//   below: d/a d/b d/c    removed: d    put: d/b    written: d/.wh.a d/.wh.c d/ d/b
// Another type at the same path needs no whiteout, the entry alone replaces what was there with everything in it.
#include "rootfs/settled_draft.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "rootfs/path.hpp"

namespace resole::rootfs {
namespace {

constexpr int kMostHops = 1000;  // from a hardlink over other hardlinks to its content

class Settler {
 public:
  Settler(const LayerDraft& draft, const Tree& below, std::int64_t marker_mtime)
      : draft_(draft), below_(below), marker_mtime_(marker_mtime) {}

  SettledDraft run() {
    check_parents();
    group_links();
    for (const auto& [path, put] : draft_.puts()) {
      if (put.first.type == tar::Type::directory && (draft_.is_kept(path) || !is_same(path, path))) add_directory(path, put.first);
    }
    for (const auto& [root, names] : link_sets_) {
      if (!is_same_set(root, names)) add_set(root, names);
    }
    for (const std::string& path : draft_.removals()) {
      if (!is_replaced_above(path)) hide(path);
    }
    std::sort(out_.whiteouts.begin(), out_.whiteouts.end());
    return std::move(out_);
  }

 private:
  using Put = std::pair<tar::Header, Blob>;

  const Put* put_at(std::string_view path) const {
    const auto found = draft_.puts().find(std::string(path));
    return found == draft_.puts().end() ? nullptr : &found->second;
  }

  bool has_put_below(const std::string& path) const {
    const auto next = draft_.puts().lower_bound(path + "/");
    return next != draft_.puts().end() && next->first.starts_with(path + "/");
  }

  // Nothing may lie below what the draft makes a file, whether it has to be written or not.
  void check_parents() const {
    std::string checked;
    for (const auto& [path, put] : draft_.puts()) {
      const std::string_view parent = parent_of(path);
      if (parent == checked) continue;
      for (std::string_view above = parent; !above.empty(); above = parent_of(above)) {
        const Put* found = put_at(above);
        if (found != nullptr && found->first.type != tar::Type::directory) refuse_parent(path, above);
      }
      checked = parent;
    }
  }

  [[noreturn]] static void refuse_parent(std::string_view path, std::string_view parent) {
    throw Error(ErrorKind::input,
                fmt::format("/{}: would be written below /{}, which is not a directory", printable(path), printable(parent)),
                "the image, or a package, has something else there: make it a directory, or a link to one that is there");
  }

  // ---- link sets

  // The path of the put that holds the attributes and content of a name.
  std::string root_of(const std::string& path) const {
    std::string at = path;
    for (int hops = 0; hops < kMostHops; ++hops) {
      const Put* put = put_at(at);
      if (put == nullptr || put->first.type == tar::Type::directory) break;
      if (put->first.type != tar::Type::hardlink) return at;
      at = put->first.link;
    }
    throw Error(ErrorKind::internal,
                fmt::format("{}: is a hardlink to {}, which the layer does not hold as a file", printable(path), printable(at)));
  }

  void group_links() {
    for (const auto& [path, put] : draft_.puts()) {
      if (put.first.type != tar::Type::directory) link_sets_[root_of(path)].push_back(path);
    }
  }

  // Does the tree below have at `path` what the draft puts at `root`?
  bool is_same(std::string_view path, std::string_view root) {
    const Node* node = below_.find(path);
    if (node == nullptr) return false;
    const auto& [header, content] = *put_at(root);
    if (header.type != tar::Type::file) return same_object(*node, header, {});
    if (node->entry.type != tar::Type::file || node->entry.size != content.size()) return false;
    // Everything but the content first: hashing is what costs.
    if (!same_object(*node, header, node->entry.sha256)) return false;
    const auto [hash, fresh] = hashes_.try_emplace(std::string(root));
    if (fresh) hash->second = sha256_of(content.bytes());
    return node->entry.sha256 == hash->second;
  }

  bool is_same_set(const std::string& root, const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      if (!is_same(name, root)) return false;
    }
    const std::vector<std::string> linked = below_.link_set(names.front());
    for (const std::string& name : names) {
      if (!std::binary_search(linked.begin(), linked.end(), name)) return false;
    }
    return std::all_of(linked.begin(), linked.end(),
                       [&](const std::string& name) { return std::binary_search(names.begin(), names.end(), name) || will_be_gone(name); });
  }

  // Is the object below at this path, which is no directory, removed or replaced by another one?
  bool will_be_gone(const std::string& path) {
    if (const Put* put = put_at(path)) return put->first.type == tar::Type::directory || !is_same(path, root_of(path));
    for (std::string_view at = path; !at.empty(); at = parent_of(at)) {
      if (draft_.removals().contains(std::string(at))) return true;
      const Put* put = at == path ? nullptr : put_at(at);
      if (put != nullptr && put->first.type != tar::Type::directory) return true;
    }
    return false;
  }

  void add_set(const std::string& root, const std::vector<std::string>& names) {
    const auto& [header, content] = *put_at(root);
    for (const std::string& name : names) {
      // Further names repeat owner, mode and xattrs: some unpackers apply them again, and a chown drops capabilities that are not set after
      // it.
      SettledDraft::Object object{.header = header};
      object.header.path = name;
      if (name == names.front()) {
        object.content = header.type == tar::Type::file ? &content : nullptr;
      } else {
        object.header.type = tar::Type::hardlink;
        object.header.link = names.front();
        object.header.size = 0;
      }
      out_.objects.emplace(name, std::move(object));
      add_parents(name);
    }
  }

  // ---- directories

  void add_directory(const std::string& path, const tar::Header& header) {
    out_.directories.insert_or_assign(path, header);
    add_parents(path);
  }

  // Without its parents in the layer, overlay stores would give an object new ones, 0755 root:root. The root itself is always there.
  void add_parents(std::string_view path) {
    for (std::string parent(parent_of(path)); !parent.empty(); parent.resize(parent_of(parent).size())) {
      if (out_.directories.contains(parent)) return;
      out_.directories.emplace(parent, directory_header(parent, path));
    }
  }

  // A parent that is nowhere (var/lib/dpkg/info of an image that cleaned up): as mkdir -p makes it, and dpkg what it misses.
  tar::Header new_directory(std::string_view path) const {
    tar::Header header;
    header.path = path;
    header.type = tar::Type::directory;
    header.mode = 0755;
    header.mtime = marker_mtime_;
    return header;
  }

  tar::Header directory_header(std::string_view path, std::string_view child) {
    const Put* put = put_at(path);
    const Node* node = below_.find(path);
    const bool stays = is_directory(node) && (put == nullptr || is_same(path, path));
    if (!stays) {
      if (put != nullptr && put->first.type == tar::Type::directory) return put->first;
      if (put != nullptr || node != nullptr) refuse_parent(child, path);
      return new_directory(path);
    }
    tar::Header header = header_of(*node);
    if (node->implicit) header.mtime = marker_mtime_;
    return header;
  }

  // ---- removals

  // Is there nothing to hide because a parent becomes a file, or is hidden itself?
  bool is_replaced_above(std::string_view path) const {
    for (std::string_view parent = parent_of(path); !parent.empty(); parent = parent_of(parent)) {
      const Put* put = put_at(parent);
      if (put != nullptr && put->first.type != tar::Type::directory) return true;
      if (draft_.removals().contains(std::string(parent))) return true;
    }
    return false;
  }

  void hide(const std::string& path) {
    const Node* node = below_.find(path);
    if (node == nullptr) return;
    const Put* put = put_at(path);
    if (put != nullptr && put->first.type != tar::Type::directory) return;
    if (put != nullptr || has_put_below(path)) {
      for (const std::string& child : below_.children(path)) hide(join_path(path, child));
      return;
    }
    out_.whiteouts.push_back(path);
    add_parents(path);
  }

  const LayerDraft& draft_;
  const Tree& below_;
  const std::int64_t marker_mtime_;
  std::map<std::string, std::vector<std::string>> link_sets_;  // root -> all its names, sorted; alone for a file with one name
  std::map<std::string, Sha256> hashes_;                       // of contents that were compared
  SettledDraft out_;
};

}  // namespace

SettledDraft settle(const LayerDraft& draft, const Tree& below, std::int64_t marker_mtime) {
  return Settler(draft, below, marker_mtime).run();
}

}  // namespace resole::rootfs
