// SPDX-License-Identifier: Apache-2.0
#include "support/http_answer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/text.hpp"

namespace resole::test {

namespace {

constexpr std::size_t kPiece = 64u << 10;

bool is_unchanged(const HttpSeen& request, const HttpAnswer& answer) {
  if (!answer.etag.empty() && request.has("if-none-match")) return request.field("if-none-match") == answer.etag;
  return !answer.last_modified.empty() && request.field("if-modified-since") == answer.last_modified;
}

bool range_applies(const HttpSeen& request, const HttpAnswer& answer) {
  if (!answer.ranges || answer.status != 200 || request.method == "HEAD" || !request.has("range")) return false;
  const std::string condition = request.field("if-range");
  return condition.empty() || condition == answer.etag || condition == answer.last_modified;
}

std::uint64_t size_of(const HttpAnswer& answer) { return answer.content ? answer.content->size : answer.body.size(); }

// First and last byte of "bytes=5-", "bytes=5-9" or "bytes=-5"; several ranges and what is not understood are ignored, as RFC 9110 allows.
std::optional<std::pair<std::uint64_t, std::uint64_t>> asked_range(std::string_view text, std::uint64_t total) {
  const std::size_t dash = text.find('-');
  if (!text.starts_with("bytes=") || dash == std::string_view::npos) return std::nullopt;
  const std::string_view first_text = text.substr(6, dash - 6), last_text = text.substr(dash + 1);
  const auto first = parse_unsigned(first_text), last = parse_unsigned(last_text);
  if (first_text.empty() && last) return std::pair(total - std::min(*last, total), total - 1);
  if (!first || (!last && !last_text.empty())) return std::nullopt;
  return std::pair(*first, std::min(last.value_or(total - 1), total - 1));
}

void keep_part(HttpAnswer& answer, std::uint64_t first, std::uint64_t count) {
  if (!answer.content) {
    answer.body = answer.body.substr(first, count);
    return;
  }
  answer.content->size = count;
  answer.content->read = [first, read = std::move(answer.content->read)](std::uint64_t offset, char* out, std::size_t size) {
    read(first + offset, out, size);
  };
}

void drop_body(HttpAnswer& answer) {
  answer.body.clear();
  answer.content.reset();
}

bool has_no_body(const HttpSeen& request, const HttpAnswer& answer) {
  return request.method == "HEAD" || answer.status == 304 || answer.status == 204;
}

std::string head_of(const HttpAnswer& answer, std::uint64_t size) {
  std::string head = fmt::format("HTTP/1.1 {} Scripted\r\n", answer.status);
  for (const auto& [name, value] : answer.fields) head += fmt::format("{}: {}\r\n", name, value);
  if (answer.chunked) {
    head += "Transfer-Encoding: chunked\r\n";
  } else if (!answer.until_close && !answer.no_length && answer.status != 304 && answer.status != 204) {
    head += fmt::format("Content-Length: {}\r\n", answer.announced_length.value_or(size));
  }
  if (answer.until_close || answer.close) head += "Connection: close\r\n";
  return head + "\r\n";
}

// A piece as it goes over the wire.
std::string framed(const HttpAnswer& answer, std::string piece) {
  return answer.chunked && !piece.empty() ? fmt::format("{:x}\r\n{}\r\n", piece.size(), piece) : piece;
}

std::string piece_of(const HttpAnswer& answer, std::uint64_t offset, std::size_t count) {
  if (!answer.content) return answer.body.substr(offset, count);
  std::string piece(count, '\0');
  answer.content->read(offset, piece.data(), count);
  return piece;
}

bool send_once(const Sending& sending, const HttpAnswer& answer, bool without_body) {
  const std::uint64_t size = size_of(answer);
  const std::uint64_t end = without_body ? 0 : std::min<std::uint64_t>(size, answer.cut_after.value_or(size));
  std::string out = head_of(answer, size);
  // In one go: a head and a small body sent apart would wait for the delayed acknowledgement, 40 ms each.
  for (std::uint64_t at = 0; at < end;) {
    const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, end - at));
    out += framed(answer, piece_of(answer, at, count));
    sending.count(count);
    if (!sending.wire.send_all(out)) return false;
    out.clear();
    at += count;
  }
  if (answer.chunked && !without_body && end == size) out += "0\r\n\r\n";
  return sending.wire.send_all(out);
}

}  // namespace

std::string HttpSeen::field(const std::string& name) const {
  const auto found = fields.find(name);
  return found == fields.end() ? std::string() : found->second;
}

HttpSeen parse_request(const std::string& head) {
  HttpSeen request;
  bool first = true;
  for (std::string_view line : lines(head)) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (first) {
      const auto words = split_words(line);
      if (words.size() == 3) {
        request.method = words[0];
        request.path = words[1];
      }
      first = false;
    } else if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
      std::string& value = request.fields[lower(line.substr(0, colon))];
      value += (value.empty() ? "" : ", ") + std::string(trim(line.substr(colon + 1)));
    }
  }
  return request;
}

HttpAnswer adapted(const HttpSeen& request, HttpAnswer answer) {
  if (!answer.etag.empty()) answer.fields.emplace_back("ETag", answer.etag);
  if (!answer.last_modified.empty()) answer.fields.emplace_back("Last-Modified", answer.last_modified);
  if (answer.status == 200 && is_unchanged(request, answer)) {
    answer.status = 304;
    drop_body(answer);
    return answer;
  }
  if (!range_applies(request, answer)) return answer;
  const auto asked = asked_range(request.field("range"), size_of(answer));
  if (!asked) return answer;
  const std::uint64_t total = size_of(answer);
  const auto [first, last] = *asked;
  if (first >= total) {
    answer.status = 416;
    answer.fields.emplace_back("Content-Range", fmt::format("bytes */{}", total));
    drop_body(answer);
    return answer;
  }
  answer.status = 206;
  answer.fields.emplace_back("Content-Range", fmt::format("bytes {}-{}/{}", first, last, total));
  keep_part(answer, first, last - first + 1);
  return answer;
}

bool send_answer(const Sending& sending, const HttpSeen& request, const HttpAnswer& answer) {
  if (answer.delay > 0 && !sending.pause(answer.delay)) return false;
  if (answer.silent) {
    if (answer.reset) sending.wire.reset();
    return false;
  }
  const bool without_body = has_no_body(request, answer);
  if (!send_once(sending, answer, without_body)) return false;
  if (answer.duplicate && !send_once(sending, answer, without_body)) return false;
  if (answer.stall > 0) sending.pause(answer.stall);
  const bool cut = !without_body && answer.cut_after && *answer.cut_after < size_of(answer);
  if (cut && answer.reset) sending.wire.reset();
  if (!cut && (answer.until_close || answer.close)) sending.wire.end();
  return !cut && !answer.until_close && !answer.close && !(answer.announced_length && !without_body);
}

}  // namespace resole::test
