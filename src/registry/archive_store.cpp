// SPDX-License-Identifier: Apache-2.0
// A tar file cannot be changed in place without a moment in which it is broken. So what is put waits in a staging directory beside it, and
// publish() writes a new file: oci-layout, index.json, then the blobs that any image in the new index.json reaches, sorted by digest,
// whether they were staged or come from the old file; then one rename. Images that were there before stay, blobs that nobody reaches any
// more do not.
#include "registry/archive_store.hpp"

#include <fmt/format.h>

#include "archive/tar.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "oci/image.hpp"
#include "oci/manifest_checks.hpp"
#include "registry/layout_index.hpp"
#include "registry/local_image.hpp"
#include "registry/staging.hpp"

namespace resole::registry {

namespace {

constexpr unsigned kDirectoryMode = 0755, kFileMode = 0644;

std::string member_name(const Digest& digest) {
  const std::size_t colon = digest.text().find(':');
  return "blobs/" + digest.text().substr(0, colon) + "/" + digest.text().substr(colon + 1);
}

std::string index_of(const TarMembers* members) {
  if (!members) return {};
  return read_all(*members->open("index.json"), oci::kManifestLimit, "index.json");
}

tar::Header header_for(std::string path, std::uint64_t size) {
  tar::Header header;
  header.path = std::move(path);
  header.mode = kFileMode;
  header.size = size;
  return header;
}

tar::Header header_for_directory(std::string path) {
  tar::Header header;
  header.path = std::move(path);
  header.type = tar::Type::directory;
  header.mode = kDirectoryMode;
  return header;
}

}  // namespace

struct ArchiveStore::Staging {
  explicit Staging(const io::Path& archive)
      : directory(directory_of(archive), "." + archive.filename().native() + ".resole-staging-"), blobs(directory.path()) {}
  StagingDirectory directory;
  BlobFolder blobs;
};

ArchiveStore::ArchiveStore(oci::Location location) : location_(std::move(location)), path_(location_.path) { reopen(); }
ArchiveStore::~ArchiveStore() = default;

void ArchiveStore::reopen() {
  if (const std::shared_ptr<const TarMembers> known = members(); known && known->is_still_at(path_)) return;
  std::error_code failed;
  std::shared_ptr<const TarMembers> fresh;
  if (std::filesystem::exists(path_, failed)) {
    fresh = std::make_shared<const TarMembers>(path_);
    require_layout_version(read_all(*fresh->open("oci-layout"), 4096, "oci-layout"), path_.native() + ", oci-layout");
  }
  const std::lock_guard guard(mutex_);
  if (members_) replaced_.push_back(members_);
  members_ = std::move(fresh);
  proven_.clear();
}

std::shared_ptr<const TarMembers> ArchiveStore::members() const {
  const std::lock_guard guard(mutex_);
  return members_;
}

std::shared_ptr<const TarMembers> ArchiveStore::holder(const Digest& digest) const {
  const std::string name = member_name(digest);
  const std::lock_guard guard(mutex_);
  if (members_ && members_->has(name)) return members_;
  for (const std::shared_ptr<const TarMembers>& older : replaced_) {
    if (older->has(name)) return older;
  }
  return nullptr;
}

ArchiveStore::Staging& ArchiveStore::staging() {
  const std::lock_guard guard(mutex_);
  if (!staging_) staging_ = std::make_unique<Staging>(path_);
  return *staging_;
}

std::optional<oci::Descriptor> ArchiveStore::resolve() {
  const std::shared_ptr<const TarMembers> archive = members();
  const std::string index = index_of(archive.get());
  const std::string what = printable(path_.native(), 1000);
  if (location_.digest.empty()) return find_name(index, location_.tag, what);
  if (std::optional<oci::Descriptor> listed = find_digest(index, location_.digest, what)) return listed;
  const std::string name = member_name(location_.digest);
  if (!archive || !archive->has(name)) return std::nullopt;
  oci::Descriptor out;  // not listed itself, but below something that is
  out.digest = location_.digest;
  out.size = archive->size(name);
  out.media_type = type_of_manifest(manifest(out), location_.digest.short_text());
  return out;
}

void ArchiveStore::require_readable() {
  const std::string shown = printable(path_.native(), 1000);
  const std::shared_ptr<const TarMembers> archive = members();
  if (!archive)
    throw Error(ErrorKind::input, fmt::format("{} is not there", shown),
                "name the file of an OCI archive (skopeo copy ... oci-archive:FILE writes one)");
  if (!resolve()) throw_no_such_image(location_, names_in(index_of(archive.get()), shown));
}

void ArchiveStore::require_writable() const { io::require_writable_directory(directory_of(path_)); }

std::string ArchiveStore::manifest(const oci::Descriptor& descriptor) { return read_manifest(*this, descriptor); }

std::optional<io::Path> ArchiveStore::blob_file(const oci::Descriptor& descriptor) const {
  const std::lock_guard guard(mutex_);
  return staging_ ? staging_->blobs.proven_file(descriptor) : std::nullopt;
}

bool ArchiveStore::is_staged(const Digest& digest) const {
  const std::lock_guard guard(mutex_);
  std::error_code failed;
  return staging_ && std::filesystem::exists(staging_->blobs.path(digest), failed);
}

bool ArchiveStore::is_present(const Digest& digest) const { return !digest.empty() && (is_staged(digest) || holder(digest)); }

std::unique_ptr<Source> ArchiveStore::open_member(const TarMembers& archive, const oci::Descriptor& descriptor) const {
  const std::string name = member_name(descriptor.digest);
  std::unique_ptr<Source> bytes = archive.open(name);
  if (archive.size(name) != descriptor.size) {
    throw Error(ErrorKind::verification,
                fmt::format("{} in {} has {} bytes where {} were announced", name, printable(path_.native(), 1000), archive.size(name),
                            descriptor.size),
                "the archive is damaged; copy the image again");
  }
  return verified(std::move(bytes), static_cast<std::int64_t>(descriptor.size), descriptor.digest, name_of_blob(descriptor));
}

std::unique_ptr<Source> ArchiveStore::open_blob(const oci::Descriptor& descriptor) {
  require_known_digest(descriptor);
  if (is_staged(descriptor.digest)) return staging().blobs.open(descriptor);
  if (const std::shared_ptr<const TarMembers> archive = holder(descriptor.digest)) return open_member(*archive, descriptor);
  throw Error(ErrorKind::input, fmt::format("{} is missing from {}", name_of_blob(descriptor), printable(path_.native(), 1000)),
              "the image is incomplete there; copy it again");
}

bool ArchiveStore::has_blob(const oci::Descriptor& descriptor) {
  if (descriptor.digest.empty()) return false;
  if (is_staged(descriptor.digest)) return staging().blobs.holds(descriptor);
  const std::shared_ptr<const TarMembers> archive = holder(descriptor.digest);
  if (!archive) return false;
  {
    const std::lock_guard guard(mutex_);
    if (proven_.contains(descriptor.digest)) return true;
  }
  try {
    std::string buffer(256u << 10, '\0');
    const std::unique_ptr<Source> bytes = open_member(*archive, descriptor);
    while (bytes->read(buffer.data(), buffer.size()) != 0) {
    }
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::verification) return false;
    throw;
  }
  const std::lock_guard guard(mutex_);
  proven_.insert(descriptor.digest);
  return true;
}

void ArchiveStore::put_blob(const oci::Descriptor& descriptor, const SourceOpener& open) {
  if (has_blob(descriptor)) return;
  Staging& place = staging();
  place.blobs.write(descriptor, open, place.directory.path());
}

void ArchiveStore::put_manifest(const oci::Descriptor& descriptor, std::string_view bytes) { put_blob(descriptor, opener_of(bytes)); }

bool ArchiveStore::mount_blob(const oci::Descriptor& descriptor, oci::Store& from) {
  const auto* local = dynamic_cast<const LocalBlobs*>(&from);
  if (!local || has_blob(descriptor)) return false;
  const std::optional<io::Path> file = local->blob_file(descriptor);
  if (!file) return false;
  Staging& place = staging();
  return place.blobs.share(descriptor, *file, place.directory.path());
}

// Everything below the entries of index.json that is here. What an older image lacks (a sparse index) it goes on lacking; what is damaged
// is found when it is written, and is an error rather than a blob less.
std::map<Digest, oci::Descriptor> ArchiveStore::reachable(const std::string& index) {
  std::map<Digest, oci::Descriptor> out;
  std::vector<oci::Descriptor> pending = roots_in(index, "index.json");
  while (!pending.empty()) {
    const oci::Descriptor descriptor = pending.back();
    pending.pop_back();
    if (out.contains(descriptor.digest) || !is_present(descriptor.digest)) continue;
    out.emplace(descriptor.digest, descriptor);
    if (!oci::media_type::is_index(descriptor.media_type) && !oci::media_type::is_manifest(descriptor.media_type)) continue;
    const oci::References below = oci::references_of(manifest(descriptor), descriptor.media_type, name_of_blob(descriptor));
    pending.insert(pending.end(), below.manifests.begin(), below.manifests.end());
    pending.insert(pending.end(), below.blobs.begin(), below.blobs.end());
  }
  return out;
}

void ArchiveStore::write_archive(const std::string& index) {
  io::AtomicFile file(path_);
  tar::Writer writer(file);
  writer.add(header_for("oci-layout", kLayoutFile.size()), kLayoutFile);
  writer.add(header_for("index.json", index.size()), index);
  writer.add(header_for_directory("blobs"));
  std::string algorithm;
  for (const auto& [digest, descriptor] : reachable(index)) {
    const std::string name = member_name(digest);
    if (std::string folder = name.substr(0, name.rfind('/')); folder != algorithm) {
      algorithm = std::move(folder);
      writer.add(header_for_directory(algorithm));
    }
    writer.add(header_for(name, descriptor.size), *open_blob(descriptor));
  }
  writer.finish();
  file.commit();
}

void ArchiveStore::publish(const oci::Publication& publication) {
  const DirectoryLock lock(directory_of(path_));
  reopen();  // somebody may have published into it since
  require_root(*this, publication.root);
  const std::string before = index_of(members().get());
  const std::string after = with_published(before, publication, printable(path_.native(), 1000));
  if (after == before) return;
  write_archive(after);
  reopen();
  const std::lock_guard guard(mutex_);
  replaced_.clear();
  staging_.reset();
}

}  // namespace resole::registry
