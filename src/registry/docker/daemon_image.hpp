// SPDX-License-Identifier: Apache-2.0
// One image of a docker engine. Its bytes can only be had all at once, as an export; so what can be known without them is remembered.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/effects.hpp"
#include "registry/docker/engine.hpp"
#include "registry/docker/lent_blobs.hpp"
#include "registry/docker/saved_images.hpp"

namespace resole::registry {

// Manifest and config of an image, as SavedImages presents it.
struct ImageDescription {
  std::string manifest, config;
  oci::Descriptor root() const;
};

class DaemonImage : public LentBlobs {
 public:
  // Exports go to unlinked files in `scratch`. `memory` (may be nullptr) keeps descriptions between runs.
  DaemonImage(std::shared_ptr<const Engine> engine, EngineImage info, io::Path scratch, Cache* memory);

  const EngineImage& info() const { return info_; }
  const ImageDescription& description();                                 // exports the image unless it was described before
  std::optional<std::uint64_t> layer_size(const Digest& diff_id) const;  // of the plain tar, when that is known already
  void remember(ImageDescription description);                           // of an image that we gave to the engine

  bool has(const oci::Descriptor& descriptor) override;  // the engine proved the layers when it took them
  std::unique_ptr<Source> open(const oci::Descriptor& descriptor) override;
  bool knows(const Digest& digest);

 private:
  std::optional<ImageDescription> recall() const;
  bool fits(const ImageDescription& description) const;
  std::optional<std::uint64_t> size_of(const Digest& digest);
  SavedImages& exported();
  std::size_t position(const SavedImages& images) const;

  std::shared_ptr<const Engine> engine_;
  EngineImage info_;
  io::Path scratch_;
  Cache* memory_;
  mutable std::recursive_mutex mutex_;
  std::optional<ImageDescription> description_;
  std::map<Digest, std::uint64_t> sizes_;  // of everything in it
  std::shared_ptr<SavedImages> exported_;
  std::size_t position_ = 0;  // among the exported images
};

}  // namespace resole::registry
