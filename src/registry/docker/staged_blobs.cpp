// SPDX-License-Identifier: Apache-2.0
#include "registry/docker/staged_blobs.hpp"

#include "registry/staging.hpp"

namespace resole::registry {

struct StagedBlobs::Directory {
  Directory(const io::Path& parent, const std::string& prefix) : staging(parent, prefix), blobs(staging.path()) {}
  StagingDirectory staging;
  BlobFolder blobs;
};

StagedBlobs::StagedBlobs(io::Path parent, std::string prefix) : parent_(std::move(parent)), prefix_(std::move(prefix)) {}
StagedBlobs::~StagedBlobs() = default;

StagedBlobs::Directory& StagedBlobs::directory() {
  const std::lock_guard guard(mutex_);
  if (!directory_) {
    std::error_code ignored;  // what cannot be made is told by the next line
    std::filesystem::create_directories(parent_, ignored);
    directory_ = std::make_unique<Directory>(parent_, prefix_);
  }
  return *directory_;
}

std::shared_ptr<LentBlobs> StagedBlobs::lender_of(const Digest& digest) const {
  const std::lock_guard guard(mutex_);
  const auto at = lent_.find(digest);
  return at == lent_.end() ? nullptr : at->second;
}

bool StagedBlobs::knows(const Digest& digest) const {
  const std::lock_guard guard(mutex_);
  std::error_code failed;
  return lent_.contains(digest) || (directory_ && std::filesystem::exists(directory_->blobs.path(digest), failed));
}

std::optional<io::Path> StagedBlobs::file(const oci::Descriptor& descriptor) const {
  const std::lock_guard guard(mutex_);
  return directory_ ? directory_->blobs.file(descriptor) : std::nullopt;
}

bool StagedBlobs::has(const oci::Descriptor& descriptor) {
  if (const std::shared_ptr<LentBlobs> lender = lender_of(descriptor.digest)) return lender->has(descriptor);
  return knows(descriptor.digest) && directory().blobs.holds(descriptor);
}

std::unique_ptr<Source> StagedBlobs::open(const oci::Descriptor& descriptor) {
  if (const std::shared_ptr<LentBlobs> lender = lender_of(descriptor.digest)) return lender->open(descriptor);
  return directory().blobs.open(descriptor);
}

void StagedBlobs::put(const oci::Descriptor& descriptor, const SourceOpener& open) {
  Directory& place = directory();
  place.blobs.write(descriptor, open, place.staging.path());
}

bool StagedBlobs::mount(const oci::Descriptor& descriptor, oci::Store& from) {
  if (auto* lender = dynamic_cast<BlobLender*>(&from)) {
    const std::shared_ptr<LentBlobs> blobs = lender->lend();
    if (!blobs || !blobs->has(descriptor)) return false;
    const std::lock_guard guard(mutex_);
    lent_.emplace(descriptor.digest, blobs);
    return true;
  }
  const auto* local = dynamic_cast<const LocalBlobs*>(&from);
  const std::optional<io::Path> path = local ? local->blob_file(descriptor) : std::nullopt;
  if (!path) return false;
  Directory& place = directory();
  return place.blobs.share(descriptor, *path, place.staging.path());
}

std::unique_ptr<Spool> StagedBlobs::spool() { return io::temporary_spool(directory().staging.path()); }

void StagedBlobs::drop() {
  const std::lock_guard guard(mutex_);
  directory_.reset();
  lent_.clear();
}

}  // namespace resole::registry
