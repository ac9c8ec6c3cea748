// SPDX-License-Identifier: Apache-2.0
// Writing is a load: an archive with the config and the layers is sent, and the name moves when the engine has taken it. docker's own
// storage skips the layers of a chain that it has (moby image/tarexport/load.go looks for the chain before it opens the layer), so layers
// below which nothing changed are named, but not sent; engines that want them (containerd's image store, podman) refuse that, and get the
// whole.
#include "registry/docker/daemon_store.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "registry/local_image.hpp"

namespace resole::registry {

namespace {

constexpr const char* kStagingPrefix = ".resole-load-";

std::string name_of(const oci::Location& location) { return location.reference ? location.reference->text() : location.digest.text(); }

std::vector<Digest> diff_ids_of(const ImageToSave& image) {
  std::vector<Digest> out;
  for (const LayerToSave& layer : image.layers) out.push_back(layer.diff_id);
  return out;
}

}  // namespace

DockerDaemonStore::DockerDaemonStore(oci::Location location, DaemonOptions options)
    : location_(std::move(location)),
      options_(std::move(options)),
      engine_(std::make_shared<const Engine>(options_.client, options_.socket)),
      name_(name_of(location_)),
      staged_(options_.scratch, kStagingPrefix) {}

DockerDaemonStore::~DockerDaemonStore() = default;

std::shared_ptr<DaemonImage> DockerDaemonStore::image_for(const EngineImage& info) {
  const std::lock_guard guard(mutex_);
  std::shared_ptr<DaemonImage>& image = images_[info.id];
  if (!image) image = std::make_shared<DaemonImage>(engine_, info, options_.scratch, options_.memory);
  return image;
}

std::vector<std::shared_ptr<DaemonImage>> DockerDaemonStore::seen() const {
  const std::lock_guard guard(mutex_);
  std::vector<std::shared_ptr<DaemonImage>> out;
  for (const auto& [id, image] : images_) out.push_back(image);
  return out;
}

std::optional<oci::Descriptor> DockerDaemonStore::resolve() {
  const std::optional<EngineImage> info = engine_->inspect(name_);
  const std::shared_ptr<DaemonImage> image = info ? image_for(*info) : nullptr;
  {
    const std::lock_guard guard(mutex_);
    looked_ = true;
    current_ = image;
  }
  if (!image) return std::nullopt;
  return with_context([&] { return fmt::format("reading {} from the docker engine", printable(name_)); },
                      [&] { return image->description().root(); });
}

void DockerDaemonStore::look() {
  {
    const std::lock_guard guard(mutex_);
    if (looked_) return;
  }
  resolve();
}

std::shared_ptr<LentBlobs> DockerDaemonStore::lend() {
  look();
  const std::lock_guard guard(mutex_);
  return current_;
}

void DockerDaemonStore::require_readable() {
  if (resolve()) return;
  throw Error(ErrorKind::input, fmt::format("the docker engine has no image {}", printable(name_)),
              "`docker images` lists what it has; without docker-daemon: the name is looked up in its registry");
}

void DockerDaemonStore::require_writable() const {
  if (location_.reference && location_.reference->digest.empty()) return;
  throw Error(ErrorKind::usage, fmt::format("{}: a digest cannot be written to", printable(location_.text())), "give a name and a tag");
}

std::string DockerDaemonStore::manifest(const oci::Descriptor& descriptor) { return read_manifest(*this, descriptor); }

std::unique_ptr<Source> DockerDaemonStore::open_blob(const oci::Descriptor& descriptor) {
  require_known_digest(descriptor);
  if (staged_.knows(descriptor.digest)) return staged_.open(descriptor);
  look();
  for (const std::shared_ptr<DaemonImage>& image : seen()) {
    if (image->knows(descriptor.digest)) return image->open(descriptor);
  }
  throw Error(ErrorKind::input, fmt::format("{} is not in {} of the docker engine", name_of_blob(descriptor), printable(name_)));
}

bool DockerDaemonStore::has_blob(const oci::Descriptor& descriptor) {
  if (descriptor.digest.empty()) return false;
  if (staged_.knows(descriptor.digest)) return staged_.has(descriptor);
  look();
  const std::vector<std::shared_ptr<DaemonImage>> images = seen();
  return std::any_of(images.begin(), images.end(), [&](const std::shared_ptr<DaemonImage>& image) { return image->has(descriptor); });
}

void DockerDaemonStore::put_blob(const oci::Descriptor& descriptor, const SourceOpener& open) {
  require_known_digest(descriptor);
  if (!has_blob(descriptor)) staged_.put(descriptor, open);
}

void DockerDaemonStore::put_manifest(const oci::Descriptor& descriptor, std::string_view bytes) { put_blob(descriptor, opener_of(bytes)); }

bool DockerDaemonStore::mount_blob(const oci::Descriptor& descriptor, oci::Store& from) {
  if (&from == this || has_blob(descriptor) || !staged_.mount(descriptor, from)) return false;
  auto* other = dynamic_cast<DockerDaemonStore*>(&from);
  if (!other || other->options_.socket != options_.socket) return true;
  for (const std::shared_ptr<DaemonImage>& image : other->seen()) {
    const std::lock_guard guard(mutex_);
    relatives_.emplace(image->info().id, image);
  }
  return true;
}

// Of a layer the engine knows only the chain up to it, so those count that all layers below are the same for, too.
std::set<Digest> DockerDaemonStore::layers_there(const ImageToSave& image) const {
  const std::vector<Digest> wanted = diff_ids_of(image);
  std::size_t longest = 0;
  const std::lock_guard guard(mutex_);
  for (const auto* images : {&images_, &relatives_}) {
    for (const auto& [id, there] : *images) {
      const std::vector<Digest>& has = there->info().diff_ids;
      const auto differ = std::mismatch(wanted.begin(), wanted.end(), has.begin(), has.end());
      longest = std::max(longest, static_cast<std::size_t>(differ.first - wanted.begin()));
    }
  }
  std::set<Digest> out(wanted.begin(), wanted.begin() + static_cast<std::ptrdiff_t>(longest));
  for (std::size_t at = longest; at < wanted.size(); ++at) out.erase(wanted[at]);
  return out;
}

void DockerDaemonStore::load(const ImageToSave& image) {
  const auto attempt = [&](const std::set<Digest>& known) {
    const std::unique_ptr<Spool> archive = staged_.spool();
    plain_sizes_ = write_saved(
        {image}, known, [&] { return staged_.spool(); }, *archive);
    return engine_->load([&] { return archive->open(); }, archive->size());
  };
  const std::set<Digest> known = layers_there(image);
  if (!known.empty() && !attempt(known)) return;
  if (const std::optional<std::string> refused = attempt({})) {
    throw Error(ErrorKind::network, fmt::format("the docker engine did not take the image: {}", *refused));
  }
}

bool DockerDaemonStore::is_there_already(const EngineImage& there, const ImageToSave& image) {
  if (there.id == Digest::of(image.config)) return true;
  return there.diff_ids == diff_ids_of(image) && image_for(there)->description().config == image.config;
}

void DockerDaemonStore::remember_loaded(const EngineImage& loaded, const ImageToSave& image) {
  std::map<Digest, std::uint64_t> sizes = plain_sizes_;
  std::vector<oci::Descriptor> layers;
  for (const Digest& diff_id : loaded.diff_ids) {
    for (const auto* images : {&images_, &relatives_}) {
      for (const auto& [id, other] : *images) {
        if (sizes.contains(diff_id) || id == loaded.id) continue;
        if (const std::optional<std::uint64_t> size = other->layer_size(diff_id)) sizes[diff_id] = *size;
      }
    }
    if (!sizes.contains(diff_id)) return;
    layers.push_back(docker_descriptor(oci::media_type::kDockerLayer, diff_id, sizes[diff_id]));
  }
  const oci::Descriptor config = docker_descriptor(oci::media_type::kDockerConfig, Digest::of(image.config), image.config.size());
  image_for(loaded)->remember({docker_manifest(config, layers), image.config});
}

void DockerDaemonStore::publish(const oci::Publication& publication) {
  require_writable();
  require_root(*this, publication.root);
  oci::Reference name = *location_.reference;
  if (!publication.tag.empty()) name.tag = publication.tag;
  ImageToSave image = image_to_save(*this, publication.root);
  image.tags = {name.text()};

  const std::optional<EngineImage> there = engine_->inspect(name.text());
  if (there && is_there_already(*there, image)) return;
  if (!publication.force) {
    require_expected(there ? std::optional(image_for(*there)->description().root()) : std::nullopt, publication, printable(name.name()));
  }
  load(image);
  const std::optional<EngineImage> loaded = engine_->inspect(name.text());
  if (!loaded || loaded->diff_ids != diff_ids_of(image)) {
    throw Error(ErrorKind::verification, fmt::format("{} is not the image that was given to the docker engine", printable(name.text())),
                "another image was given that name meanwhile; run again");
  }
  remember_loaded(*loaded, image);
  staged_.drop();
  const std::lock_guard guard(mutex_);
  relatives_.clear();
  looked_ = false;
}

}  // namespace resole::registry
