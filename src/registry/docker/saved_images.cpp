// SPDX-License-Identifier: Apache-2.0
// An archive of `docker save` has configs and layers but no manifests, so one is made up for each image, always the same for the same
// archive:
//
//   layer as plain tar     -> ...diff.tar, its digest is the diff_id: nothing has to be read to know it
//   layer in gzip          -> ...diff.tar.gzip, its bytes as they are (jib, crane, docker with containerd's image store)
//   layer in zstd or xz    -> ...diff.tar, expanded: Docker's media types have no word for the others
//
// What a layer is called is not believed: a layer is handed out only when its content has the diff_id that the config lists. The config is
// the root of that trust, and its digest is the image's id.
#include "registry/docker/saved_images.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "oci/manifest_checks.hpp"

namespace resole::registry {

namespace {

namespace media_type = oci::media_type;

constexpr std::size_t kSniffed = 8;
constexpr std::string_view kForeignLayer = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";

void read_through(Source& source) {
  std::string buffer(256u << 10, '\0');
  while (source.read(buffer.data(), buffer.size()) != 0) {
  }
}

struct Measured {
  Digest digest;
  std::uint64_t size = 0;
};

Measured measure(Source& source) {
  Measured out;
  Hasher hasher(Algorithm::sha256);
  std::string buffer(256u << 10, '\0');
  while (const std::size_t count = source.read(buffer.data(), buffer.size())) {
    hasher.update(std::string_view(buffer).substr(0, count));
    out.size += count;
  }
  out.digest = Digest::sha256(hasher.finish_sha256());
  return out;
}

OrderedJson json_of(const oci::Descriptor& descriptor) {
  OrderedJson out = OrderedJson::object();
  out["mediaType"] = descriptor.media_type;
  out["size"] = descriptor.size;
  out["digest"] = descriptor.digest.text();
  if (!descriptor.urls.empty()) out["urls"] = descriptor.urls;
  return out;
}

archive::Compression compression_of(Source& source) {
  char head[kSniffed];
  std::size_t count = 0;
  while (const std::size_t more = source.read(head + count, kSniffed - count)) count += more;
  return archive::detect({head, count});
}

[[noreturn]] void throw_no_list(const TarMembers& members, const std::string& name) {
  if (members.has("oci-layout")) {
    throw Error(ErrorKind::input, fmt::format("{} is an OCI archive and no docker archive: it has no manifest.json", name),
                "read it as oci-archive:FILE");
  }
  if (members.has("repositories")) {
    throw Error(ErrorKind::unsupported, fmt::format("{} was written by docker before 1.10: it has no manifest.json", name),
                "load it into a current docker or podman and save it again");
  }
  throw Error(ErrorKind::input, fmt::format("{} is no docker archive: it has no manifest.json", name),
              "docker save, podman save or skopeo copy ... docker-archive:FILE:NAME write one");
}

}  // namespace

oci::Descriptor docker_descriptor(std::string_view type, Digest digest, std::uint64_t size) {
  oci::Descriptor out;
  out.media_type = type;
  out.digest = std::move(digest);
  out.size = size;
  return out;
}

std::string docker_manifest(const oci::Descriptor& config, const std::vector<oci::Descriptor>& layers) {
  OrderedJson out = OrderedJson::object();
  out["schemaVersion"] = 2;
  out["mediaType"] = media_type::kDockerManifest;
  out["config"] = json_of(config);
  out["layers"] = OrderedJson::array();
  for (const oci::Descriptor& layer : layers) out["layers"].push_back(json_of(layer));
  return dump_compact(out);
}

SavedImages::SavedImages(std::shared_ptr<const TarMembers> members, std::string name)
    : members_(std::move(members)), name_(std::move(name)) {
  const std::string what = name_ + ", manifest.json";
  const std::optional<std::string> list = members_->file_behind("manifest.json");
  if (!list) throw_no_list(*members_, name_);
  if (members_->is_repeated("manifest.json")) throw Error(ErrorKind::input, fmt::format("{}: it is there twice", what));
  entries_ = parse_saved_list(read_all(*members_->open(*list), oci::kManifestLimit, what), what);
}

oci::Config SavedImages::config(std::size_t at) const {
  const SavedEntry& entry = entries_.at(at);
  const std::string what = fmt::format("{}, {}", name_, printable(entry.config));
  const std::optional<std::string> member = members_->file_behind(entry.config);
  if (!member) {
    throw Error(ErrorKind::input, fmt::format("{} is missing", what), "the archive is incomplete; save the image again");
  }
  if (members_->is_repeated(entry.config)) throw Error(ErrorKind::input, fmt::format("{}: it is there twice", what));
  std::string bytes = read_all(*members_->open(*member), oci::kConfigLimit, what);
  if (const std::optional<Digest> promised = promised_digest(entry.config); promised && *promised != Digest::of(bytes)) {
    throw Error(ErrorKind::verification, fmt::format("{}: its bytes have another hash than its name says", what),
                "the archive is damaged or was edited by hand; save the image again");
  }
  oci::Config out = oci::Config::parse(std::move(bytes), what);
  if (out.diff_ids().size() == entry.layers.size()) return out;
  throw Error(ErrorKind::input,
              fmt::format("{}: {} layers, but the config lists {} diff_ids", what, entry.layers.size(), out.diff_ids().size()),
              "the archive is damaged; save the image again");
}

std::string SavedImages::member_of_layer(std::size_t at, std::size_t number) const {
  return members_->file_behind(entries_.at(at).layers.at(number)).value_or("");
}

StoredLayer SavedImages::stored_layer(std::size_t at, std::size_t number) const {
  const std::string member = member_of_layer(at, number);
  if (!member.empty()) return {members_->size(member), [members = members_, member] { return members->open(member); }};
  throw Error(ErrorKind::unsupported,
              fmt::format("{}: layer {} is not in the archive", name_, printable(entries_.at(at).layers.at(number))),
              "images with layers that must be fetched from their vendor cannot be written into an archive");
}

std::unique_ptr<Source> SavedImages::expanded(const std::string& member) const { return archive::decompress(members_->open(member)); }

oci::Descriptor SavedImages::describe_layer(std::size_t at, std::size_t number, const Digest& diff_id) {
  const SavedEntry& entry = entries_[at];
  const std::string member = member_of_layer(at, number);
  if (member.empty()) {
    const auto source = entry.sources.find(diff_id);
    if (source != entry.sources.end() && media_type::is_nondistributable(source->second.media_type) && !source->second.urls.empty()) {
      oci::Descriptor foreign = docker_descriptor(kForeignLayer, source->second.digest, source->second.size);
      foreign.urls = source->second.urls;
      return foreign;
    }
    throw Error(ErrorKind::input, fmt::format("{}: layer {} is missing", name_, printable(entry.layers[number])),
                "the archive is incomplete; save the image again");
  }
  const std::string key = member + '\n' + diff_id.text();
  if (const auto known = layers_.find(key); known != layers_.end()) return known->second;

  Stored stored{.bytes = {}, .member = member, .size = members_->size(member), .diff_id = diff_id};
  oci::Descriptor out = docker_descriptor(media_type::kDockerLayer, diff_id, stored.size);
  const archive::Compression compression = compression_of(*members_->open(member));
  if (compression == archive::Compression::gzip) {
    stored.compressed = true;
    const std::optional<Digest> promised = promised_digest(member);  // proven when it is read
    out = docker_descriptor(media_type::kDockerLayerGzip, promised ? *promised : measure(*members_->open(member)).digest, stored.size);
  } else if (compression != archive::Compression::none) {
    stored.expand = true;
    const std::unique_ptr<Source> plain = verified(expanded(member), -1, diff_id, "layer " + printable(member));
    out.size = stored.size = measure(*plain).size;
  }
  const std::lock_guard guard(mutex_);
  const auto [place, fresh] = stored_.try_emplace(out.digest, stored);
  if (!fresh && place->second.diff_id != diff_id) {
    throw Error(ErrorKind::verification, fmt::format("{}: two images say different things of layer {}", name_, printable(member)),
                "the archive is damaged; save the images again");
  }
  layers_.emplace(key, out);
  return out;
}

oci::Descriptor SavedImages::describe(std::size_t at) {
  const std::lock_guard one_at_a_time(describing_);
  {
    const std::lock_guard guard(mutex_);
    if (const auto known = described_.find(at); known != described_.end()) return known->second;
  }
  const oci::Config parsed = config(at);
  const oci::Descriptor config = docker_descriptor(media_type::kDockerConfig, Digest::of(parsed.bytes()), parsed.bytes().size());
  std::vector<oci::Descriptor> layers;
  for (std::size_t number = 0; number < parsed.diff_ids().size(); ++number) {
    layers.push_back(with_context([&] { return fmt::format("layer {} of {}", number, name_); },
                                  [&] { return describe_layer(at, number, parsed.diff_ids()[number]); }));
  }
  const std::string manifest = docker_manifest(config, layers);
  oci::Descriptor root = docker_descriptor(media_type::kDockerManifest, Digest::of(manifest), manifest.size());
  const std::lock_guard guard(mutex_);
  stored_.try_emplace(config.digest, Stored{.bytes = parsed.bytes(), .member = {}, .size = config.size, .diff_id = {}});
  stored_.try_emplace(root.digest, Stored{.bytes = manifest, .member = {}, .size = root.size, .diff_id = {}});
  described_.emplace(at, root);
  return root;
}

const SavedImages::Stored* SavedImages::find(const Digest& digest) {
  const auto known = [&]() -> const Stored* {
    const std::lock_guard guard(mutex_);
    const auto at = stored_.find(digest);
    return at == stored_.end() ? nullptr : &at->second;  // nothing is ever taken out
  };
  const Stored* found = known();
  for (std::size_t at = 0; !found && at < entries_.size(); ++at) {
    describe(at);
    found = known();
  }
  return found;
}

void SavedImages::prove_diff_id(const Digest& digest, const Stored& stored) {
  {
    const std::lock_guard guard(mutex_);
    if (proven_.contains(digest)) return;
  }
  read_through(*verified(expanded(stored.member), -1, stored.diff_id, "layer " + printable(stored.member)));
  const std::lock_guard guard(mutex_);
  proven_.insert(digest);
}

std::unique_ptr<Source> SavedImages::open(const oci::Descriptor& descriptor) {
  const Stored* stored = find(descriptor.digest);
  const std::string blob = fmt::format("blob {}", descriptor.digest.text());
  if (!stored) {
    throw Error(ErrorKind::input, fmt::format("{} is missing from {}", blob, name_), "the image is incomplete there; copy it again");
  }
  if (stored->size != descriptor.size) {
    throw Error(ErrorKind::verification,
                fmt::format("{} in {} has {} bytes where {} were announced", blob, name_, stored->size, descriptor.size),
                "the archive is damaged; save the image again");
  }
  const auto size = static_cast<std::int64_t>(stored->size);
  if (!stored->bytes.empty()) return verified(source_of(stored->bytes), size, descriptor.digest, blob);
  if (stored->compressed) prove_diff_id(descriptor.digest, *stored);
  return verified(stored->expand ? expanded(stored->member) : members_->open(stored->member), size, descriptor.digest, blob);
}

bool SavedImages::has(const oci::Descriptor& descriptor) {
  const Stored* stored = descriptor.digest.empty() ? nullptr : find(descriptor.digest);
  if (!stored || stored->size != descriptor.size) return false;
  if (!stored->bytes.empty()) return true;
  if (!stored->compressed) {
    const std::lock_guard guard(mutex_);
    if (proven_.contains(descriptor.digest)) return true;
  }
  try {
    read_through(*open(descriptor));
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::verification) return false;
    throw;
  }
  const std::lock_guard guard(mutex_);
  proven_.insert(descriptor.digest);
  return true;
}

}  // namespace resole::registry
