// SPDX-License-Identifier: Apache-2.0
// The one copy, between any two stores. First the tree of manifests is read (small), then the blobs go over, each once and the biggest
// first, then the manifests, children before parents, so that no store ever holds a manifest whose parts are missing. Naming the result is
// publish()'s work.
#include <atomic>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <mutex>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"
#include "oci/manifest_checks.hpp"
#include "registry/stores.hpp"

namespace resole::registry {

namespace {

constexpr std::uint64_t kMostManifestBytes = 256ull << 20;

struct KnownManifest {
  oci::Descriptor descriptor;
  std::string bytes;
};

class Tree {
 public:
  using Ours = std::map<Digest, std::string_view>;
  Tree(oci::Store& from, oci::Store& to, Reporter& reporter, const Ours& ours) : from_(from), to_(to), reporter_(reporter), ours_(ours) {}

  void walk(const oci::Descriptor& descriptor, unsigned depth) {
    if (!seen_.insert(descriptor.digest).second) return;
    if (depth > oci::kDeepestIndex + 1)
      throw Error(ErrorKind::input, fmt::format("indexes are nested more than {} deep", oci::kDeepestIndex));
    std::optional<std::string> bytes = read(descriptor, depth);
    if (!bytes) return;
    total_ += bytes->size();
    if (total_ > kMostManifestBytes)
      throw Error(ErrorKind::input, fmt::format("its manifests take more than {}", human_size(kMostManifestBytes)));
    const oci::References below =
        oci::references_of(*bytes, descriptor.media_type, fmt::format("manifest {}", descriptor.digest.short_text()));
    for (const oci::Descriptor& child : below.manifests) walk_child(child, depth + 1);
    for (const oci::Descriptor& blob : below.blobs) add_blob(blob);
    manifests_.push_back({descriptor, std::move(*bytes)});  // behind its children
  }

  std::vector<oci::Descriptor> blobs_by_size() {
    std::stable_sort(blobs_.begin(), blobs_.end(), [](const oci::Descriptor& a, const oci::Descriptor& b) { return a.size > b.size; });
    return blobs_;
  }
  const std::vector<KnownManifest>& manifests() const { return manifests_; }
  std::uint64_t absent() const { return absent_; }

 private:
  void walk_child(const oci::Descriptor& child, unsigned depth) {
    if (child.digest.empty()) {
      throw Error(ErrorKind::unsupported,
                  fmt::format("an entry is named by the digest \"{}\", which cannot be checked", printable(child.foreign_digest)));
    }
    if (oci::media_type::is_index(child.media_type) || oci::media_type::is_manifest(child.media_type)) {
      walk(child, depth);
    } else if (from_.has_blob(child)) {  // of a type that nobody knows (image-index.md allows any): bytes
      add_blob(child);
    } else if (seen_.insert(child.digest).second) {
      note_absent(child);
    }
  }

  void note_absent(const oci::Descriptor& child) {
    if (to_.has_blob(child)) return;
    ++absent_;
    reporter_.warn(fmt::format("manifest {} is listed in the index but not there; it stays listed", child.digest.short_text()));
  }

  // nullopt for a child that is not there: an index may list platforms that were never copied. One that may not be read, or only cannot be
  // read now, is there.
  std::optional<std::string> read(const oci::Descriptor& descriptor, unsigned depth) {
    if (const auto own = ours_.find(descriptor.digest); own != ours_.end()) return std::string(own->second);
    try {
      return from_.manifest(descriptor);
    } catch (const Error& error) {
      if (depth == 0 || error.kind() != ErrorKind::input || from_.has_blob(descriptor)) throw;
    }
    note_absent(descriptor);
    return std::nullopt;
  }

  void add_blob(const oci::Descriptor& blob) {
    // Their vendor's licence forbids to pass them on; whoever runs the image gets them from the urls (image-spec layer.md).
    if (oci::media_type::is_nondistributable(blob.media_type) && !blob.urls.empty()) return;
    if (blob.digest.empty()) {
      throw Error(ErrorKind::unsupported,
                  fmt::format("a blob is named by the digest \"{}\", which cannot be checked", printable(blob.foreign_digest)));
    }
    if (seen_.insert(blob.digest).second) blobs_.push_back(blob);
  }

  oci::Store& from_;
  oci::Store& to_;
  Reporter& reporter_;
  const Ours& ours_;
  std::set<Digest> seen_;
  std::vector<oci::Descriptor> blobs_;
  std::vector<KnownManifest> manifests_;
  std::uint64_t total_ = 0, absent_ = 0;
};

// Counts what passes by and tells the watcher.
class Watched : public Source {
 public:
  Watched(std::unique_ptr<Source> source, std::function<void(std::size_t)> seen) : source_(std::move(source)), seen_(std::move(seen)) {}
  std::size_t read(char* buffer, std::size_t capacity) override {
    const std::size_t count = source_->read(buffer, capacity);
    seen_(count);
    return count;
  }

 private:
  std::unique_ptr<Source> source_;
  std::function<void(std::size_t)> seen_;
};

class BlobCopier {
 public:
  BlobCopier(oci::Store& from, oci::Store& to, const std::map<Digest, oci::Store*>& elsewhere, Reporter& reporter, std::uint64_t total)
      : from_(from), to_(to), elsewhere_(elsewhere), phase_(reporter, "copying image", total) {}

  void copy(const oci::Descriptor& blob) {
    const auto other = elsewhere_.find(blob.digest);
    oci::Store& from = other == elsewhere_.end() ? from_ : *other->second;
    if (to_.mount_blob(blob, from)) {
      advance(blob.size, blob);
      add([](CopyCount& count) { ++count.blobs_mounted; });
    } else if (to_.has_blob(blob)) {
      advance(blob.size, blob);
      add([](CopyCount& count) { ++count.blobs_there; });
    } else {
      to_.put_blob(blob, [&] { return std::make_unique<Watched>(from.open_blob(blob), [&](std::size_t count) { advance(count, blob); }); });
      add([&](CopyCount& count) {
        ++count.blobs_moved;
        count.bytes_moved += blob.size;
      });
    }
  }

  CopyCount count() const { return count_; }

 private:
  void advance(std::uint64_t bytes, const oci::Descriptor& blob) {
    const std::lock_guard guard(mutex_);
    done_ += bytes;
    phase_.progress(done_, blob.digest.short_text());
  }
  template <class Change>
  void add(Change change) {
    const std::lock_guard guard(mutex_);
    change(count_);
  }

  oci::Store& from_;
  oci::Store& to_;
  const std::map<Digest, oci::Store*>& elsewhere_;
  Phase phase_;
  std::mutex mutex_;
  std::uint64_t done_ = 0;
  CopyCount count_;
};

}  // namespace

bool is_complete(oci::Store& from, oci::Store& to, const oci::Descriptor& root, Reporter& reporter, unsigned jobs,
                 const std::map<Digest, std::string_view>& ours) {
  Tree tree(from, to, reporter, ours);
  tree.walk(root, 0);
  std::vector<oci::Descriptor> parts = tree.blobs_by_size();
  for (const KnownManifest& manifest : tree.manifests()) parts.push_back(manifest.descriptor);
  std::atomic<bool> all = true;
  parallel_for(parts.size(), jobs, [&](std::size_t at) {
    if (!to.has_blob(parts[at])) all = false;
  });
  return all;
}

CopyCount copy_tree(oci::Store& from, oci::Store& to, const oci::Descriptor& root, Reporter& reporter, unsigned jobs,
                    const std::map<Digest, std::string_view>& ours, const std::map<Digest, oci::Store*>& elsewhere) {
  Tree tree(from, to, reporter, ours);
  tree.walk(root, 0);
  const std::vector<oci::Descriptor> blobs = tree.blobs_by_size();
  std::uint64_t total = 0;
  for (const oci::Descriptor& blob : blobs) total += blob.size;
  BlobCopier copier(from, to, elsewhere, reporter, total);
  parallel_for(blobs.size(), jobs, [&](std::size_t at) { copier.copy(blobs[at]); });
  for (const KnownManifest& manifest : tree.manifests()) to.put_manifest(manifest.descriptor, manifest.bytes);
  CopyCount count = copier.count();
  count.manifests_absent = tree.absent();
  return count;
}

}  // namespace resole::registry
