// SPDX-License-Identifier: Apache-2.0
// The words are searched for all at once, after Wu and Manber: two bytes decide how far the window can move, so that most bytes are never looked
// at.
#include "rootfs/library_marks.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace resole::rootfs {
namespace {

struct Mark {
  std::string_view source, before, after;  // the version stands between; `after` "" = anything that cannot belong to a version
  std::size_t own = 0;                     // so many of the last letters of `before` belong to it
};
constexpr std::array<Mark, 11> kMarks = {{
    {"openssl", "OpenSSL ", " "},  // and then the date
    {"zlib", " deflate ", " Copyright 1995-"},
    {"zlib", " inflate ", " Copyright 1995-"},
    {"expat", "expat_2.", "", 2},
    {"curl", "libcurl/", ""},
    {"libpng1.6", "libpng version ", ""},
    {"libssh2", "SSH-2.0-libssh2_", ""},
    {"tiff", "LIBTIFF, Version ", ""},
    {"libjpeg-turbo", "libjpeg-turbo version ", ""},
    {"libarchive", "libarchive ", ""},
    {"krb5", "KRB5_BRAND: krb5-", ""},
}};

constexpr std::size_t kWindow = 8;  // the shortest word
constexpr std::size_t kLongestVersion = 24, kLongestMark = 80, kMostFound = 32;

// A hash of two bytes: a table of all pairs would not stay in the fastest cache. Pairs that collide only cost a look more.
constexpr std::size_t kPairs = 4096;
constexpr std::size_t pair_at(const char* at) {
  return (static_cast<std::size_t>(static_cast<unsigned char>(at[0])) << 5 ^ static_cast<unsigned char>(at[1])) % kPairs;
}

// How far the window can move when its last two bytes are these; 0: a word may begin here.
const std::array<std::uint8_t, kPairs>& shifts() {
  static const auto table = [] {
    std::array<std::uint8_t, kPairs> all;
    all.fill(kWindow - 1);
    for (const Mark& mark : kMarks) {
      for (std::size_t i = 0; i + 2 <= kWindow; ++i) {
        std::uint8_t& shift = all[pair_at(mark.before.data() + i)];
        shift = std::min(shift, static_cast<std::uint8_t>(kWindow - 2 - i));
      }
    }
    return all;
  }();
  return table;
}

bool is_digit_character(char c) { return c >= '0' && c <= '9'; }
bool belongs_to_version(char c) { return is_digit_character(c) || c == '.' || (c >= 'a' && c <= 'z'); }

// The version behind `before`, when all of it is at hand and `after` follows; else "".
std::string_view version_of(std::string_view rest, const Mark& mark) {
  rest.remove_prefix(mark.before.size() - mark.own);
  std::size_t end = 0;
  while (end < rest.size() && end <= kLongestVersion && belongs_to_version(rest[end])) ++end;
  const std::string_view version = rest.substr(0, end);
  if (end == rest.size() || end > kLongestVersion || !rest.substr(end).starts_with(mark.after)) return {};
  const bool number = end >= 3 && is_digit_character(version.front()) && version.find('.') != std::string_view::npos && version.back() != '.';
  return number ? version : std::string_view();
}

}  // namespace

void LibraryMarks::clear() {
  tail_.clear();
  found_.clear();
}

void LibraryMarks::update(std::string_view bytes) {
  // What begins in the last piece may end in this one.
  const std::string_view beginning = bytes.substr(0, kLongestMark);
  search(tail_.append(beginning));
  if (bytes.size() > kLongestMark) {
    search(bytes);
    tail_.assign(bytes.substr(bytes.size() - kLongestMark));
  } else if (tail_.size() > kLongestMark) {
    tail_.erase(0, tail_.size() - kLongestMark);
  }
}

void LibraryMarks::search(std::string_view bytes) {
  if (bytes.size() < kWindow) return;
  const std::uint8_t* const shift = shifts().data();
  const std::size_t last = bytes.size() - kWindow;
  for (std::size_t at = 0; at <= last && found_.size() < kMostFound;) {
    const std::size_t move = shift[pair_at(bytes.data() + at + kWindow - 2)];
    if (move > 0) {
      at += move;
      continue;
    }
    const std::string_view rest = bytes.substr(at);
    for (const Mark& mark : kMarks) {
      if (!rest.starts_with(mark.before)) continue;
      const std::string_view version = version_of(rest, mark);
      if (version.empty()) continue;
      std::string text = std::string(mark.source) + " " + std::string(version);
      if (std::find(found_.begin(), found_.end(), text) == found_.end()) found_.push_back(std::move(text));
    }
    ++at;
  }
}

std::vector<std::string> LibraryMarks::finish() {
  std::sort(found_.begin(), found_.end());
  tail_.clear();
  return std::move(found_);
}

}  // namespace resole::rootfs
