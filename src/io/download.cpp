// SPDX-License-Identifier: Apache-2.0
// A transfer that breaks at 90 % goes on from there, by "Range: bytes=<have>-". What comes back is believed only as 206 with exactly the
// range that was asked for and the same whole size as before; "If-Range" makes the server send the whole when the file became another one
// in between. 200 is the whole again and starts over; anything else in place of the rest starts over too, with a request without Range.
#include "io/download.hpp"

#include <fmt/format.h>

#include <optional>

#include "base/text.hpp"

namespace resole::io {

namespace {

// This much in one attempt counts as progress; a server that breaks after every few bytes is still given up on.
constexpr std::uint64_t kGoodPart = 1u << 20;

class Transfer : public HttpReceiver {
 public:
  Transfer(const DownloadRequest& request, Landing& landing) : request_(request), landing_(landing) {}

  std::vector<std::string> fields() const {
    std::vector<std::string> fields = request_.fields;
    if (have_ == 0) return fields;
    fields.push_back(fmt::format("Range: bytes={}-", have_));
    if (!validator_.empty()) fields.push_back("If-Range: " + validator_);
    return fields;
  }

  void begin_attempt() {
    attempt_begin_ = have_;
    unusable_range_ = false;
  }

  bool head(const HttpHead& head) override {
    accepted_ = false;
    if (head.status == 206) return continue_with(head);
    if (head.status == 416 && have_ > 0) {
      unusable_range_ = true;
      return false;
    }
    if (head.status == 200) {
      start(head);
    }
    return true;
  }

  bool body(std::string_view bytes) override {
    if (!accepted_) return (ignored_ += bytes.size()) <= (64u << 10);
    have_ += bytes.size();
    check_size(have_);
    landing_.write(bytes);
    if (request_.progress) request_.progress(have_);
    return true;
  }

  // After a response that ended well: is it all?
  bool complete() const { return request_.size < 0 ? (!total_ || have_ == *total_) : have_ == static_cast<std::uint64_t>(request_.size); }
  bool unusable_range() const { return unusable_range_; }
  bool progressed() const { return have_ >= attempt_begin_ + kGoodPart; }
  bool resumed() const { return resumed_; }
  std::uint64_t have() const { return have_; }

  void forget() {
    landing_.restart();
    have_ = 0;
    resumed_ = false;
    total_.reset();
    validator_.clear();
  }

 private:
  void start(const HttpHead& head) {
    if (have_ > 0) forget();
    attempt_begin_ = 0;
    total_ = head.content_length();
    if (total_) check_announced_size(*total_);
    const std::string* tag = head.field("etag");
    const std::string* date = head.field("last-modified");
    // RFC 9110 section 13.1.5: weak tags do not promise equal bytes.
    if (tag != nullptr && !tag->starts_with("W/")) {
      validator_ = *tag;
    } else if (tag == nullptr && date != nullptr) {
      validator_ = *date;
    }
    accepted_ = true;
  }

  bool continue_with(const HttpHead& head) {
    const std::string* text = head.field("content-range");
    const auto range = text == nullptr ? std::nullopt : parse_content_range(*text);
    const auto expected = request_.size >= 0 ? std::optional<std::uint64_t>(request_.size) : total_;
    const bool exact = have_ > 0 && range && range->first == have_ && range->total && range->last + 1 == *range->total &&
                       (!expected || *expected == *range->total);
    if (!exact) {
      unusable_range_ = true;
      return false;
    }
    total_ = range->total;
    accepted_ = resumed_ = true;
    return true;
  }

  void check_announced_size(std::uint64_t size) const {
    if (request_.size >= 0 && size != static_cast<std::uint64_t>(request_.size)) {
      throw Error(
          ErrorKind::verification,
          fmt::format("{} has {} bytes on the server, not {} ({})", printable(request_.what), size, request_.size, request_.url.shown()),
          "the mirror does not carry this file as its index says: plan again, or use another mirror");
    }
    check_size(size);
  }

  void check_size(std::uint64_t size) const {
    const std::uint64_t most = request_.size >= 0 ? static_cast<std::uint64_t>(request_.size) : request_.limit;
    if (size <= most) return;
    throw Error(ErrorKind::verification,
                fmt::format("{} is larger than {} bytes ({})", printable(request_.what), most, request_.url.shown()));
  }

  const DownloadRequest& request_;
  Landing& landing_;
  std::uint64_t have_ = 0, attempt_begin_ = 0, ignored_ = 0;
  std::optional<std::uint64_t> total_;
  std::string validator_;
  bool accepted_ = false, resumed_ = false, unusable_range_ = false;
};

Error incomplete(const DownloadRequest& request, std::string_view problem) {
  return Error(ErrorKind::network, fmt::format("{}: {} ({})", printable(request.what), problem, request.url.shown()),
               "try again, or use another mirror");
}

Error cancelled_error(const DownloadRequest& request) { return incomplete(request, "the download was cancelled"); }

bool is_cancelled(const DownloadRequest& request) { return request.cancelled != nullptr && *request.cancelled; }

// Collects [offset, offset + length) of a response, whether the server honours Range or sends the whole.
class RangeReceiver : public HttpReceiver {
 public:
  RangeReceiver(std::uint64_t offset, std::uint64_t length) : offset_(offset), length_(length) {}

  bool head(const HttpHead& head) override {
    bytes_.clear();
    skip_ = offset_;
    accepted_ = head.status == 200;
    if (head.status == 206) {
      const std::string* text = head.field("content-range");
      const auto range = text == nullptr ? std::nullopt : parse_content_range(*text);
      accepted_ = range && range->first == offset_;
      wrong_range_ = !accepted_;
      skip_ = 0;
      return accepted_;
    }
    return true;
  }

  bool body(std::string_view bytes) override {
    if (!accepted_) return (ignored_ += bytes.size()) <= (64u << 10);
    const std::size_t skipped = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, bytes.size()));
    skip_ -= skipped;
    bytes.remove_prefix(skipped);
    bytes_.append(bytes.substr(0, static_cast<std::size_t>(length_ - bytes_.size())));
    return bytes_.size() < length_;
  }

  bool full() const { return bytes_.size() == length_; }
  bool wrong_range() const { return wrong_range_; }
  std::string take() { return std::move(bytes_); }

 private:
  std::uint64_t offset_, length_, skip_ = 0, ignored_ = 0;
  std::string bytes_;
  bool accepted_ = false, wrong_range_ = false;
};

}  // namespace

DownloadResult Downloader::download(const DownloadRequest& request, Landing& landing) const {
  Transfer transfer(request, landing);
  DownloadResult result;
  with_retries(retries_, [&]() -> std::optional<Trouble> {
    transfer.begin_attempt();
    HttpOutcome outcome = client_.get({.url = request.url, .fields = transfer.fields(), .cancelled = request.cancelled, .tls = request.tls}, transfer);
    if (is_cancelled(request)) throw cancelled_error(request);
    if (transfer.unusable_range()) {
      transfer.forget();
      return Trouble{incomplete(request, "the server sent another range than asked for"), true, 0};
    }
    if (auto trouble = trouble_of(outcome, request.what, request.url, clock_.now())) {
      trouble->progressed = transfer.progressed();
      return trouble;
    }
    result.not_modified = outcome.head.status == 304;
    if (!result.not_modified && !transfer.complete()) {
      const std::string problem = fmt::format("ended after {} of {} bytes", transfer.have(), request.size);
      return Trouble{incomplete(request, problem), true, -1, transfer.progressed()};
    }
    result.head = std::move(outcome.head);
    return std::nullopt;
  });
  result.resumed = transfer.resumed();
  return result;
}

std::string Downloader::range(const DownloadRequest& request, std::uint64_t offset, std::uint64_t length) const {
  std::string bytes;
  if (length == 0) return bytes;
  with_retries(retries_, [&]() -> std::optional<Trouble> {
    RangeReceiver receiver(offset, length);
    const std::string field = fmt::format("Range: bytes={}-{}", offset, offset + length - 1);
    const HttpOutcome outcome = client_.get({.url = request.url, .fields = {field}, .cancelled = request.cancelled, .tls = request.tls}, receiver);
    if (is_cancelled(request)) throw cancelled_error(request);
    if (receiver.wrong_range()) return Trouble{incomplete(request, "the server sent another range than asked for"), true};
    if (outcome.head.status == 416) return std::nullopt;  // the file ends before
    if (!receiver.full()) {
      if (auto trouble = trouble_of(outcome, request.what, request.url, clock_.now())) return trouble;
    }
    bytes = receiver.take();
    return std::nullopt;
  });
  return bytes;
}

}  // namespace resole::io
