// SPDX-License-Identifier: Apache-2.0
// Text without locale: splitting, trimming, shell globs, and making untrusted text safe to show.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace resole {

std::vector<std::string_view> split(std::string_view text, char separator);       // keeps empty parts
std::vector<std::string_view> split_words(std::string_view text);                 // blanks and tabs and newlines; no empty parts
std::vector<std::string_view> lines(std::string_view text);                       // without the newline; a trailing newline adds no line
std::string_view trim(std::string_view text);
std::string lower(std::string_view text);                                         // ASCII only
bool starts_with_any(std::string_view text, const std::vector<std::string>& prefixes);
std::optional<std::uint64_t> parse_unsigned(std::string_view text);               // whole text, decimal, no sign, no overflow
std::optional<std::uint64_t> parse_octal(std::string_view text);
std::string join(const std::vector<std::string>& parts, std::string_view separator);

// fnmatch(3) without FNM_PATHNAME: * ? [...] and backslash; * also matches '/'. As dpkg's path filters and apt's globs read patterns.
bool glob_match(std::string_view pattern, std::string_view text);

bool is_utf8(std::string_view text);  // well-formed as RFC 3629 has it: no surrogates, no overlong forms

// Untrusted text for a terminal or a message: control, escape and bidirectional characters and broken UTF-8 become \xNN; cut at `most` bytes with "...".
std::string printable(std::string_view text, std::size_t most = 200);
std::string human_size(std::uint64_t bytes);       // "14.4 MB" (decimal)
std::string human_duration(double seconds);        // "0.42 s", "3 min 12 s"

std::string base64_encode(std::string_view raw);
std::optional<std::string> base64_decode(std::string_view text);  // padding optional, whitespace refused

// RFC 3339 UTC ("2026-11-21T18:00:00Z") <-> seconds since the epoch, and the date forms of archives.
std::string format_time(std::int64_t seconds);
std::optional<std::int64_t> parse_time(std::string_view rfc3339);          // also "YYYY-MM-DD"
std::optional<std::int64_t> parse_http_date(std::string_view rfc7231);     // also RFC 2822 as in Release files ("Sat, 07 Jun 2025 08:45:58 UTC")

}  // namespace resole
