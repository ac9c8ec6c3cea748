// SPDX-License-Identifier: Apache-2.0
#include "registry/remote/upload.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::registry {

namespace {

constexpr std::uint64_t kChunk = 4u << 20;         // GHCR refuses longer ones (oci.md section 3)
constexpr std::uint64_t kMostChunk = 256ull << 20;  // of memory, whatever OCI-Chunk-Min-Length asks for
constexpr const char* kBytes = "Content-Type: application/octet-stream";

bool is_accepted(const Answer& answer) { return answer.status() == 201 || answer.status() == 202 || answer.status() == 204; }  // 201: ECR

UploadPlace place_of(const Session& session, const Answer& answer, const UploadPlace* before, const std::string& what) {
  UploadPlace place;
  if (const std::string* location = answer.head.field("location")) {
    place.location = session.resolve_location(answer, *location);
  } else if (before) {
    place.location = before->location;
  } else {
    throw Error(ErrorKind::network, fmt::format("{}: the registry accepts an upload but does not say where (no Location)", what));
  }
  if (before) place.least_chunk = before->least_chunk;
  if (const std::string* least = answer.head.field("oci-chunk-min-length")) place.least_chunk = parse_unsigned(*least).value_or(0);
  return place;
}

// Exactly `size` bytes from `offset` of an opened source, kept: a chunk can be sent again.
std::string read_chunk(Source& source, std::uint64_t size) {
  std::string chunk(size, '\0');
  std::size_t have = 0;
  while (have < chunk.size()) {
    const std::size_t count = source.read(chunk.data() + have, chunk.size() - have);
    if (count == 0) break;
    have += count;
  }
  chunk.resize(have);
  return chunk;
}

class Upload {
 public:
  Upload(Connection& connection, Session& session, const oci::Descriptor& blob, const SourceOpener& open, const std::string& what)
      : connection_(connection), session_(session), blob_(blob), open_(open), what_(what) {}

  void run(std::optional<UploadPlace> place) {
    io::RetryOptions retries = connection_.retries;
    retries.tries = 2;  // then in chunks
    bool chunked = false;
    try {
      io::with_retries(retries, [&] {
        auto trouble = stream_once(std::exchange(place, std::nullopt), chunked);
        if (chunked) trouble.reset();
        return trouble;
      });
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::network || !broke_) throw;
      chunked = true;
    }
    if (chunked) in_chunks();
  }

 private:
  UploadPlace begin() {
    const Answer answer = session_.call({.method = "POST", .path = "/blobs/uploads/"});
    if (answer.status() != 202) throw session_.refusal(answer, what_);
    return place_of(session_, answer, nullptr, what_);
  }

  // One PATCH with everything. `chunked`: the server takes no such PATCH.
  std::optional<io::Trouble> stream_once(std::optional<UploadPlace> given, bool& chunked) {
    UploadPlace place = given ? *given : begin();
    if (blob_.size == 0) {
      finish(place);
      return std::nullopt;
    }
    broke_ = false;
    Answer answer;
    try {
      answer = session_.call({.method = "PATCH",
                              .path = place.location,
                              .fields = {kBytes},
                              .body = io::HttpBody{[this] { return proven(); }, blob_.size},
                              .once = true});
    } catch (const Error& error) {
      abandon(place);
      if (error.kind() != ErrorKind::network && error.kind() != ErrorKind::throttled) throw;  // our own side: the bytes are not what they should be
      if (source_failed_) throw;
      broke_ = true;
      return io::Trouble{error, true};
    }
    if (is_accepted(answer)) {
      finish(place_of(session_, answer, &place, what_));
      return std::nullopt;
    }
    abandon(place);
    if (given && answer.status() == 404) return io::Trouble{session_.refusal(answer, what_), true, 0};  // the place of a mount was none
    chunked = answer.status() == 411 || answer.status() == 413 || answer.status() == 416;
    const bool stale = answer.status() == 404;
    return io::Trouble{session_.refusal(answer, what_), stale || chunked, 0};
  }

  // The bytes, checked on the way out; remembers when it is they that fail.
  std::unique_ptr<Source> proven() {
    class Watching : public Source {
     public:
      Watching(std::unique_ptr<Source> source, bool& failed) : source_(std::move(source)), failed_(failed) {}
      std::size_t read(char* buffer, std::size_t capacity) override {
        try {
          return source_->read(buffer, capacity);
        } catch (...) {
          failed_ = true;
          throw;
        }
      }

     private:
      std::unique_ptr<Source> source_;
      bool& failed_;
    };
    source_failed_ = true;  // until it is open
    auto source = std::make_unique<Watching>(verified(open_(), static_cast<std::int64_t>(blob_.size), blob_.digest, what_), source_failed_);
    source_failed_ = false;
    return source;
  }

  void in_chunks() {
    connection_.reporter.debug(fmt::format("{}: sent again in chunks", what_));
    UploadPlace place = begin();
    const std::uint64_t chunk_size = std::clamp(place.least_chunk, kChunk, kMostChunk);
    if (place.least_chunk > kMostChunk) {
      throw Error(ErrorKind::network, fmt::format("{}: the registry wants chunks of at least {}", what_, human_size(place.least_chunk)));
    }
    const std::unique_ptr<Source> source = proven();
    for (std::uint64_t sent = 0; sent < blob_.size;) {
      const std::string chunk = read_chunk(*source, std::min(chunk_size, blob_.size - sent));
      send_chunk(place, chunk, sent);
      sent += chunk.size();
    }
    char byte = 0;
    source->read(&byte, 1);  // its end proves the digest
    finish(place);
  }

  void send_chunk(UploadPlace& place, std::string_view chunk, std::uint64_t offset) {
    std::size_t done = 0;
    io::with_retries(connection_.retries, [&]() -> std::optional<io::Trouble> {
      const std::string_view rest = chunk.substr(done);
      if (rest.empty()) return std::nullopt;
      const std::uint64_t first = offset + done;
      std::optional<Error> broke;
      try {
        const Answer answer = session_.call({.method = "PATCH",
                                             .path = place.location,
                                             .fields = {kBytes, fmt::format("Content-Range: {}-{}", first, first + rest.size() - 1)},
                                             .body = io::HttpBody{opener_of(rest), rest.size()},
                                             .once = true});
        if (is_accepted(answer)) {
          place = place_of(session_, answer, &place, what_);
          return std::nullopt;
        }
        if (answer.status() != 416) throw session_.refusal(answer, what_);
        broke = session_.refusal(answer, what_);
      } catch (const Error& error) {
        if (broke || (error.kind() != ErrorKind::network && error.kind() != ErrorKind::throttled)) throw;
        broke = error;
      }
      const std::uint64_t there = received(place);
      if (there < offset || there > offset + chunk.size()) throw *broke;
      const std::size_t now = static_cast<std::size_t>(there - offset);
      const bool progressed = now > done;
      done = now;
      if (done == chunk.size()) return std::nullopt;
      return io::Trouble{*broke, true, -1, progressed};
    });
  }

  // How many bytes the registry has: "Range: 0-99" of the upload's status (inclusive).
  std::uint64_t received(UploadPlace& place) {
    const Answer answer = session_.call({.path = place.location});
    if (answer.status() != 204 && answer.status() != 202 && answer.status() != 200) throw session_.refusal(answer, what_);
    place = place_of(session_, answer, &place, what_);
    const std::string* range = answer.head.field("range");
    if (!range) return 0;
    const std::size_t dash = range->rfind('-');
    const auto last = dash == std::string::npos ? std::nullopt : parse_unsigned(std::string_view(*range).substr(dash + 1));
    return last ? *last + (*last == 0 && range->find("0-0") != std::string::npos ? 0 : 1) : 0;
  }

  void finish(const UploadPlace& place) {
    const char joint = place.location.find('?') == std::string::npos ? '?' : '&';
    const Answer answer = session_.call({.method = "PUT", .path = fmt::format("{}{}digest={}", place.location, joint, blob_.digest.text()), .fields = {kBytes}});
    if (answer.status() != 201 && answer.status() != 202 && answer.status() != 204) {
      if (answer.status() == 400 && answer.body.find("DIGEST_INVALID") != std::string::npos) {
        throw Error(ErrorKind::verification, fmt::format("{}: the registry received other bytes than were sent", what_), "try again; something on the way changes uploads");
      }
      throw session_.refusal(answer, what_);
    }
    const std::string* digest = answer.head.field("docker-content-digest");
    if (digest && *digest != blob_.digest.text()) {
      throw Error(ErrorKind::verification, fmt::format("{}: the registry stored it as {}", what_, printable(*digest, 100)),
                  "try again; resole cannot work with a registry that changes what it is given");
    }
  }

  // Best effort: uploads that nobody finishes take space until the registry forgets them.
  void abandon(const UploadPlace& place) noexcept {
    try {
      session_.call({.method = "DELETE", .path = place.location, .once = true});
    } catch (const Error&) {
    }
  }

  Connection& connection_;
  Session& session_;
  const oci::Descriptor& blob_;
  const SourceOpener& open_;
  const std::string& what_;
  bool broke_ = false, source_failed_ = false;
};

}  // namespace

MountAnswer mount_remote_blob(Session& session, const Digest& digest, const std::string& from) {
  MountAnswer result;
  try {
    // Never without `from` (Quay refuses that); the source's scope comes second, and is needed even where it is public (Docker Hub).
    const Answer answer = session.call({.method = "POST",
                                        .path = fmt::format("/blobs/uploads/?mount={}&from={}", digest.text(), from),
                                        .scopes = {fmt::format("repository:{}:pull", from)}});
    if (answer.status() == 201) return {Mounted::yes, {}, {}};
    if (answer.status() == 202) {
      result.place = place_of(session, answer, nullptr, "mount");
      result.why = "the registry wants the bytes";
      return result;
    }
    result.why = session.refusal(answer, "mount").message();
  } catch (const Error& error) {  // Harbor answers 401 for projects it does not know
    result.why = error.message();
  }
  return result;
}

void upload_blob(Connection& connection, Session& session, const oci::Descriptor& blob, const SourceOpener& open, std::optional<UploadPlace> place,
                 const std::string& what) {
  Upload(connection, session, blob, open, what).run(std::move(place));
}

}  // namespace resole::registry
