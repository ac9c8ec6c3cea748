// SPDX-License-Identifier: Apache-2.0
#include "registry/docker/archive_store.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "registry/docker/save_archive.hpp"
#include "registry/local_image.hpp"
#include "registry/staging.hpp"

namespace resole::registry {

namespace {

ImageToSave kept(const SavedImages& images, std::size_t at) {
  const oci::Config config = images.config(at);
  ImageToSave out{.config = config.bytes(), .tags = images.entries()[at].tags, .layers = {}};
  for (std::size_t number = 0; number < config.diff_ids().size(); ++number) {
    StoredLayer stored = images.stored_layer(at, number);
    out.layers.push_back({config.diff_ids()[number], stored.size, std::move(stored.open)});
  }
  return out;
}

// The entry that a name means. Error(input) when it means images that differ.
std::optional<std::size_t> find_name(const SavedImages& images, const std::string& name, const std::string& shown) {
  const std::vector<std::size_t> found = positions_of(images.entries(), name);
  if (found.empty()) return std::nullopt;
  const auto same = [&](std::size_t at) { return images.entries()[at].config == images.entries()[found.front()].config; };
  if (std::all_of(found.begin(), found.end(), same)) return found.front();
  if (!name.empty())
    throw Error(ErrorKind::input, fmt::format("{}: several images are named \"{}\"", shown, printable(name)),
                fmt::format("name one by its number: @{} or @{}", found[0], found[1]));
  throw Error(ErrorKind::input, fmt::format("{}: more than one image is in it: {}", shown, join(names_in(images.entries()), ", ")),
              "say which one, with :NAME or :@NUMBER behind the path");
}

}  // namespace

DockerArchiveStore::DockerArchiveStore(oci::Location location)
    : location_(std::move(location)),
      path_(location_.path),
      shown_(printable(path_.native(), 1000)),
      staged_(directory_of(path_), "." + path_.filename().native() + ".resole-staging-") {
  reopen();
}

DockerArchiveStore::~DockerArchiveStore() = default;

void DockerArchiveStore::reopen() {
  if (const std::shared_ptr<SavedImages> known = images(); known && known->is_still_at(path_)) return;
  std::error_code failed;
  std::shared_ptr<SavedImages> fresh;
  if (std::filesystem::exists(path_, failed)) {
    fresh = std::make_shared<SavedImages>(std::make_shared<const TarMembers>(path_, Repeats::last_counts), shown_);
  }
  const std::lock_guard guard(mutex_);
  if (images_) replaced_.push_back(images_);
  images_ = std::move(fresh);
}

std::shared_ptr<SavedImages> DockerArchiveStore::images() const {
  const std::lock_guard guard(mutex_);
  return images_;
}

std::vector<std::shared_ptr<SavedImages>> DockerArchiveStore::holders() const {
  const std::lock_guard guard(mutex_);
  std::vector<std::shared_ptr<SavedImages>> out = replaced_;
  if (images_) out.insert(out.begin(), images_);
  return out;
}

std::optional<oci::Descriptor> DockerArchiveStore::resolve() {
  const std::shared_ptr<SavedImages> archive = images();
  if (!archive) return std::nullopt;
  if (location_.digest.empty()) {
    const std::optional<std::size_t> at = find_name(*archive, location_.tag, shown_);
    return at ? std::optional(archive->describe(*at)) : std::nullopt;
  }
  for (std::size_t at = 0; at < archive->entries().size(); ++at) {  // an image's id, or the digest of the manifest that we make for it
    const bool is_id = Digest::of(archive->config(at).bytes()) == location_.digest;
    if (oci::Descriptor root = archive->describe(at); is_id || root.digest == location_.digest) return root;
  }
  return std::nullopt;
}

void DockerArchiveStore::require_readable() {
  const std::shared_ptr<SavedImages> archive = images();
  if (!archive)
    throw Error(ErrorKind::input, fmt::format("{} is not there", shown_),
                "name the file of a docker archive (docker save -o FILE NAME writes one)");
  if (!resolve()) throw_no_such_image(location_, names_in(archive->entries()));
}

void DockerArchiveStore::require_writable() const {
  if (location_.tag.empty()) return;
  if (location_.tag.starts_with('@')) {
    throw Error(ErrorKind::usage, fmt::format("{}: a number cannot be written to", printable(location_.text())),
                "give a name, or nothing, behind the path");
  }
  if (!oci::Reference::parse(location_.tag).digest.empty()) {
    throw Error(ErrorKind::usage, fmt::format("{}: a digest cannot be written to", printable(location_.text())), "give a name and a tag");
  }
}

std::string DockerArchiveStore::manifest(const oci::Descriptor& descriptor) { return read_manifest(*this, descriptor); }

std::unique_ptr<Source> DockerArchiveStore::open_blob(const oci::Descriptor& descriptor) {
  require_known_digest(descriptor);
  if (staged_.knows(descriptor.digest)) return staged_.open(descriptor);
  for (const std::shared_ptr<SavedImages>& holder : holders()) {
    if (holder->knows(descriptor.digest)) return holder->open(descriptor);
  }
  throw Error(ErrorKind::input, fmt::format("{} is missing from {}", name_of_blob(descriptor), shown_),
              "the image is incomplete there; copy it again");
}

bool DockerArchiveStore::has_blob(const oci::Descriptor& descriptor) {
  if (descriptor.digest.empty()) return false;
  if (staged_.knows(descriptor.digest)) return staged_.has(descriptor);
  const std::vector<std::shared_ptr<SavedImages>> all = holders();
  return std::any_of(all.begin(), all.end(), [&](const std::shared_ptr<SavedImages>& holder) { return holder->has(descriptor); });
}

void DockerArchiveStore::put_blob(const oci::Descriptor& descriptor, const SourceOpener& open) {
  require_known_digest(descriptor);
  if (!has_blob(descriptor)) staged_.put(descriptor, open);
}

void DockerArchiveStore::put_manifest(const oci::Descriptor& descriptor, std::string_view bytes) { put_blob(descriptor, opener_of(bytes)); }

bool DockerArchiveStore::mount_blob(const oci::Descriptor& descriptor, oci::Store& from) {
  return &from != this && !has_blob(descriptor) && staged_.mount(descriptor, from);
}

// Every image that will be in the archive. `tag` moves from whatever had it; an image that loses its last name by that goes, and the new
// one takes its place, unless it was in the archive already.
std::vector<ImageToSave> DockerArchiveStore::images_after(std::optional<std::size_t> there, ImageToSave image,
                                                          const std::string& tag) const {
  const std::shared_ptr<SavedImages> before = images();
  std::vector<ImageToSave> out;
  std::optional<std::size_t> known, free;
  for (std::size_t at = 0; before && at < before->entries().size(); ++at) {
    ImageToSave old = kept(*before, at);
    const bool had_name =
        tag.empty() ? there == at : std::erase_if(old.tags, [&](const std::string& name) { return full_name(name) == tag; }) > 0;
    const bool same = old.config == image.config;
    if (same && !known) known = out.size();
    if (!same && had_name && (tag.empty() || old.tags.empty())) {
      if (!free) free = out.size();
      if (tag.empty()) image.tags = old.tags;
      continue;
    }
    out.push_back(std::move(old));
  }
  if (known) {
    out[*known].tags.insert(out[*known].tags.end(), image.tags.begin(), image.tags.end());
  } else {
    out.insert(out.begin() + static_cast<std::ptrdiff_t>(free.value_or(out.size())), std::move(image));
  }
  return out;
}

void DockerArchiveStore::publish(const oci::Publication& publication) {
  const DirectoryLock lock(directory_of(path_));
  reopen();  // somebody may have published into it since
  require_root(*this, publication.root);
  ImageToSave image = image_to_save(*this, publication.root);
  const std::string tag = publication.tag.empty() ? std::string() : oci::Reference::parse(publication.tag).text();
  if (!tag.empty()) image.tags.push_back(tag);

  const std::shared_ptr<SavedImages> before = images();
  const std::optional<std::size_t> there = before ? find_name(*before, publication.tag, shown_) : std::nullopt;
  if (there && before->config(*there).bytes() == image.config) return;
  require_expected(there ? std::optional(before->describe(*there)) : std::nullopt, publication, shown_);

  io::AtomicFile file(path_);
  write_saved(
      images_after(there, std::move(image), tag), {}, [&] { return staged_.spool(); }, file);
  file.commit();
  reopen();
  const std::lock_guard guard(mutex_);
  replaced_.clear();
  staged_.drop();
}

}  // namespace resole::registry
