// SPDX-License-Identifier: Apache-2.0
// How the bytes of an 80 MB base layer come into another layout without being moved: a reflink where the file system has them, else a hard
// link. A hard link shares the file itself, which is safe here because a blob is never changed in place by anybody (its name is its hash)
// as long as nobody else may write to it: only files of our own user, without write permission for others, are linked. What neither can do
// is streamed.
#include "registry/blob_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.hpp"
#include "base/text.hpp"
#include "io/descriptor.hpp"
#include "registry/file_window.hpp"

namespace resole::registry {

namespace {

namespace fs = std::filesystem;

bool only_we_may_write(const struct stat& status) {
  return S_ISREG(status.st_mode) && status.st_uid == geteuid() && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

bool same_file(const io::Path& a, const io::Path& b) {
  struct stat left {
  }, right{};
  return stat(a.c_str(), &left) == 0 && stat(b.c_str(), &right) == 0 && left.st_dev == right.st_dev && left.st_ino == right.st_ino;
}

bool reflink(const io::Path& from, const io::Path& to) {
  const io::Descriptor source = io::open_descriptor(from, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
  if (!source) return false;
  const io::Descriptor target = io::open_descriptor(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0666);
  if (!target) return false;
  if (ioctl(target.get(), FICLONE, source.get()) == 0) return true;
  unlink(to.c_str());
  return false;
}

bool hard_link(const io::Path& from, const io::Path& to) {
  struct stat status {};
  return lstat(from.c_str(), &status) == 0 && only_we_may_write(status) && link(from.c_str(), to.c_str()) == 0;
}

// A folder that is a link would let a layout from somewhere else direct our writes out of it.
void require_real_folder(const io::Path& path) {
  if (mkdir(path.c_str(), 0777) == 0) return;
  const int error = errno;
  struct stat status {};
  if (error != EEXIST || lstat(path.c_str(), &status) != 0) io::throw_errno(error, "create directory", path);
  if (S_ISDIR(status.st_mode)) return;
  throw Error(ErrorKind::input, fmt::format("cannot write to {}: not a directory", printable(path.native(), 1000)),
              "a link there would lead out of the layout; write to another layout");
}

void read_through(Source& source) {
  std::string buffer(256u << 10, '\0');
  while (source.read(buffer.data(), buffer.size()) != 0) {
  }
}

}  // namespace

// A blob that somebody has read to its end has been proven by that.
class BlobFolder::Proving : public Source {
 public:
  Proving(std::unique_ptr<Source> bytes, const BlobFolder& folder, Digest digest) : bytes_(std::move(bytes)), folder_(folder), digest_(std::move(digest)) {}
  std::size_t read(char* buffer, std::size_t capacity) override {
    const std::size_t count = bytes_->read(buffer, capacity);
    if (count == 0 && capacity > 0) {
      const std::lock_guard guard(folder_.mutex_);
      folder_.proven_.insert(digest_);
    }
    return count;
  }

 private:
  std::unique_ptr<Source> bytes_;
  const BlobFolder& folder_;
  Digest digest_;
};

void require_known_digest(const oci::Descriptor& descriptor) {
  if (!descriptor.digest.empty()) return;
  throw Error(ErrorKind::unsupported,
              fmt::format("\"{}\": digests of this algorithm cannot be checked", printable(descriptor.foreign_digest)),
              "only sha256 and sha512 are registered by the image-spec");
}

std::string name_of_blob(const oci::Descriptor& descriptor) { return fmt::format("blob {}", descriptor.digest.text()); }

io::Path BlobFolder::path(const Digest& digest) const {
  const std::string_view algorithm = std::string_view(digest.text()).substr(0, digest.text().find(':'));
  return root_ / "blobs" / algorithm / digest.hex();
}

std::optional<io::Path> BlobFolder::file(const oci::Descriptor& descriptor) const {
  if (descriptor.digest.empty()) return std::nullopt;
  io::Path name = path(descriptor.digest);
  struct stat status {};
  if (stat(name.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  if (static_cast<std::uint64_t>(status.st_size) != descriptor.size) return std::nullopt;
  return name;
}

std::unique_ptr<Source> BlobFolder::open(const oci::Descriptor& descriptor) const {
  require_known_digest(descriptor);
  const io::Path name = path(descriptor.digest);
  std::shared_ptr<const RegularFile> file = RegularFile::open_if_there(name);
  if (!file) {
    throw Error(ErrorKind::input, fmt::format("{} is missing from {}", name_of_blob(descriptor), printable(root_.native(), 1000)),
                "the image is incomplete there; copy it again");
  }
  if (file->size() != descriptor.size) {
    throw Error(ErrorKind::verification,
                fmt::format("{} has {} bytes where {} were announced", printable(name.native(), 1000), file->size(), descriptor.size),
                "the file is damaged or truncated; copy the image again");
  }
  const std::uint64_t size = file->size();
  auto bytes = verified(window(std::move(file), 0, size), static_cast<std::int64_t>(size), descriptor.digest, name_of_blob(descriptor));
  return std::make_unique<Proving>(std::move(bytes), *this, descriptor.digest);
}

std::optional<io::Path> BlobFolder::proven_file(const oci::Descriptor& descriptor) const {
  std::optional<io::Path> name = file(descriptor);
  if (!name) return std::nullopt;
  {
    const std::lock_guard guard(mutex_);
    if (proven_.contains(descriptor.digest)) return name;
  }
  read_through(*open(descriptor));
  return name;
}

bool BlobFolder::holds(const oci::Descriptor& descriptor) {
  if (!file(descriptor)) return false;
  {
    const std::lock_guard guard(mutex_);
    if (proven_.contains(descriptor.digest)) return true;
  }
  try {
    read_through(*open(descriptor));
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::verification) return false;
    throw;
  }
  remember(descriptor.digest);
  return true;
}

void BlobFolder::write(const oci::Descriptor& descriptor, const SourceOpener& open_bytes, const io::Path& scratch) {
  require_known_digest(descriptor);
  if (holds(descriptor)) return;
  make_folder(descriptor.digest);
  io::AtomicFile file(scratch / descriptor.digest.hex());
  const std::unique_ptr<Source> proven =
      verified(open_bytes(), static_cast<std::int64_t>(descriptor.size), descriptor.digest, name_of_blob(descriptor));
  copy_all(*proven, file);
  sync_file_range(file.descriptor(), 0, 0, SYNC_FILE_RANGE_WRITE);  // starts now what sync() waits for
  file.commit_as(path(descriptor.digest), false);                   // sync() does the rest for all at once
  remember(descriptor.digest);
}

bool BlobFolder::share(const oci::Descriptor& descriptor, const io::Path& from, const io::Path& scratch) {
  const io::Path name = path(descriptor.digest);
  if (same_file(name, from)) {
    remember(descriptor.digest);  // the very file of the other store: as good as that one
    return false;
  }
  if (file(descriptor)) return false;  // has_blob decides whether it is any good
  make_folder(descriptor.digest);
  const io::Path temporary = scratch / io::random_name();
  if (!reflink(from, temporary) && !hard_link(from, temporary)) return false;
  if (rename(temporary.c_str(), name.c_str()) != 0) io::throw_errno(errno, "write", name);
  remember(descriptor.digest);
  return true;
}

void BlobFolder::sync() {
  const std::lock_guard guard(mutex_);
  std::set<io::Path> folders;
  for (const Digest& digest : unsynced_) {
    const io::Path name = path(digest);
    sync_file(name);
    folders.insert(name.parent_path());
  }
  for (const io::Path& folder : folders) io::sync_directory(folder);
  if (!folders.empty()) io::sync_directory(root_ / "blobs");
  unsynced_.clear();
}

void BlobFolder::make_folder(const Digest& digest) const {
  require_real_folder(root_ / "blobs");
  require_real_folder(path(digest).parent_path());
}

void BlobFolder::remember(const Digest& digest) {
  const std::lock_guard guard(mutex_);
  proven_.insert(digest);
  unsynced_.insert(digest);
}

}  // namespace resole::registry
