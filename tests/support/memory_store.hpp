// SPDX-License-Identifier: Apache-2.0
// A Store in memory, for tests of rooms that read or write images. It passes the same conformance suite as the real ones (tests/registry).
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "oci/store.hpp"

namespace resole::test {

// What several stores look at, as several processes look at one directory.
struct MemoryPlace {
  std::mutex mutex;
  std::map<Digest, std::string> blobs;
  std::map<std::string, oci::Descriptor> names;
};

class MemoryStore : public oci::Store {
 public:
  explicit MemoryStore(std::shared_ptr<MemoryPlace> place = std::make_shared<MemoryPlace>(), std::string name = "latest")
      : place_(std::move(place)), name_(std::move(name)) {}

  const std::shared_ptr<MemoryPlace>& place() const { return place_; }

  std::optional<oci::Descriptor> resolve() override {
    const std::lock_guard guard(place_->mutex);
    const auto at = place_->names.find(name_);
    return at == place_->names.end() ? std::nullopt : std::optional(at->second);
  }

  std::string manifest(const oci::Descriptor& descriptor) override { return read_all(*open_blob(descriptor), 8u << 20, "manifest"); }

  std::unique_ptr<Source> open_blob(const oci::Descriptor& descriptor) override {
    const std::lock_guard guard(place_->mutex);
    const auto at = place_->blobs.find(descriptor.digest);
    if (at == place_->blobs.end()) throw Error(ErrorKind::input, "blob " + descriptor.digest.text() + " is missing");
    return proven(source_of(Blob::of(at->second)), descriptor);
  }

  bool has_blob(const oci::Descriptor& descriptor) override {
    const std::lock_guard guard(place_->mutex);
    const auto at = place_->blobs.find(descriptor.digest);
    return at != place_->blobs.end() && at->second.size() == descriptor.size && Digest::of(at->second) == descriptor.digest;
  }

  void put_blob(const oci::Descriptor& descriptor, const SourceOpener& open) override {
    if (has_blob(descriptor)) return;
    std::string all = read_all(*proven(open(), descriptor), 1ull << 30, "blob");
    const std::lock_guard guard(place_->mutex);
    place_->blobs[descriptor.digest] = std::move(all);
  }

  void put_manifest(const oci::Descriptor& descriptor, std::string_view bytes) override { put_blob(descriptor, opener_of(bytes)); }

  bool mount_blob(const oci::Descriptor& descriptor, oci::Store& from) override {
    auto* other = dynamic_cast<MemoryStore*>(&from);
    if (!other || has_blob(descriptor) || !other->has_blob(descriptor)) return false;
    put_blob(descriptor, [&] { return other->open_blob(descriptor); });
    return true;
  }

  void publish(const oci::Publication& publication) override {
    if (!has_blob(publication.root)) throw Error(ErrorKind::internal, "published before it was put");
    const std::lock_guard guard(place_->mutex);
    const std::string& name = publication.tag.empty() ? name_ : publication.tag;
    const auto at = place_->names.find(name);
    const bool there = at != place_->names.end();
    if (there && at->second.digest == publication.root.digest) return;
    const bool as_expected = publication.expected ? there && at->second.digest == *publication.expected : !there;
    if (!publication.force && !as_expected) throw Error(ErrorKind::refused, "\"" + name + "\" is not what was expected");
    place_->names.insert_or_assign(name, publication.root);
  }

 private:
  static std::unique_ptr<Source> proven(std::unique_ptr<Source> source, const oci::Descriptor& descriptor) {
    return verified(std::move(source), static_cast<std::int64_t>(descriptor.size), descriptor.digest, "blob " + descriptor.digest.text());
  }

  std::shared_ptr<MemoryPlace> place_;
  std::string name_;
};

}  // namespace resole::test
