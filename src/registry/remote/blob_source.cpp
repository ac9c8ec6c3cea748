// SPDX-License-Identifier: Apache-2.0
#include "registry/remote/blob_source.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::registry {

namespace {

// This much in one attempt counts as progress: a server that breaks after every few bytes is given up on.
constexpr std::uint64_t kGoodPart = 1u << 20;

class RemoteBlob : public Source {
 public:
  RemoteBlob(Connection& connection, Session& session, const oci::Descriptor& blob, std::string what)
      : connection_(connection), session_(session), blob_(blob), what_(std::move(what)), path_("/blobs/" + blob.digest.text()) {}

  // False: the registry does not have it.
  bool open() {
    bool found = true;
    io::with_retries(connection_.retries, [&] {
      found = true;
      return connect(found);
    });
    return found;
  }

  std::size_t read(char* buffer, std::size_t capacity) override {
    if (capacity == 0) return 0;
    std::size_t count = 0;
    bool ended = false;
    if (stream_) count = pull(buffer, capacity, ended);
    if (count > 0 || ended) return count;
    io::with_retries(connection_.retries, [&]() -> std::optional<io::Trouble> {
      bool found = true;
      if (!stream_) {
        if (auto trouble = connect(found)) return trouble;
        if (!found) throw Error(ErrorKind::network, fmt::format("{}: it is gone from the registry", what_), "try again");
      }
      count = pull(buffer, capacity, ended);
      if (count > 0 || ended) return std::nullopt;
      const bool progressed = have_ >= attempt_begin_ + kGoodPart;
      return io::Trouble{broken(), true, -1, progressed};
    });
    return count;
  }

 private:
  // Bytes, or `ended`; neither when the connection broke (the stream is then gone).
  std::size_t pull(char* buffer, std::size_t capacity, bool& ended) {
    for (;;) {
      const std::size_t count = stream_->read(buffer, capacity);
      if (count == 0) break;
      const std::size_t skipped = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, count));
      skip_ -= skipped;
      if (skipped == count) continue;
      std::copy(buffer + skipped, buffer + count, buffer);
      have_ += count - skipped;
      return count - skipped;
    }
    const io::HttpOutcome outcome = stream_->outcome();
    // Whatever the framing says, the descriptor knows how long it is. One that is too long is caught by verified().
    ended = have_ >= blob_.size;
    if (!ended) {
      trouble_ = outcome.trouble.empty() ? fmt::format("it ended after {} of {} bytes", have_, blob_.size) : outcome.trouble;
      stream_.reset();
    }
    return 0;
  }

  std::optional<io::Trouble> connect(bool& found) {
    attempt_begin_ = have_;
    stream_ = session_.open(path_, have_);
    const io::HttpHead& head = stream_->head();
    if (head.status == 404 && have_ == 0) {
      found = false;
      return std::nullopt;
    }
    if (head.status == 200) {
      skip_ = have_;
      return std::nullopt;
    }
    if (head.status == 206 && continues(head)) {
      skip_ = 0;
      return std::nullopt;
    }
    if (head.status == 206 || head.status == 416) throw Error(ErrorKind::network, fmt::format("{}: the registry sends another range than asked for", what_));
    return refused();
  }

  bool continues(const io::HttpHead& head) const {
    const std::string* text = head.field("content-range");
    const auto range = text == nullptr ? std::nullopt : io::parse_content_range(*text);
    return range && range->first == have_ && range->last + 1 == blob_.size && (!range->total || *range->total == blob_.size);
  }

  std::optional<io::Trouble> refused() {
    Answer answer{.head = stream_->head(), .body = {}};
    std::string buffer(16u << 10, '\0');
    if (const std::size_t count = stream_->read(buffer.data(), buffer.size())) answer.body = buffer.substr(0, count);
    const io::HttpOutcome outcome = answer.status() == 0 ? stream_->outcome() : io::HttpOutcome{.head = answer.head};
    stream_.reset();
    if (outcome.ending == io::Ending::failed || outcome.ending == io::Ending::interrupted) {
      return io::Trouble{Error(ErrorKind::network, fmt::format("{}: {}", what_, outcome.trouble), "check the network and the name of the registry"),
                         outcome.ending == io::Ending::interrupted};
    }
    const int status = answer.status();
    const bool again = status == 408 || status == 429 || status == 499 || (status >= 500 && status != 501);
    return io::Trouble{session_.refusal(answer, what_), again, io::retry_after_seconds(answer.head, connection_.clock.now())};
  }

  Error broken() const { return Error(ErrorKind::network, fmt::format("{}: {}", what_, trouble_), "try again"); }

  Connection& connection_;
  Session& session_;
  const oci::Descriptor blob_;
  const std::string what_, path_;
  std::unique_ptr<io::HttpStream> stream_;
  std::uint64_t have_ = 0, skip_ = 0, attempt_begin_ = 0;
  std::string trouble_ = "the connection broke";
};

}  // namespace

std::unique_ptr<Source> open_remote_blob(Connection& connection, Session& session, const oci::Descriptor& blob, std::string what) {
  auto source = std::make_unique<RemoteBlob>(connection, session, blob, std::move(what));
  if (!source->open()) return nullptr;
  return source;
}

}  // namespace resole::registry
