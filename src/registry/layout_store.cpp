// SPDX-License-Identifier: Apache-2.0
// Nothing in a layout means anything until index.json names it. So blobs go in first, under names that are their hashes; index.json is
// replaced last, in one rename, under a lock. A writer that is killed before leaves some blobs that nobody refers to, and the next one
// finds them done.
#include "registry/layout_store.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "oci/image.hpp"
#include "oci/manifest_checks.hpp"
#include "registry/file_window.hpp"
#include "registry/layout_index.hpp"
#include "registry/local_image.hpp"
#include "registry/staging.hpp"

namespace resole::registry {

namespace {

namespace fs = std::filesystem;

constexpr const char* kStagingPrefix = ".resole-staging-";

// An empty directory, a layout, or a layout that a killed writer began. Anything else is somebody's folder, not a place for blobs.
void require_place_for_layout(const io::Path& root) {
  std::error_code failed;
  if (!fs::exists(root, failed)) return;
  if (!fs::is_directory(root, failed))
    throw Error(ErrorKind::input, fmt::format("{} is not a directory", printable(root.native(), 1000)), "name a directory");
  if (fs::exists(root / "oci-layout", failed) || fs::is_empty(root, failed)) return;
  throw Error(ErrorKind::input, fmt::format("{} holds files but is not an OCI layout", printable(root.native(), 1000)),
              "name a new or empty directory");
}

}  // namespace

LayoutStore::LayoutStore(oci::Location location) : location_(std::move(location)), root_(location_.path), blobs_(root_) {}
LayoutStore::~LayoutStore() = default;

std::string LayoutStore::index() const {
  std::error_code failed;
  const io::Path file = root_ / "index.json";
  return fs::exists(file, failed) ? read_bounded(file, oci::kManifestLimit) : std::string();
}

std::optional<oci::Descriptor> LayoutStore::resolve() {
  const std::string bytes = index();
  const std::string what = (root_ / "index.json").native();
  if (location_.digest.empty()) return find_name(bytes, location_.tag, printable(what, 1000));
  if (std::optional<oci::Descriptor> listed = find_digest(bytes, location_.digest, printable(what, 1000))) return listed;
  return describe(location_.digest);
}

std::optional<oci::Descriptor> LayoutStore::describe(const Digest& digest) {
  const std::shared_ptr<const RegularFile> file = RegularFile::open_if_there(blobs_.path(digest));
  if (!file) return std::nullopt;
  oci::Descriptor out;
  out.digest = digest;
  out.size = file->size();
  out.media_type = type_of_manifest(manifest(out), digest.short_text());
  return out;
}

void LayoutStore::require_readable() {
  const std::string shown = printable(root_.native(), 1000);
  std::error_code failed;
  if (!fs::is_directory(root_, failed)) {
    throw Error(ErrorKind::input, fmt::format("{} is not there or is no directory", shown),
                location_.tag.find('/') == std::string::npos ? "name the directory of an OCI layout"
                                                             : "the first ':' ends the path; go to its directory and use a relative one");
  }
  if (!fs::exists(root_ / "oci-layout", failed)) {
    throw Error(ErrorKind::input, fmt::format("{} is not an OCI layout: it has no file oci-layout", shown),
                "name the directory that holds oci-layout and index.json");
  }
  require_layout_version(read_bounded(root_ / "oci-layout", 4096), (root_ / "oci-layout").native());
  const std::string bytes = index();
  if (bytes.empty())
    throw Error(ErrorKind::input, fmt::format("{} holds no image: it has no index.json", shown),
                "its writer did not finish; write it again");
  if (!resolve()) throw_no_such_image(location_, names_in(bytes, shown));
}

void LayoutStore::require_writable() const {
  require_place_for_layout(root_);
  io::require_writable_directory(root_);
}

std::string LayoutStore::manifest(const oci::Descriptor& descriptor) { return read_manifest(*this, descriptor); }

io::Path LayoutStore::scratch() {
  const std::lock_guard guard(mutex_);
  if (staging_) return staging_->path();
  require_place_for_layout(root_);
  std::error_code failed;
  fs::create_directories(root_, failed);
  if (failed) io::throw_errno(failed.value(), "create directory", root_);
  if (!fs::exists(root_ / "oci-layout", failed)) io::write_file_atomic(root_ / "oci-layout", kLayoutFile, false);
  staging_ = std::make_unique<StagingDirectory>(root_, kStagingPrefix);
  return staging_->path();
}

void LayoutStore::put_blob(const oci::Descriptor& descriptor, const SourceOpener& open) { blobs_.write(descriptor, open, scratch()); }

void LayoutStore::put_manifest(const oci::Descriptor& descriptor, std::string_view bytes) { put_blob(descriptor, opener_of(bytes)); }

bool LayoutStore::mount_blob(const oci::Descriptor& descriptor, oci::Store& from) {
  const auto* local = dynamic_cast<const LocalBlobs*>(&from);
  if (!local) return false;
  const std::optional<io::Path> file = local->blob_file(descriptor);
  return file && blobs_.share(descriptor, *file, scratch());
}

void LayoutStore::publish(const oci::Publication& publication) {
  scratch();
  require_root(*this, publication.root);
  blobs_.sync();
  sync_file(root_ / "oci-layout");
  const DirectoryLock lock(root_);
  const std::string before = index();
  const std::string after = with_published(before, publication, printable(root_.native(), 1000));
  if (after != before) io::write_file_atomic(root_ / "index.json", after);
  const std::lock_guard guard(mutex_);
  staging_.reset();
}

}  // namespace resole::registry
