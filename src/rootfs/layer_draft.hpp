// SPDX-License-Identifier: Apache-2.0
// A layer in the making over a tree: puts and removals, written as one deterministic tar that every unpacker reads alike: whiteouts first, then
// every directory once with its whole chain of parents (real attributes of the tree below), then files, symlinks, link sets.
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
  // `header.path` is the final lexical path (symlinked parents already resolved). A later put of the same path replaces the earlier, and a
  // remove: a directory that is put again keeps what the tree below has in it. The size is that of the content. Error(input): a path that
  // is not clean or has a part named ".wh.*", the character device 0:0. A hardlink names another put of this draft, whose attributes it
  // shares; its own are ignored.
  void put(tar::Header header, Blob content = {});
  // Whiteout of the path and all below it in the tree below, but for puts: in a removed directory they stay, whether they came before or
  // after. Dropped silently when nothing is there below.
  void remove(std::string path);
  // A directory that was put is written even when it equals the tree below: other segments of the same layer put their files there.
  void keep(std::string directory) { kept_.insert(std::move(directory)); }
  bool is_kept(const std::string& directory) const { return kept_.contains(directory); }
  bool empty() const { return puts_.empty() && removals_.empty(); }
  bool contains(std::string_view path) const;  // is there a put of this path?
  const std::map<std::string, std::pair<tar::Header, Blob>>& puts() const { return puts_; }
  const std::set<std::string>& removals() const { return removals_; }

  // Writes the tar, without the end-of-archive blocks (and then without a diff_id in the index) when `finish` is false.
  // Puts that equal the tree below in content, mode, owner, xattrs are left out, keeping link sets whole: a set is written completely or
  // not at all. Directories of `puts` are merged with the parents they need. `marker_mtime` dates whiteouts, and parents that no layer
  // lists or has. Error(input) for a path whose parent is something else than a directory, Error(internal) for a hardlink to what the draft
  // does not hold.
  // Returns the entries written (captured bytes and ELF facts by the same rules as index_layer).
  LayerIndex write(const Tree& below, std::int64_t marker_mtime, Sink& sink, bool finish = true) const;

 private:
  std::map<std::string, std::pair<tar::Header, Blob>> puts_;
  std::set<std::string> removals_, kept_;
};

// Header of a directory as it stands in the tree (for parent chains).
tar::Header header_of(const Entry& entry);
inline tar::Header header_of(const Node& node) { return header_of(node.entry); }
// Is a file with this header and content hash the same as the node (type, mode, owner, xattrs, content or target or device)? mtime does not
// count, nor the mode of a symlink. A hardlink header is never the same: ask for the header of its link set's content.
bool same_object(const Node& node, const tar::Header& header, const Sha256& sha256);

}  // namespace resole::rootfs
