// SPDX-License-Identifier: Apache-2.0
// An engine names an image by the digest of its config and tells the diff_ids, but not the config's bytes and not how long the layers are,
// which a manifest must say. Only an export tells these, and it is as big as the image. They never change for an id, so they are kept in
// the cache: planning again for an image whose layers are indexed costs one small request.
//
// With containerd's image store the id is that of a manifest or index. Then, and when an export holds several platforms, the diff_ids say
// which image is meant.
#include "registry/docker/daemon_image.hpp"

#include <fmt/format.h>

#include "archive/compression.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "oci/manifest_checks.hpp"

namespace resole::registry {

namespace {

constexpr std::string_view kRoom = "docker-image";

oci::Manifest parse_manifest(const ImageDescription& description) {
  return oci::Manifest::parse(description.manifest, oci::media_type::kDockerManifest, "manifest of a docker image");
}

}  // namespace

oci::Descriptor ImageDescription::root() const {
  return docker_descriptor(oci::media_type::kDockerManifest, Digest::of(manifest), manifest.size());
}

DaemonImage::DaemonImage(std::shared_ptr<const Engine> engine, EngineImage info, io::Path scratch, Cache* memory)
    : engine_(std::move(engine)), info_(std::move(info)), scratch_(std::move(scratch)), memory_(memory) {}

bool DaemonImage::fits(const ImageDescription& description) const {
  const oci::Manifest manifest = parse_manifest(description);
  return manifest.config().digest == Digest::of(description.config) && manifest.layers().size() == info_.diff_ids.size() &&
         oci::Config::parse(description.config, "config").diff_ids() == info_.diff_ids;
}

std::optional<ImageDescription> DaemonImage::recall() const {
  const std::optional<Blob> kept = memory_ ? memory_->get(kRoom, info_.id.text()) : std::nullopt;
  if (!kept) return std::nullopt;
  try {
    const Json json = parse_json(kept->bytes(), "description of a docker image");
    ImageDescription out{string_member(json, "manifest", "description"), string_member(json, "config", "description")};
    if (fits(out)) return out;
  } catch (const Error&) {  // of another version: as good as none
  }
  return std::nullopt;
}

void DaemonImage::remember(ImageDescription description) {
  const std::lock_guard guard(mutex_);
  if (!fits(description)) return;
  const oci::Manifest manifest = parse_manifest(description);
  sizes_[description.root().digest] = description.manifest.size();
  sizes_[manifest.config().digest] = description.config.size();
  for (const oci::Descriptor& layer : manifest.layers()) sizes_[layer.digest] = layer.size;
  if (memory_) memory_->put(kRoom, info_.id.text(), dump_compact(Json{{"manifest", description.manifest}, {"config", description.config}}));
  description_ = std::move(description);
}

const ImageDescription& DaemonImage::description() {
  const std::lock_guard guard(mutex_);
  if (description_) return *description_;
  if (std::optional<ImageDescription> known = recall()) {
    remember(std::move(*known));
  } else {
    SavedImages& images = exported();
    const oci::Descriptor root = images.describe(position_);
    remember({read_all(*images.open(root), oci::kManifestLimit, "manifest"), images.config(position_).bytes()});
  }
  if (!description_) throw Error(ErrorKind::verification, fmt::format("the docker engine gave another image than {}", info_.id.text()));
  return *description_;
}

std::size_t DaemonImage::position(const SavedImages& images) const {
  std::optional<std::size_t> found;
  for (std::size_t at = 0; at < images.entries().size(); ++at) {
    const oci::Config config = images.config(at);
    if (config.diff_ids() != info_.diff_ids) continue;
    if (Digest::of(config.bytes()) == info_.id) return at;
    if (!found) found = at;
  }
  if (found) return *found;
  throw Error(ErrorKind::verification, fmt::format("the docker engine's export of {} holds other layers than it said", info_.id.text()),
              "the image was changed meanwhile, or the engine's storage is damaged");
}

SavedImages& DaemonImage::exported() {
  const std::lock_guard guard(mutex_);
  if (exported_) return *exported_;
  const std::string name = fmt::format("the docker engine's export of {}", info_.id.short_text());
  std::error_code ignored;  // what cannot be made is told when the spool is written
  std::filesystem::create_directories(scratch_, ignored);
  std::unique_ptr<Spool> spool = io::temporary_spool(scratch_);
  engine_->export_image(info_.id.text(), *spool);
  auto images = std::make_shared<SavedImages>(std::make_shared<const TarMembers>(std::move(spool), name, Repeats::last_counts), name);
  position_ = position(*images);
  exported_ = std::move(images);
  return *exported_;
}

std::optional<std::uint64_t> DaemonImage::size_of(const Digest& digest) {
  const std::lock_guard guard(mutex_);
  description();
  const auto at = sizes_.find(digest);
  return at == sizes_.end() ? std::nullopt : std::optional(at->second);
}

std::optional<std::uint64_t> DaemonImage::layer_size(const Digest& diff_id) const {
  const std::lock_guard guard(mutex_);
  const auto at = sizes_.find(diff_id);
  return at == sizes_.end() ? std::nullopt : std::optional(at->second);
}

bool DaemonImage::knows(const Digest& digest) { return !digest.empty() && size_of(digest).has_value(); }

bool DaemonImage::has(const oci::Descriptor& descriptor) {
  return !descriptor.digest.empty() && size_of(descriptor.digest) == descriptor.size;
}

std::unique_ptr<Source> DaemonImage::open(const oci::Descriptor& descriptor) {
  const ImageDescription& known = description();
  const std::string blob = fmt::format("blob {}", descriptor.digest.text());
  const auto size = static_cast<std::int64_t>(descriptor.size);
  for (const std::string* bytes : {&known.manifest, &known.config}) {
    if (Digest::of(*bytes) == descriptor.digest) return verified(source_of(*bytes), size, descriptor.digest, blob);
  }
  SavedImages& images = exported();
  if (images.knows(descriptor.digest)) return images.open(descriptor);
  // Described when the engine had it as plain tar, exported as it was compressed since.
  for (std::size_t number = 0; number < info_.diff_ids.size(); ++number) {
    if (info_.diff_ids[number] != descriptor.digest) continue;
    return verified(archive::decompress(images.stored_layer(position_, number).open()), size, descriptor.digest, blob);
  }
  throw Error(ErrorKind::input, fmt::format("{} is not in image {}", blob, info_.id.text()));
}

}  // namespace resole::registry
