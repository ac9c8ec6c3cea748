// SPDX-License-Identifier: Apache-2.0
// A layer in the making over a tree: puts and removals, written as one deterministic tar that every unpacker reads alike (field/oci.md section 4, 6):
// whiteouts first, then every directory once with its whole chain of parents (real attributes of the tree below), then files, symlinks, link sets.
#pragma once
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "archive/tar.hpp"
#include "rootfs/tree.hpp"

namespace resole::rootfs {


class LayerDraft {
 public:
  // `header.path` is the final lexical path (symlinked parents already resolved). A later put of the same path replaces the earlier; put after remove replaces.
  void put(tar::Header header, Blob content = {});
  void remove(std::string path);  // whiteout; dropped silently when nothing is there below
  bool empty() const { return puts_.empty() && removals_.empty(); }
  bool contains(std::string_view path) const;
  const std::map<std::string, std::pair<tar::Header, Blob>>& puts() const { return puts_; }
  const std::set<std::string>& removals() const { return removals_; }

  // Writes the tar without the end-of-archive blocks when `finish` is false. Puts that equal the tree below in content, mode, owner, xattrs are left out
  // (keeping link sets whole: a set is written completely or not at all). Directories of `puts` are merged with the parents they need.
  // `marker_mtime` dates whiteouts. Error(internal) for a path whose parent is not a directory afterwards.
  // Returns the entries written (captured bytes and ELF facts by the same rules as index_layer).
  LayerIndex write(const Tree& below, std::int64_t marker_mtime, Sink& sink, bool finish = true) const;

 private:
  std::map<std::string, std::pair<tar::Header, Blob>> puts_;
  std::set<std::string> removals_;
};

// Header of a directory as it stands in the tree (for parent chains).
tar::Header header_of(const Node& node);
// Is a file with this header and content hash the same as the node (type, mode, owner, xattrs, content or target or device)? mtime does not count.
bool same_object(const Node& node, const tar::Header& header, const Sha256& sha256);

}  // namespace resole::rootfs
