// SPDX-License-Identifier: Apache-2.0
#include "registry/remote/remote_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "io/files.hpp"
#include "registry/blob_folder.hpp"
#include "registry/local_image.hpp"
#include "registry/remote/blob_source.hpp"

namespace resole::registry {

namespace {

constexpr std::size_t kMostManifest = 8u << 20;     // as regclient; registries must take 4 MiB (distribution-spec)
constexpr std::uint64_t kSmallBlob = 1u << 20;      // configs: kept in the cache whole
constexpr std::string_view kRoom = "download";      // entries there are checked against their digest

const std::string& accept_field() {
  static const std::string field = fmt::format("Accept: {}, {}, {}, {}", oci::media_type::kOciIndex, oci::media_type::kOciManifest,
                                               oci::media_type::kDockerList, oci::media_type::kDockerManifest);
  return field;
}

std::string cache_key(const Digest& digest) { return digest.algorithm() == Algorithm::sha256 ? std::string(digest.hex()) : digest.text(); }

// A size that is another blob's says that the descriptor is wrong.
std::pair<Digest, std::uint64_t> identity(const oci::Descriptor& descriptor) { return {descriptor.digest, descriptor.size}; }

// "application/vnd.oci.image.index.v1+json; charset=utf-8" -> without the parameters.
std::string type_of(const io::HttpHead& head) {
  const std::string* type = head.field("content-type");
  return type ? std::string(trim(std::string_view(*type).substr(0, type->find(';')))) : std::string();
}

bool is_known_type(std::string_view type) { return oci::media_type::is_index(type) || oci::media_type::is_manifest(type); }

// Artifactory answers 403 for what is not there (go-containerregistry's pusher knows it too). Before writing that is a miss for what is named by its
// digest: what really is forbidden shows when it is written, and nothing is overwritten. Tags: says_absent().
bool is_missing(int status, const Session& session) { return status == 404 || (status == 403 && session.writes()); }

// For a tag a miss is believed only with these words (distribution-spec "Error Codes"): it would be moved, whatever it is.
bool says_absent(const Answer& answer) {
  return answer.body.find("\"MANIFEST_UNKNOWN\"") != std::string::npos || answer.body.find("\"NAME_UNKNOWN\"") != std::string::npos;
}

// All of a source, kept (memory, then an unlinked file).
class SpooledSource : public Source {
 public:
  explicit SpooledSource(Source& all) : spool_(io::temporary_spool(std::filesystem::temp_directory_path())) {
    copy_all(all, *spool_);
    kept_ = spool_->open();
  }
  std::size_t read(char* buffer, std::size_t capacity) override { return kept_->read(buffer, capacity); }

 private:
  std::unique_ptr<Spool> spool_;
  std::unique_ptr<Source> kept_;
};

// All parts were put or seen before their manifest. Where another client puts one of them at the same time, docker-registry (2.8) does not see
// it for a moment: it writes the file that names the blob anew, and not in one step.
bool misses_parts(const Answer& answer) {
  return answer.status() >= 400 && answer.body.find("BLOB_UNKNOWN") != std::string::npos;
}
constexpr double kMoment = 0.3;  // seconds, for a name that is being written

}  // namespace

RemoteStore::RemoteStore(oci::Reference reference, const Endpoints& endpoints, Connection& connection, Cache& cache, bool writing)
    : reference_(std::move(reference)), connection_(connection), cache_(cache) {
  if (writing) {
    writing_ = std::make_unique<Session>(connection, reference_.registry, endpoints.writing, true);
    return;
  }
  for (const Endpoint& endpoint : endpoints.reading) reading_.push_back(std::make_unique<Session>(connection, reference_.registry, endpoint, false));
}

RemoteStore::~RemoteStore() = default;

std::string RemoteStore::name() const { return printable(reference_.text(), 300); }

// ---- reading

std::optional<oci::Descriptor> RemoteStore::resolve() {
  const std::string wanted = reference_.digest.empty() ? (reference_.tag.empty() ? "latest" : reference_.tag) : reference_.digest.text();
  if (writing_) return at_tag(wanted);
  std::optional<Error> trouble;
  for (const auto& session : reading_) {
    const Endpoint& endpoint = session->endpoint();
    if (endpoint.digests_only && reference_.digest.empty()) continue;
    try {
      if (auto found = resolve_at(*session, wanted)) return found;
    } catch (const Error& error) {
      if (!endpoint.is_mirror) throw;
      connection_.reporter.debug(fmt::format("mirror {}: {}", endpoint.host, error.message()));
      trouble = error;
    }
  }
  return std::nullopt;
}

std::optional<oci::Descriptor> RemoteStore::at_tag(const std::string& tag) { return resolve_at(*writing_, tag); }

// HEAD costs nothing of Docker Hub's limit; a registry that does not say enough in it is asked by GET.
std::optional<oci::Descriptor> RemoteStore::resolve_at(Session& session, const std::string& wanted) {
  const Answer answer = session.call({.method = "HEAD", .path = "/manifests/" + wanted, .fields = {accept_field()}});
  const bool is_tag = wanted.find(':') == std::string::npos;
  if (is_tag ? answer.status() == 404 : is_missing(answer.status(), session)) return std::nullopt;
  const std::string* said = answer.head.field("docker-content-digest");
  const auto digest = said ? Digest::try_parse(*said) : std::nullopt;
  const auto size = answer.head.content_length();
  const std::string type = type_of(answer.head);
  if (answer.status() == 200 && digest && size && *size > 0 && is_known_type(type)) {
    if (!reference_.digest.empty() && wanted == reference_.digest.text() && *digest != reference_.digest) {
      throw Error(ErrorKind::verification, fmt::format("{}: the registry has {} under this digest", name(), digest->text()));
    }
    return oci::Descriptor{.media_type = type, .digest = *digest, .size = *size};
  }
  auto fetched = fetch_manifest(session, wanted);
  if (!fetched) return std::nullopt;
  const Digest found = Digest::of(fetched->bytes);
  if (!is_tag && found.text() != wanted) {
    throw Error(ErrorKind::verification, fmt::format("{}: the registry answers with other bytes ({})", name(), found.text()));
  }
  cache_.put(kRoom, cache_key(found), fetched->bytes);
  return oci::Descriptor{.media_type = fetched->type, .digest = found, .size = fetched->bytes.size()};
}

std::optional<RemoteStore::Fetched> RemoteStore::fetch_manifest(Session& session, const std::string& wanted) {
  const Answer answer = session.call({.path = "/manifests/" + wanted, .fields = {accept_field()}, .limit = kMostManifest});
  const bool is_tag = wanted.find(':') == std::string::npos;
  if (is_missing(answer.status(), session) && (!is_tag || answer.status() == 404 || says_absent(answer))) return std::nullopt;
  if (answer.status() == 403 && session.writes()) {
    const Error refused = session.refusal(answer, fmt::format("manifest {} of {}", printable(wanted, 130), name()));
    throw Error(refused.kind(), refused.message() + "; it cannot be told whether something is there",
                fmt::format("log in to {} with an account that may pull there, too, or choose another tag", session.registry()));
  }
  if (answer.status() != 200) throw session.refusal(answer, fmt::format("manifest {} of {}", printable(wanted, 100), name()));
  std::string type = type_of(answer.head);
  if (!is_known_type(type)) type = type_of_manifest(answer.body, fmt::format("manifest {} of {}", printable(wanted, 100), name()));
  return Fetched{answer.body, std::move(type)};
}

std::string RemoteStore::read_small(const oci::Descriptor& descriptor, std::string bytes) {
  if (bytes.size() != descriptor.size || Digest::of(bytes) != descriptor.digest) {
    if (descriptor.digest.algorithm() != Algorithm::sha256 && bytes.size() == descriptor.size) return bytes;  // proven by verified()
    throw Error(ErrorKind::verification, fmt::format("{} of {}: the registry answers with other bytes", descriptor.digest.short_text(), name()),
                "the registry or something on the way is damaged");
  }
  cache_.put(kRoom, cache_key(descriptor.digest), bytes);
  return bytes;
}

std::string RemoteStore::manifest(const oci::Descriptor& descriptor) {
  require_known_digest(descriptor);
  {
    const std::lock_guard lock(mutex_);
    if (pending_ && pending_->descriptor.digest == descriptor.digest) return pending_->bytes;
  }
  if (const auto cached = cache_.get(kRoom, cache_key(descriptor.digest)); cached && cached->size() == descriptor.size) return std::string(cached->bytes());
  const auto from = [&](Session& session) -> std::optional<std::string> {
    const Answer answer = session.call({.path = "/manifests/" + descriptor.digest.text(), .fields = {accept_field()}, .limit = kMostManifest});
    if (is_missing(answer.status(), session)) return std::nullopt;
    if (answer.status() != 200) throw session.refusal(answer, fmt::format("manifest {} of {}", descriptor.digest.short_text(), name()));
    const std::string type = type_of(answer.head);
    if (is_known_type(type) && type != descriptor.media_type) {
      throw Error(ErrorKind::verification, fmt::format("manifest {} of {}: sent as {}, announced as {}", descriptor.digest.short_text(), name(), type,
                                                       printable(descriptor.media_type)));
    }
    return read_all(*verified(source_of(std::string_view(answer.body)), static_cast<std::int64_t>(descriptor.size), descriptor.digest,
                              fmt::format("manifest {} of {}", descriptor.digest.short_text(), name())),
                    kMostManifest, "manifest");
  };
  const auto keep = [&](std::string bytes) { return read_small(descriptor, std::move(bytes)); };
  if (writing_) {
    if (auto bytes = from(*writing_)) return keep(std::move(*bytes));
  }
  for (const auto& session : reading_) {
    try {
      if (auto bytes = from(*session)) return keep(std::move(*bytes));
    } catch (const Error& error) {
      if (!session->endpoint().is_mirror) throw;
      connection_.reporter.debug(fmt::format("mirror {}: {}", session->endpoint().host, error.message()));
    }
  }
  throw Error(ErrorKind::input, fmt::format("manifest {} is missing from {}", descriptor.digest.short_text(), name()),
              "the image is incomplete there; copy it again");
}

std::unique_ptr<Source> RemoteStore::open_remote(const oci::Descriptor& descriptor) {
  const std::string what = fmt::format("blob {} of {}", descriptor.digest.short_text(), name());
  const auto proven = [&](std::unique_ptr<Source> source) {
    return verified(std::move(source), static_cast<std::int64_t>(descriptor.size), descriptor.digest, what);
  };
  if (writing_) {
    if (auto source = open_remote_blob(connection_, *writing_, descriptor, what)) return proven(std::move(source));
  }
  for (const auto& session : reading_) {
    const bool is_mirror = session->endpoint().is_mirror;
    try {
      auto source = open_remote_blob(connection_, *session, descriptor, what);
      if (!source) continue;
      source = proven(std::move(source));
      // What was handed out cannot be taken back: of a mirror, which the next place may stand in for, nothing is before all of it is proven.
      if (is_mirror) source = std::make_unique<SpooledSource>(*source);
      return source;
    } catch (const Error& error) {
      if (!is_mirror || error.kind() == ErrorKind::interrupted) throw;
      const std::string text = fmt::format("mirror {}: {}", session->endpoint().host, error.message());
      error.kind() == ErrorKind::verification ? connection_.reporter.warn(text) : connection_.reporter.debug(text);
    }
  }
  throw Error(ErrorKind::input, fmt::format("blob {} is missing from {}", descriptor.digest.short_text(), name()), "the image is incomplete there; copy it again");
}

std::unique_ptr<Source> RemoteStore::open_blob(const oci::Descriptor& descriptor) {
  require_known_digest(descriptor);
  if (is_known_type(descriptor.media_type)) return source_of(Blob::of(manifest(descriptor)));
  if (descriptor.size > kSmallBlob) return open_remote(descriptor);
  if (const auto cached = cache_.get(kRoom, cache_key(descriptor.digest)); cached && cached->size() == descriptor.size) return source_of(*cached);
  const std::unique_ptr<Source> source = open_remote(descriptor);
  return source_of(cache_.put(kRoom, cache_key(descriptor.digest), read_all(*source, kSmallBlob, "blob")));
}

// ---- looking

bool RemoteStore::exists(const oci::Descriptor& descriptor) {
  const std::string path = fmt::format("/{}/{}", is_known_type(descriptor.media_type) ? "manifests" : "blobs", descriptor.digest.text());
  const auto at = [&](Session& session) {
    const Answer answer = session.call({.method = "HEAD", .path = path, .fields = {accept_field()}});
    if (answer.status() == 200) {
      const auto size = answer.head.content_length();
      return !size || *size == 0 || *size == descriptor.size;  // some registries say nothing, or 0, to a HEAD
    }
    // 403 means 404 at Artifactory; what really is forbidden shows when it is written.
    if (is_missing(answer.status(), session) || answer.status() == 403) return false;
    throw session.refusal(answer, fmt::format("{} of {}", descriptor.digest.short_text(), name()));
  };
  if (writing_) return at(*writing_);
  return std::ranges::any_of(reading_, [&](const auto& session) { return !session->endpoint().is_mirror && at(*session); });
}

bool RemoteStore::has_blob(const oci::Descriptor& descriptor) {
  if (descriptor.digest.empty()) return false;
  {
    const std::lock_guard lock(mutex_);
    if (pending_ && identity(pending_->descriptor) == identity(descriptor)) return true;
    if (there_.contains(identity(descriptor))) return true;
    if (absent_.contains(identity(descriptor))) return false;
  }
  const bool found = exists(descriptor);
  const std::lock_guard lock(mutex_);
  (found ? there_ : absent_).insert(identity(descriptor));
  return found;
}

// ---- writing

void RemoteStore::put_blob(const oci::Descriptor& descriptor, const SourceOpener& open) {
  require_known_digest(descriptor);
  if (has_blob(descriptor)) return;
  std::optional<UploadPlace> place;
  {
    const std::lock_guard lock(mutex_);
    if (const auto left = mount_places_.find(descriptor.digest); left != mount_places_.end()) {
      place = left->second;
      mount_places_.erase(left);
    }
  }
  upload_blob(connection_, *writing_, descriptor, open, std::move(place), fmt::format("upload of {} to {}", descriptor.digest.short_text(), name()));
  const std::lock_guard lock(mutex_);
  absent_.erase(identity(descriptor));
  there_.insert(identity(descriptor));
}

// Across repositories of one registry. Across registries nothing can be mounted: a `from` there is another place's name (Docker Hub, ggcr #1741).
bool RemoteStore::mount_blob(const oci::Descriptor& descriptor, oci::Store& from) {
  const auto* other = dynamic_cast<const RemoteStore*>(&from);
  if (!other || !writing_ || descriptor.digest.empty() || other->reference_.registry != reference_.registry ||
      other->reference_.repository == reference_.repository || is_known_type(descriptor.media_type)) {
    return false;
  }
  {
    const std::lock_guard lock(mutex_);
    if (there_.contains(identity(descriptor))) return false;  // has_blob says so without a request
  }
  MountAnswer answer = mount_remote_blob(*writing_, descriptor.digest, other->reference_.repository);
  const std::lock_guard lock(mutex_);
  if (answer.mounted == Mounted::yes) {
    absent_.erase(identity(descriptor));
    there_.insert(identity(descriptor));
    return true;
  }
  if (answer.place) {
    mount_places_.insert_or_assign(descriptor.digest, *answer.place);
    absent_.insert(identity(descriptor));  // else it would have been mounted
  }
  const std::string text = fmt::format("{} cannot be mounted from {} and is streamed: {}", descriptor.digest.short_text(),
                                       printable(other->reference_.name(), 200), answer.why);
  std::exchange(told_about_mounts_, true) ? connection_.reporter.debug(text) : connection_.reporter.note(text);
  return false;
}

void RemoteStore::write_manifest(const std::string& wanted, const Pending& manifest) {
  const std::string what = fmt::format("writing {} of {}", wanted.find(':') == std::string::npos ? "tag " + wanted : "manifest " + wanted, name());
  io::with_retries(connection_.retries, [&]() -> std::optional<io::Trouble> {
    const Answer answer = writing_->call({.method = "PUT",
                                          .path = "/manifests/" + wanted,
                                          .fields = {"Content-Type: " + manifest.descriptor.media_type},
                                          .body = io::HttpBody{opener_of(manifest.bytes), manifest.bytes.size()}});
    if (answer.status() != 201 && answer.status() != 200 && answer.status() != 202) {
      return io::Trouble{writing_->refusal(answer, what), misses_parts(answer)};
    }
    const std::string* digest = answer.head.field("docker-content-digest");
    if (digest && *digest != manifest.descriptor.digest.text()) {
      throw Error(ErrorKind::verification, fmt::format("{}: the registry stored it as {}", what, printable(*digest, 100)),
                  "the registry changes manifests; resole cannot work with it");
    }
    return std::nullopt;
  });
}

void RemoteStore::flush_pending() {
  std::optional<Pending> pending;
  {
    const std::lock_guard lock(mutex_);
    pending = std::move(pending_);
    pending_.reset();
  }
  if (!pending) return;
  write_manifest(pending->descriptor.digest.text(), *pending);
  const std::lock_guard lock(mutex_);
  there_.insert(identity(pending->descriptor));
}

void RemoteStore::put_manifest(const oci::Descriptor& descriptor, std::string_view bytes) {
  require_known_digest(descriptor);
  const std::string proven = read_all(*verified(source_of(bytes), static_cast<std::int64_t>(descriptor.size), descriptor.digest, "manifest"), kMostManifest, "manifest");
  flush_pending();
  if (has_blob(descriptor)) return;
  const std::lock_guard lock(mutex_);
  pending_ = Pending{descriptor, proven};
}

// False: it means the image already. Error(refused) when it is not what was expected.
bool RemoteStore::may_be_written(const std::string& tag, const oci::Publication& publication) {
  auto now = at_tag(tag);
  if (!now && publication.expected) {  // a tag, too, is gone for the moment in which somebody else writes it
    connection_.retries.sleep(kMoment);
    now = at_tag(tag);
  }
  if (now && now->digest == publication.root.digest) return false;
  if (publication.expected ? now && now->digest == *publication.expected : !now) return true;
  throw Error(ErrorKind::refused,
              fmt::format("{}: the tag {} {}", name(), printable(tag, 130),
                          !now ? "is gone" : publication.expected ? fmt::format("was moved to {} meanwhile", now->digest.short_text()) : "exists already"),
              "run again to start from what is there now, or give --force");
}

void RemoteStore::publish(const oci::Publication& publication) {
  const std::string tag = !publication.tag.empty() ? publication.tag : reference_.tag;
  {
    const std::lock_guard lock(mutex_);
    if (pending_ && pending_->descriptor.digest == publication.root.digest) absent_.erase(identity(publication.root));
  }
  require_root(*this, publication.root);
  if (tag.empty()) {  // by digest alone
    flush_pending();
    return;
  }
  if (!publication.force && !may_be_written(tag, publication)) return;
  Pending root{publication.root, manifest(publication.root)};
  {
    const std::lock_guard lock(mutex_);
    pending_.reset();
  }
  write_manifest(tag, root);
  const std::lock_guard lock(mutex_);
  there_.insert(identity(publication.root));
}

}  // namespace resole::registry
