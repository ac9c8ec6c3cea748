// SPDX-License-Identifier: Apache-2.0
#include "io/http_fields.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace resole::io {

const std::string* HttpHead::field(std::string_view lower_case_name) const {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const auto& entry) { return entry.first == lower_case_name; });
  return found == fields.end() ? nullptr : &found->second;
}

std::optional<std::uint64_t> HttpHead::content_length() const {
  const std::string* text = field("content-length");
  return text == nullptr ? std::nullopt : parse_unsigned(*text);
}

std::optional<ContentRange> parse_content_range(std::string_view text) {
  constexpr std::string_view kUnit = "bytes ";
  if (lower(text.substr(0, kUnit.size())) != kUnit) return std::nullopt;
  text = trim(text.substr(kUnit.size()));
  const std::size_t dash = text.find('-');
  const std::size_t slash = text.find('/');
  if (dash == std::string_view::npos || slash == std::string_view::npos || dash > slash) return std::nullopt;
  const auto first = parse_unsigned(text.substr(0, dash));
  const auto last = parse_unsigned(text.substr(dash + 1, slash - dash - 1));
  if (!first || !last || *first > *last) return std::nullopt;
  const std::string_view total_text = text.substr(slash + 1);
  if (total_text == "*") return ContentRange{*first, *last, std::nullopt};
  const auto total = parse_unsigned(total_text);
  if (!total || *last >= *total) return std::nullopt;
  return ContentRange{*first, *last, total};
}

double retry_after_seconds(const HttpHead& head, std::int64_t now) {
  const std::string* text = head.field("retry-after");
  if (text == nullptr) return -1;
  if (const auto seconds = parse_unsigned(trim(*text))) return static_cast<double>(*seconds);
  if (const auto date = parse_http_date(trim(*text))) return static_cast<double>(std::max<std::int64_t>(*date - now, 0));
  return -1;
}

bool is_redirect(int status) { return status == 301 || status == 302 || status == 303 || status == 307 || status == 308; }

std::string_view status_reason(int status) {
  switch (status) {
    case 400:
      return "bad request";
    case 401:
      return "not authorized";
    case 403:
      return "forbidden";
    case 404:
      return "not found";
    case 407:
      return "the proxy asks for credentials";
    case 408:
      return "request timeout";
    case 410:
      return "gone";
    case 416:
      return "range not satisfiable";
    case 429:
      return "too many requests";
    case 451:
      return "unavailable for legal reasons";
    case 500:
      return "internal server error";
    case 502:
      return "bad gateway";
    case 503:
      return "service unavailable";
    case 504:
      return "gateway timeout";
    default:
      return {};
  }
}

}  // namespace resole::io
