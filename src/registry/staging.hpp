// SPDX-License-Identifier: Apache-2.0
// Where a writer keeps what is not finished, and how two writers stay out of each other's way.
#pragma once
#include <string>

#include "io/descriptor.hpp"
#include "io/files.hpp"

namespace resole::registry {

// The directory that a file is in; "." for a bare name.
io::Path directory_of(const io::Path& path);

// A hidden directory PARENT/<prefix><random> that is removed at the end. Its owner holds a lock on it, so that what a killed writer left
// behind is known by being unlocked: making a new one sweeps those of the same prefix away.
class StagingDirectory {
 public:
  StagingDirectory(const io::Path& parent, const std::string& prefix);
  ~StagingDirectory();
  StagingDirectory(const StagingDirectory&) = delete;
  StagingDirectory& operator=(const StagingDirectory&) = delete;
  const io::Path& path() const { return path_; }

 private:
  io::Path path_;
  io::Descriptor lock_;
};

// Exclusive lock of a directory itself: nothing is left behind in it. File systems that cannot lock directories (some NFS servers) get a
// lock file.
class DirectoryLock {
 public:
  explicit DirectoryLock(const io::Path& directory);

 private:
  io::Descriptor lock_;
};

}  // namespace resole::registry
