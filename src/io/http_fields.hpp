// SPDX-License-Identifier: Apache-2.0
// Fields of HTTP messages (RFC 9110) as values. Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace resole::io {

// Status line and fields of a response; names in lower case, in the order received.
struct HttpHead {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> fields;

  const std::string* field(std::string_view lower_case_name) const;  // the first of that name, nullptr when absent
  std::optional<std::uint64_t> content_length() const;
};

// "bytes 5-9/10": first and last byte (inclusive) and the whole size when it is given.
struct ContentRange {
  std::uint64_t first = 0, last = 0;
  std::optional<std::uint64_t> total;
};
std::optional<ContentRange> parse_content_range(std::string_view text);

// Seconds to wait by Retry-After, which holds seconds or a date; negative = absent or not understood.
double retry_after_seconds(const HttpHead& head, std::int64_t now);

bool is_redirect(int status);
std::string_view status_reason(int status);  // "not found"; empty when we have no word for it

}  // namespace resole::io
