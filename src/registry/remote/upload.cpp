// SPDX-License-Identifier: Apache-2.0
#include "registry/remote/upload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::registry {

namespace {

constexpr std::uint64_t kChunk = 4u << 20;         // GHCR refuses longer ones (oci.md section 3)
constexpr std::uint64_t kMostChunk = 256ull << 20;  // of memory, whatever OCI-Chunk-Min-Length asks for
constexpr unsigned kTries = 2;                      // of a way to upload that breaks; those that are only sent away to wait do not count
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

// Nothing is wrong with the upload: the registry wants to be asked later.
bool is_told_to_wait(int status) { return status == 429 || status == 503; }

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

  // Streamed; in chunks when that breaks again, or the registry wants it.
  void run(std::optional<UploadPlace> place) {
    bool chunked = false;
    try {
      within_tries([&] {
        auto trouble = stream_once(std::exchange(place, std::nullopt), chunked);
        if (chunked) trouble.reset();
        return trouble;
      });
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::network || !broke_) throw;
      chunked = true;
    }
    if (chunked) within_tries([this] { return in_chunks(); });
  }

 private:
  void within_tries(const std::function<std::optional<io::Trouble>()>& attempt) {
    unsigned failures = 0;
    io::with_retries(connection_.retries, [&] {
      waits_ = false;
      auto trouble = attempt();
      if (trouble && !waits_ && ++failures == kTries) trouble->again = false;
      return trouble;
    });
  }

  UploadPlace begin() {
    const Answer answer = session_.call({.method = "POST", .path = "/blobs/uploads/"});
    if (answer.status() != 202) throw session_.refusal(answer, what_);
    return place_of(session_, answer, nullptr, what_);
  }

  // One PATCH with everything. `chunked`: the server takes no such PATCH.
  std::optional<io::Trouble> stream_once(std::optional<UploadPlace> given, bool& chunked) {
    UploadPlace place = given ? *given : begin();
    broke_ = false;
    if (blob_.size == 0) return finish(place);
    Answer answer;
    std::optional<io::Trouble> trouble;
    try {
      const io::HttpBody body{[this] { return proven(); }, blob_.size};
      trouble = session_.attempt({.method = "PATCH", .path = place.location, .fields = {kBytes}, .body = body}, answer);
    } catch (const Error&) {  // our own side: the bytes are not what they should be, or cannot be had; or no login
      abandon(place);
      throw;
    }
    if (trouble) {
      abandon(place);
      broke_ = true;
      waits_ = is_told_to_wait(answer.status());
      trouble->again = true;
      return trouble;
    }
    if (is_accepted(answer)) return finish(place_of(session_, answer, &place, what_));
    abandon(place);
    if (given && answer.status() == 404) return io::Trouble{session_.refusal(answer, what_), true, 0};  // the place of a mount was none
    chunked = answer.status() == 411 || answer.status() == 413 || answer.status() == 416;
    const bool stale = answer.status() == 404;
    return io::Trouble{session_.refusal(answer, what_), stale || chunked, 0};
  }

  // The bytes, checked on the way out.
  std::unique_ptr<Source> proven() const { return verified(open_(), static_cast<std::int64_t>(blob_.size), blob_.digest, what_); }

  std::optional<io::Trouble> in_chunks() {
    connection_.reporter.debug(fmt::format("{}: sent again in chunks", what_));
    UploadPlace place = begin();
    const std::uint64_t chunk_size = std::clamp(place.least_chunk, kChunk, kMostChunk);
    if (place.least_chunk > kMostChunk) {
      throw Error(ErrorKind::network, fmt::format("{}: the registry wants chunks of at least {}", what_, human_size(place.least_chunk)));
    }
    const std::unique_ptr<Source> source = proven();
    for (std::uint64_t sent = 0; sent < blob_.size;) {
      const std::string chunk = read_chunk(*source, std::min(chunk_size, blob_.size - sent));
      if (auto lost = send_chunk(place, chunk, sent)) return lost;
      sent += chunk.size();
    }
    char byte = 0;
    source->read(&byte, 1);  // its end proves the digest
    return finish(place);
  }

  // Trouble: the registry does not know the upload any more.
  std::optional<io::Trouble> send_chunk(UploadPlace& place, std::string_view chunk, std::uint64_t offset) {
    std::size_t done = 0;
    std::optional<io::Trouble> lost;
    bool repeated = false;
    io::with_retries(connection_.retries, [&]() -> std::optional<io::Trouble> {
      const std::string_view rest = chunk.substr(done);
      if (rest.empty()) return std::nullopt;
      const std::uint64_t first = offset + done;
      Answer answer;
      auto trouble = session_.attempt({.method = "PATCH",
                                       .path = place.location,
                                       .fields = {kBytes, fmt::format("Content-Range: {}-{}", first, first + rest.size() - 1)},
                                       .body = io::HttpBody{opener_of(rest), rest.size()}},
                                      answer);
      if (!trouble && is_accepted(answer)) {
        place = place_of(session_, answer, &place, what_);
        return std::nullopt;
      }
      if (!trouble) {
        trouble = io::Trouble{session_.refusal(answer, what_), true};
        if (answer.status() == 404 && repeated) {
          lost = trouble;
          return std::nullopt;
        }
        if (answer.status() != 416) throw trouble->error;
      }
      repeated = trouble->again = true;
      if (answer.status() == 429) return trouble;  // nothing was taken, and the question would be one more request
      const auto there = received(place);
      if (!there) {
        lost = trouble;
        return std::nullopt;
      }
      if (*there < offset || *there > offset + chunk.size()) throw trouble->error;
      const std::size_t now = static_cast<std::size_t>(*there - offset);
      trouble->progressed = now > done;
      done = now;
      if (done == chunk.size()) return std::nullopt;
      return trouble;
    });
    return lost;
  }

  // How many bytes the registry has: "Range: 0-99" of the upload's status (inclusive). None: it knows no such upload.
  std::optional<std::uint64_t> received(UploadPlace& place) {
    const Answer answer = session_.call({.path = place.location});
    if (answer.status() == 404) return std::nullopt;
    if (answer.status() != 204 && answer.status() != 202 && answer.status() != 200) throw session_.refusal(answer, what_);
    place = place_of(session_, answer, &place, what_);
    const std::string* range = answer.head.field("range");
    if (!range) return 0;
    const std::size_t dash = range->rfind('-');
    const auto last = dash == std::string::npos ? std::nullopt : parse_unsigned(std::string_view(*range).substr(dash + 1));
    return last ? *last + (*last == 0 && range->find("0-0") != std::string::npos ? 0 : 1) : 0;
  }

  // The PUT that makes the upload a blob. Its answer may be lost though it took effect, and its place is then gone: the blob is asked for.
  // Trouble: the blob is not there, and the registry cannot say more about this upload.
  std::optional<io::Trouble> finish(const UploadPlace& place) {
    const char joint = place.location.find('?') == std::string::npos ? '?' : '&';
    const Call put{.method = "PUT", .path = fmt::format("{}{}digest={}", place.location, joint, blob_.digest.text()), .fields = {kBytes}};
    std::optional<io::Trouble> over;
    broke_ = false;
    try {
      io::with_retries(connection_.retries, [&]() -> std::optional<io::Trouble> {
        over.reset();
        Answer answer;
        auto trouble = session_.attempt(put, answer);
        // Also the first 404: a request that broke on a connection that was used before is sent again below us.
        if (!trouble && answer.status() != 404) {
          check_end(answer);
          return std::nullopt;
        }
        if (answer.status() != 429 && is_there()) return std::nullopt;
        if (!trouble) {
          over = io::Trouble{session_.refusal(answer, what_), true, 0};
          return std::nullopt;
        }
        if (answer.status() != 429) over = io::Trouble{trouble->error, true};
        return trouble;
      });
    } catch (const Error&) {
      abandon(place);
      if (!over) throw;
    }
    return over;
  }

  bool is_there() {
    const Answer answer = session_.call({.method = "HEAD", .path = "/blobs/" + blob_.digest.text()});
    const auto size = answer.head.content_length();
    return answer.status() == 200 && (!size || *size == 0 || *size == blob_.size);  // some registries say nothing, or 0, to a HEAD
  }

  void check_end(const Answer& answer) {
    if (answer.status() != 201 && answer.status() != 202 && answer.status() != 204) {
      if (answer.status() == 400 && answer.body.find("DIGEST_INVALID") != std::string::npos) {
        throw Error(ErrorKind::verification, fmt::format("{}: the registry received other bytes than were sent", what_),
                    "try again; something on the way changes uploads");
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
      Answer answer;
      session_.attempt({.method = "DELETE", .path = place.location}, answer);
    } catch (const Error&) {
    }
  }

  Connection& connection_;
  Session& session_;
  const oci::Descriptor& blob_;
  const SourceOpener& open_;
  const std::string& what_;
  bool broke_ = false;  // the streamed PATCH did, last
  bool waits_ = false;  // the attempt failed because the registry wants to be asked later
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
