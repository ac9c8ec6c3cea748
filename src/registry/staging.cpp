// SPDX-License-Identifier: Apache-2.0
#include "registry/staging.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

namespace resole::registry {

io::Path directory_of(const io::Path& path) { return path.has_parent_path() ? path.parent_path() : io::Path("."); }

namespace {

namespace fs = std::filesystem;

int lock(int descriptor, int operation) {
  int result = 0;
  do result = flock(descriptor, operation);
  while (result != 0 && errno == EINTR);
  return result;
}

void sweep(const io::Path& parent, const std::string& prefix) {
  std::vector<io::Path> found;
  std::error_code ignored;
  for (fs::directory_iterator at(parent, ignored), end; !ignored && at != end; at.increment(ignored)) {
    if (at->path().filename().native().starts_with(prefix)) found.push_back(at->path());
  }
  for (const io::Path& path : found) {
    const io::Descriptor descriptor = io::open_descriptor(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (descriptor && lock(descriptor.get(), LOCK_EX | LOCK_NB) == 0) fs::remove_all(path, ignored);
  }
}

// A sweeper may take the directory away between mkdir and flock: true when the locked one still has its name.
bool still_there(const io::Descriptor& locked, const io::Path& path) {
  struct stat held {
  }, named{};
  return fstat(locked.get(), &held) == 0 && lstat(path.c_str(), &named) == 0 && held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

}  // namespace

StagingDirectory::StagingDirectory(const io::Path& parent, const std::string& prefix) {
  sweep(parent, prefix);
  for (;;) {
    path_ = parent / (prefix + io::random_name());
    if (mkdir(path_.c_str(), 0777) != 0) {
      if (errno == EEXIST) continue;
      io::throw_errno(errno, "create a directory in", parent);
    }
    lock_ = io::open_descriptor(path_, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!lock_ && errno == ENOENT) continue;
    if (!lock_) io::throw_errno(errno, "open directory", path_);
    lock(lock_.get(), LOCK_EX | LOCK_NB);  // where it cannot be locked, sweepers cannot lock it either and leave it alone
    if (still_there(lock_, path_)) return;
  }
}

StagingDirectory::~StagingDirectory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

DirectoryLock::DirectoryLock(const io::Path& directory) {
  lock_ = io::open_descriptor(directory, O_RDONLY | O_DIRECTORY);
  if (!lock_) io::throw_errno(errno, "lock", directory);
  if (lock(lock_.get(), LOCK_EX) == 0) return;
  const io::Path file = directory / ".resole.lock";
  lock_ = io::open_descriptor(file, O_RDWR | O_CREAT | O_NOFOLLOW, 0666);
  if (!lock_ || lock(lock_.get(), LOCK_EX) != 0) io::throw_errno(errno, "lock", file);
}

}  // namespace resole::registry
