// SPDX-License-Identifier: Apache-2.0
// Dates as text, without locale, time zone database or clock.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/text.hpp"

namespace resole {

namespace {

using std::chrono::days;
using std::chrono::sys_days;

// 0001-01-01 and 9999-12-31T23:59:59: what four digits of a year can say.
constexpr std::int64_t kFirstSecond = -62135596800, kLastSecond = 253402300799;
constexpr std::int64_t kDay = 86400;

std::optional<unsigned> digits(std::string_view text, std::size_t count) {
  if (text.size() != count) return std::nullopt;
  const auto value = parse_unsigned(text);
  return value ? std::optional<unsigned>(static_cast<unsigned>(*value)) : std::nullopt;
}

std::optional<std::int64_t> days_since_epoch(unsigned year, unsigned month, unsigned day) {
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)), std::chrono::month(month), std::chrono::day(day)};
  if (!date.ok() || year == 0) return std::nullopt;
  return sys_days(date).time_since_epoch().count();
}

// "08:45:58", a leap second included (RFC 3339 section 5.6); `optional_seconds` also "08:45".
std::optional<std::int64_t> seconds_of_day(std::string_view text, bool optional_seconds = false) {
  const auto parts = split(text, ':');
  if (parts.size() != 3 && !(optional_seconds && parts.size() == 2)) return std::nullopt;
  const auto hour = digits(parts[0], 2), minute = digits(parts[1], 2);
  const auto second = parts.size() == 3 ? digits(parts[2], 2) : std::optional<unsigned>(0);
  if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return *hour * 3600 + *minute * 60 + *second;
}

// "+02:00", "-0500" to seconds east.
std::optional<std::int64_t> zone_offset(std::string_view text, bool colon) {
  if (text.size() != (colon ? 6u : 5u) || (text[0] != '+' && text[0] != '-') || (colon && text[3] != ':')) return std::nullopt;
  const auto hours = digits(text.substr(1, 2), 2), minutes = digits(text.substr(colon ? 4 : 3), 2);
  if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  const std::int64_t offset = *hours * 3600 + *minutes * 60;
  return text[0] == '-' ? -offset : offset;
}

std::optional<unsigned> month_number(std::string_view name) {
  constexpr std::string_view kMonths = "janfebmaraprmayjunjulaugsepoctnovdec";
  const std::string wanted = lower(name);
  if (wanted.size() != 3) return std::nullopt;
  for (unsigned i = 0; i < 12; ++i) {
    if (kMonths.substr(i * 3, 3) == wanted) return i + 1;
  }
  return std::nullopt;
}

}  // namespace

std::string format_time(std::int64_t seconds) {
  seconds = std::clamp(seconds, kFirstSecond, kLastSecond);
  std::int64_t day = seconds / kDay, rest = seconds % kDay;
  if (rest < 0) {
    rest += kDay;
    --day;
  }
  const std::chrono::year_month_day date{sys_days(days(day))};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()), rest / 3600, rest / 60 % 60, rest % 60);
}

std::optional<std::int64_t> parse_time(std::string_view text) {
  if (text.size() < 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = digits(text.substr(0, 4), 4), month = digits(text.substr(5, 2), 2), day = digits(text.substr(8, 2), 2);
  if (!year || !month || !day) return std::nullopt;
  const auto date = days_since_epoch(*year, *month, *day);
  if (!date) return std::nullopt;
  if (text.size() == 10) return *date * kDay;
  if (text.size() < 20 || (text[10] != 'T' && text[10] != 't' && text[10] != ' ')) return std::nullopt;
  const auto clock = seconds_of_day(text.substr(11, 8));
  if (!clock) return std::nullopt;
  std::string_view rest = text.substr(19);
  if (rest.front() == '.') {  // a fraction of a second is dropped
    const std::size_t end = rest.find_first_not_of("0123456789", 1);
    if (end == 1 || end == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(end);
  }
  if (rest == "Z" || rest == "z") return *date * kDay + *clock;
  const auto offset = zone_offset(rest, true);
  if (!offset) return std::nullopt;
  return *date * kDay + *clock - *offset;
}

std::optional<std::int64_t> parse_http_date(std::string_view text) {
  auto words = split_words(text);
  if (!words.empty() && words.front().ends_with(',')) words.erase(words.begin());  // the day of the week says nothing new
  if (words.size() != 5) return std::nullopt;
  const auto day = digits(words[0], words[0].size() == 1 ? 1 : 2), year = digits(words[2], 4);
  const auto month = month_number(words[1]);
  const auto clock = seconds_of_day(words[3], true);
  if (!day || !month || !year || !clock) return std::nullopt;
  const auto date = days_since_epoch(*year, *month, *day);
  if (!date) return std::nullopt;
  const std::string zone = lower(words[4]);
  const auto offset = zone == "gmt" || zone == "utc" || zone == "z" ? std::optional<std::int64_t>(0) : zone_offset(zone, false);
  if (!offset) return std::nullopt;
  return *date * kDay + *clock - *offset;
}

}  // namespace resole
