// SPDX-License-Identifier: Apache-2.0
// An image's file tree as files on this machine's disk, for scripts to work on, and what they changed in it.
//
// All files are owned by whoever runs resole: owners, devices and extended attributes stay in the rootfs::Tree that the disk stands for, and are put together
// again with what was observed when changes are read. An object is the one that it was as long as its identity, size, times and mode are; what was written
// before the scripts began has the times of the image, so that every write shows.
//
// The disk is never trusted: paths are opened without following links (io::RootedDirectory), links and modes are data.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "build/ownership.hpp"
#include "build/sandbox.hpp"
#include "io/rooted_directory.hpp"
#include "rootfs/layer_draft.hpp"
#include "rootfs/tree.hpp"

namespace resole::build {

using LayerOpener = std::function<std::unique_ptr<Source>(std::size_t layer)>;  // the uncompressed tar of a layer of a tree

// What scripts changed, as a draft over the tree, and what a layer cannot take (sockets).
struct ScriptChanges {
  rootfs::LayerDraft draft;
  std::vector<std::string> left_out;
};

// What runs left below `parent` that were killed while scripts ran; it can be as big as an image.
void remove_abandoned_trees(const io::Path& parent);

class ScriptTree {
 public:
  explicit ScriptTree(const io::Path& parent);  // in a directory of its own below it, removed at the end
  ScriptTree(const ScriptTree&) = delete;
  ScriptTree& operator=(const ScriptTree&) = delete;

  // The disk holds `from` (nullptr: nothing); afterwards it holds `to`. What lies in layers of `to` below `known` is on the disk already. Error(input): the
  // disk has no room for it.
  void become(const rootfs::Tree* from, const rootfs::Tree& to, std::size_t known, const LayerOpener& open);
  // Since become(): over the same tree. What is noise (script_noise.hpp) counts as unchanged. Changed files are read when the draft is written, so the disk
  // must stay as it is until then.
  ScriptChanges changes(const rootfs::Tree& tree);
  Blob content(const std::string& path) const;  // of a file on the disk

  SandboxTree& sandbox() { return sandbox_; }
  // A directory with files for one script, and its end.
  void put_workplace(const std::string& directory, const std::vector<pkg::ScriptFile>& files);
  void remove_workplace(const std::string& directory);
  pkg::ScriptTreeView view();
  void make_executable(const std::string& path);  // as dpkg does with a script that is not

 private:
  class Builder;
  class Scan;

  void remember(const rootfs::Tree& tree);

  // A directory below `parent` that a later run removes (remove_abandoned_trees) when this one is killed: it is locked as long as we live.
  class Room {
   public:
    explicit Room(const io::Path& parent);
    Room(const Room&) = delete;
    Room& operator=(const Room&) = delete;
    ~Room();
    io::Path tree() const { return path_ / "tree"; }

   private:
    io::Path path_;
    io::Descriptor lock_;
  };

  Room room_;
  io::RootedDirectory root_;
  OwnerRecords owners_;
  SandboxTree sandbox_;
  std::unordered_map<std::string, FileFacts> seen_;  // of everything on the disk that the tree has
  std::map<FileIdentity, std::string> names_;        // one path of each of them
};

}  // namespace resole::build
