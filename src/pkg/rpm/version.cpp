// SPDX-License-Identifier: Apache-2.0
// A part is an alternation of digit and letter runs; everything else only separates. Per run: '~' before everything, even the end ("1.0~rc1" < "1.0"); '^' after
// the end but before any other continuation ("1.0" < "1.0^git1" < "1.0.1"); digits beat letters; digit runs compare as numbers of any length.
#include "pkg/rpm/version.hpp"

#include <algorithm>
#include <array>

namespace resole::rpm {

namespace {

// Digits and letters as rpm has them: ASCII, whatever the locale is.
bool rpm_digit(char c) { return c >= '0' && c <= '9'; }
bool rpm_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

int sign_of(int value) { return value < 0 ? -1 : value > 0 ? 1 : 0; }

std::string_view skip_separators(std::string_view text) {
  const auto at = std::ranges::find_if(text, [](char c) { return rpm_digit(c) || rpm_letter(c) || c == '~' || c == '^'; });
  return text.substr(static_cast<std::size_t>(at - text.begin()));
}

template <class Is>
std::string_view take_run(std::string_view& text, Is&& is) {
  const auto end = std::ranges::find_if_not(text, is);
  const std::string_view run = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(run.size());
  return run;
}

std::string_view without_zeros(std::string_view digits) { return digits.substr(std::min(digits.find_first_not_of('0'), digits.size())); }

bool starts_with(std::string_view text, char c) { return !text.empty() && text.front() == c; }

int compare_absent(std::string_view a, std::string_view b) {
  if (a.data() == nullptr || b.data() == nullptr) return (a.data() != nullptr) - (b.data() != nullptr);
  return compare_parts(a, b);
}

}  // namespace

int compare_parts(std::string_view a, std::string_view b) {
  while (!a.empty() || !b.empty()) {
    a = skip_separators(a);
    b = skip_separators(b);
    if (starts_with(a, '~') || starts_with(b, '~')) {
      if (!starts_with(a, '~')) return 1;
      if (!starts_with(b, '~')) return -1;
    } else if (starts_with(a, '^') || starts_with(b, '^')) {
      if (a.empty()) return -1;
      if (b.empty()) return 1;
      if (!starts_with(a, '^')) return 1;
      if (!starts_with(b, '^')) return -1;
    } else {
      if (a.empty() || b.empty()) break;
      const bool number = rpm_digit(a.front());
      std::string_view left = number ? take_run(a, rpm_digit) : take_run(a, rpm_letter);
      std::string_view right = number ? take_run(b, rpm_digit) : take_run(b, rpm_letter);
      if (right.empty()) return number ? 1 : -1;
      if (number) {
        left = without_zeros(left);
        right = without_zeros(right);
        if (left.size() != right.size()) return left.size() < right.size() ? -1 : 1;
      }
      if (const int order = left.compare(right); order != 0) return sign_of(order);
      continue;
    }
    a.remove_prefix(1);
    b.remove_prefix(1);
  }
  return static_cast<int>(!a.empty()) - static_cast<int>(!b.empty());
}

// rpmio/rpmver.c parseEVR(): digits before a ':' are the epoch, and nothing before it means 0.
VersionParts split_version(std::string_view text) {
  VersionParts parts;
  const auto after = std::ranges::find_if_not(text, rpm_digit);
  if (after != text.end() && *after == ':') {
    parts.epoch = text.substr(0, static_cast<std::size_t>(after - text.begin()));
    if (parts.epoch.empty()) parts.epoch = "0";
    text.remove_prefix(static_cast<std::size_t>(after - text.begin()) + 1);
  }
  if (const auto dash = text.rfind('-'); dash != std::string_view::npos) {
    parts.release = text.substr(dash + 1);
    text = text.substr(0, dash);
  }
  parts.version = text;
  return parts;
}

int compare_versions(std::string_view a, std::string_view b) {
  if (a == b) return 0;
  const VersionParts left = split_version(a), right = split_version(b);
  const auto epoch = [](const VersionParts& parts) { return parts.epoch.data() == nullptr ? std::string_view("0") : parts.epoch; };
  if (const int order = compare_parts(epoch(left), epoch(right)); order != 0) return order;
  if (const int order = compare_parts(left.version, right.version); order != 0) return order;
  return compare_absent(left.release, right.release);
}

bool reaches(std::string_view installed, std::string_view fix) {
  const VersionParts wanted = split_version(fix);
  if (wanted.release.data() != nullptr) return compare_versions(installed, fix) >= 0;
  const VersionParts parts = split_version(installed);
  const auto epoch = [](const VersionParts& each) { return each.epoch.data() == nullptr ? std::string_view("0") : each.epoch; };
  if (const int order = compare_parts(epoch(parts), epoch(wanted)); order != 0) return order > 0;
  return compare_parts(parts.version, wanted.version) >= 0;
}

std::optional<Nevra> split_nevra(std::string_view text) {
  static constexpr std::array<std::string_view, 17> kArches = {"noarch", "src",  "nosrc",   "x86_64",  "aarch64", "ppc64le", "s390x",  "i686", "i586",
                                                               "i386",   "i486", "ppc64",   "ppc",     "armv7hl", "riscv64", "s390",   "ia64"};
  Nevra out;
  if (const auto dot = text.rfind('.'); dot != std::string_view::npos && std::ranges::find(kArches, text.substr(dot + 1)) != kArches.end()) {
    out.arch = text.substr(dot + 1);
    text = text.substr(0, dot);
  }
  const auto release = text.rfind('-');
  if (release == std::string_view::npos || release == 0) return std::nullopt;
  const auto version = text.rfind('-', release - 1);
  if (version == std::string_view::npos || version == 0) return std::nullopt;
  out.name = text.substr(0, version);
  out.evr = text.substr(version + 1);
  return out;
}

}  // namespace resole::rpm
