// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/error.hpp"
#include "io/descriptor.hpp"
#include "io/files.hpp"

namespace resole::io {

namespace fs = std::filesystem;

namespace {

Path default_parent() {
  const char* named = std::getenv("TMPDIR");
  return named != nullptr && *named != '\0' ? Path(named) : Path("/tmp");
}

// Unpacked trees may hold directories without write permission; they must not survive us.
void make_removable(const Path& root) {
  std::error_code ignored;
  for (fs::recursive_directory_iterator at(root, fs::directory_options::skip_permission_denied, ignored), end; !ignored && at != end;
       at.increment(ignored)) {
    if (fs::is_directory(at->symlink_status(ignored))) fs::permissions(at->path(), fs::perms::owner_all, fs::perm_options::add, ignored);
  }
}

}  // namespace

TemporaryDirectory::TemporaryDirectory(const Path& parent) {
  const Path base = parent.empty() ? default_parent() : parent;
  std::string pattern = (base / "resole-XXXXXX").native();
  if (mkdtemp(pattern.data()) == nullptr) throw_errno(errno, "create a directory in", base);
  path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code failed;
  fs::remove_all(path_, failed);
  if (!failed) return;
  make_removable(path_);
  fs::remove_all(path_, failed);
}

FileLock::FileLock(const Path& path) {
  Descriptor descriptor = open_descriptor(path, O_RDWR | O_CREAT, 0666);
  if (!descriptor) throw_errno(errno, "lock", path);
  while (flock(descriptor.get(), LOCK_EX) != 0) {
    if (errno != EINTR) throw_errno(errno, "lock", path);
  }
  descriptor_ = descriptor.release();
}

FileLock::~FileLock() { close(descriptor_); }

}  // namespace resole::io
