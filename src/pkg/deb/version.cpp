// SPDX-License-Identifier: Apache-2.0
// A version is compared as epoch, upstream, revision. Each part is an alternation of non-digit and digit runs: "1.10~rc2" is "." after 1,
// then 10, "~rc", 2. Non-digits compare letter by letter with '~' before the end of the part, letters before everything else; digit runs
// compare as numbers of any length (dates and hashes do not fit 64 bits), so leading zeros are skipped and then the longer run is the
// greater one. A missing epoch or revision counts as "0".
#include "pkg/deb/version.hpp"

#include <algorithm>

namespace resole::deb {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

// Weight of the character at `at`, or of the end of the part, in a non-digit run (order() of dpkg's version.c). A digit ends the run as the
// end does.
int weight(std::string_view text, std::size_t at) {
  if (at >= text.size() || is_digit(text[at])) return 0;
  const char c = text[at];
  if (c == '~') return -1;
  if (is_letter(c)) return static_cast<unsigned char>(c);
  return static_cast<unsigned char>(c) + 256;
}

// Takes the digit run that starts at `at`, without leading zeros.
std::string_view take_number(std::string_view text, std::size_t& at) {
  while (at < text.size() && text[at] == '0') ++at;
  const std::size_t begin = at;
  while (at < text.size() && is_digit(text[at])) ++at;
  return text.substr(begin, at - begin);
}

int compare_numbers(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return a.compare(b);
}

int compare_part(std::string_view a, std::string_view b) {
  std::size_t i = 0, j = 0;
  while (i < a.size() || j < b.size()) {
    while ((i < a.size() && !is_digit(a[i])) || (j < b.size() && !is_digit(b[j]))) {
      const int left = weight(a, i), right = weight(b, j);
      if (left != right) return left - right;
      ++i;
      ++j;
    }
    const std::string_view left = take_number(a, i), right = take_number(b, j);
    if (const int order = compare_numbers(left, right); order != 0) return order;
  }
  return 0;
}

bool all_digits(std::string_view text) { return std::ranges::all_of(text, is_digit); }

bool permitted(std::string_view text, std::string_view punctuation) {
  return std::ranges::all_of(text, [&](char c) { return is_digit(c) || is_letter(c) || punctuation.find(c) != std::string_view::npos; });
}

}  // namespace

VersionParts split_version(std::string_view version) {
  VersionParts parts;
  if (const auto colon = version.find(':'); colon != std::string_view::npos && all_digits(version.substr(0, colon))) {
    parts.epoch = version.substr(0, colon);
    version.remove_prefix(colon + 1);
  }
  if (const auto dash = version.rfind('-'); dash != std::string_view::npos) {
    parts.revision = version.substr(dash + 1);
    version = version.substr(0, dash);
  }
  parts.upstream = version;
  return parts;
}

int compare_versions(std::string_view a, std::string_view b) {
  if (a == b) return 0;
  const VersionParts left = split_version(a), right = split_version(b);
  if (const int order = compare_part(left.epoch, right.epoch); order != 0) return order;
  if (const int order = compare_part(left.upstream, right.upstream); order != 0) return order;
  if (const int order = compare_part(left.revision, right.revision); order != 0) return order;
  const bool left_valid = is_version(a), right_valid = is_version(b);
  if (left_valid && right_valid) return 0;
  return left_valid != right_valid ? (left_valid ? -1 : 1) : a.compare(b);
}

bool satisfies(std::string_view version, pkg::Operator op, std::string_view wanted) {
  if (op == pkg::Operator::any) return true;
  const int order = compare_versions(version, wanted);
  switch (op) {
    case pkg::Operator::less:
      return order < 0;
    case pkg::Operator::less_equal:
    case pkg::Operator::near_or_less:
      return order <= 0;
    case pkg::Operator::equal:
    case pkg::Operator::near:
      return order == 0;
    case pkg::Operator::greater_equal:
    case pkg::Operator::near_or_greater:
      return order >= 0;
    case pkg::Operator::greater:
      return order > 0;
    case pkg::Operator::any:
      break;
  }
  return true;
}

// dpkg's parseversion(): an epoch fits an int, a ':' before the first digit run is an error, the revision may not be empty when there is a
// '-'.
bool is_version(std::string_view text) {
  const VersionParts parts = split_version(text);
  const bool has_epoch = parts.epoch.data() != nullptr;
  if (has_epoch && (parts.epoch.empty() || parts.epoch.size() > 9)) return false;
  const std::size_t head = has_epoch ? parts.epoch.size() + 1 : 0;
  const bool has_revision = head + parts.upstream.size() < text.size();
  if (parts.upstream.empty() || !is_digit(parts.upstream.front())) return false;
  if (has_revision && parts.revision.empty()) return false;
  return permitted(parts.upstream, has_epoch ? ".+-~:" : ".+-~") && permitted(parts.revision, ".+~");
}

std::string_view upstream_part(std::string_view version) { return split_version(version).upstream; }

}  // namespace resole::deb
