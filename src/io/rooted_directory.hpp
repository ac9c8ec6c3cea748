// SPDX-License-Identifier: Apache-2.0
// A directory as the root of a file tree. Every path is looked up below it by the kernel (openat2(2), Linux 5.6): no link in the tree, and nothing that
// somebody does to the tree meanwhile, leads out of it. Paths are as in a layer: "usr/bin/env", "" is the root.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/descriptor.hpp"

namespace resole::io {

class RootedDirectory {
 public:
  explicit RootedDirectory(const Path& path);
  const Path& path() const { return path_; }
  int descriptor() const { return root_.get(); }

  // The object of exactly this path: a link on the way is ELOOP, and at the end too unless O_PATH | O_NOFOLLOW asks for the link itself.
  // Invalid and errno when it cannot be had.
  Descriptor open(const std::string& path, int flags, unsigned mode = 0) const;
  // As a process would that has this directory as its root: links are followed, absolute ones begin here.
  Descriptor enter(const std::string& path, int flags) const;

  // Where an object stands: its open parent and its name. Throws when the parent is not there.
  struct Place {
    Descriptor directory;
    std::string name;
  };
  Place place(const std::string& path) const;

  // The bytes of a regular file, links followed inside; nullopt when there is none. Error(input) beyond `limit`.
  std::optional<std::string> read(const std::string& path, std::uint64_t limit) const;
  // What lies in a directory, sorted. A directory that its owner may not read is made readable: the tree is ours, its modes are data.
  std::vector<std::string> list(const std::string& directory) const;

 private:
  Path path_;
  Descriptor root_;
};

// chmod(2) of what is open, even with O_PATH; never of what took its name meanwhile.
bool set_mode(int descriptor, unsigned mode);

// Names in an open directory, unsorted, without "." and "..".
std::vector<std::string> names_in(int directory);

// Removes everything in the directory, however deep, whatever the modes: a tree that a hostile process has made must not outlive us. Nothing else may be
// at work in it. What cannot be removed stays.
void clear_directory(int directory);

}  // namespace resole::io
