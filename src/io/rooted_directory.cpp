// SPDX-License-Identifier: Apache-2.0
#include "io/rooted_directory.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::io {

namespace {

Descriptor open_below(int root, const std::string& path, int flags, unsigned mode, std::uint64_t resolve) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags) | O_CLOEXEC;
  how.mode = (flags & O_CREAT) != 0 ? mode : 0;
  how.resolve = resolve;
  const char* text = path.empty() ? "." : path.c_str();
  for (;;) {
    const long number = syscall(SYS_openat2, root, text, &how, sizeof(how));
    if (number >= 0) return Descriptor(static_cast<int>(number));
    if (errno != EINTR && errno != EAGAIN) return Descriptor();
  }
}

}  // namespace

RootedDirectory::RootedDirectory(const Path& path) : path_(path), root_(open_descriptor(path, O_RDONLY | O_DIRECTORY)) {
  if (!root_) throw_errno(errno, "enter", path);
}

Descriptor RootedDirectory::open(const std::string& path, int flags, unsigned mode) const {
  return open_below(root_.get(), path, flags, mode, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
}

Descriptor RootedDirectory::enter(const std::string& path, int flags) const {
  return open_below(root_.get(), path, flags, 0, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

RootedDirectory::Place RootedDirectory::place(const std::string& path) const {
  const std::size_t slash = path.rfind('/');
  const std::string parent = slash == std::string::npos ? std::string() : path.substr(0, slash);
  Place place{open(parent, O_PATH | O_DIRECTORY), slash == std::string::npos ? path : path.substr(slash + 1)};
  if (!place.directory) throw_errno(errno, "enter", path_ / parent);
  return place;
}

std::optional<std::string> RootedDirectory::read(const std::string& path, std::uint64_t limit) const {
  const Descriptor file = enter(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!file) return std::nullopt;
  if (!S_ISREG(status_of(file.get(), path_ / path).st_mode)) return std::nullopt;
  std::string text(std::min<std::uint64_t>(limit + 1, 1u << 16), '\0');
  for (std::size_t size = 0;;) {
    const ssize_t count = ::read(file.get(), text.data() + size, text.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_errno(errno, "read", path_ / path);
    size += static_cast<std::size_t>(count);
    if (size > limit) throw Error(ErrorKind::input, fmt::format("/{} is longer than {}", printable(path), human_size(limit)));
    if (count == 0) {
      text.resize(size);
      return text;
    }
    if (size == text.size()) text.resize(std::min<std::uint64_t>(limit + 1, size * 2));
  }
}

std::vector<std::string> RootedDirectory::list(const std::string& directory) const {
  Descriptor opened = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!opened && errno == EACCES) {
    if (const Descriptor known = open(directory, O_PATH | O_DIRECTORY | O_NOFOLLOW)) set_mode(known.get(), 0700);
    opened = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  }
  if (!opened) throw_errno(errno, "read", path_ / directory);
  auto names = names_in(opened.get());
  std::sort(names.begin(), names.end());
  return names;
}

bool set_mode(int descriptor, unsigned mode) { return chmod(fmt::format("/proc/self/fd/{}", descriptor).c_str(), mode) == 0; }

std::vector<std::string> names_in(int directory) {
  std::vector<std::string> names;
  Descriptor own(openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!own) return names;
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(fdopendir(own.get()), closedir);
  if (!stream) return names;
  own.release();
  while (const dirent* entry = readdir(stream.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  return names;
}

namespace {

// That it did not work shows in what is done next.
void open_up(int directory, const std::string& name) {
  if (fchmodat(directory, name.c_str(), 0700, 0) != 0) return;
}

// Directories inside `name` are lifted to the top, so that the depth of the tree never becomes ours; then it is empty.
bool remove_one(int top, const std::string& name, std::uint64_t& lifted) {
  if (unlinkat(top, name.c_str(), 0) == 0) return true;
  open_up(top, name);
  const Descriptor inside(openat(top, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!inside) return false;
  for (const std::string& child : names_in(inside.get())) {
    if (unlinkat(inside.get(), child.c_str(), 0) == 0) continue;
    open_up(inside.get(), child);  // a directory's own mode decides whether its ".." may change
    while (renameat(inside.get(), child.c_str(), top, fmt::format(".leaving-{}", ++lifted).c_str()) != 0) {
      if (errno != ENOTEMPTY && errno != EEXIST && errno != ENOTDIR) return false;
    }
  }
  return unlinkat(top, name.c_str(), AT_REMOVEDIR) == 0;
}

}  // namespace

void clear_directory(int directory) {
  std::uint64_t lifted = 0;
  for (bool progress = true; progress;) {
    progress = false;
    for (const std::string& name : names_in(directory)) progress = remove_one(directory, name, lifted) || progress;
  }
}

}  // namespace resole::io
