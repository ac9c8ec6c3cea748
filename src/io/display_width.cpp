// SPDX-License-Identifier: Apache-2.0
#include "io/display_width.hpp"

#include <algorithm>
#include <iterator>

namespace resole::io {

namespace {

struct Interval {
  char32_t first, last;
};

// Blocks of Unicode 15 EastAsianWidth.txt (W and F) and the emoji that terminals draw wide, merged where the gaps are unassigned.
constexpr Interval kWide[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x23e9, 0x23ec},   {0x2614, 0x2615},   {0x2705, 0x2705},   {0x270a, 0x270b}, {0x2728, 0x2728},
    {0x274c, 0x274c},   {0x274e, 0x274e},   {0x2753, 0x2755},   {0x2757, 0x2757},   {0x2e80, 0x303e},   {0x3041, 0x33ff}, {0x3400, 0x4dbf},
    {0x4e00, 0xa4cf},   {0xa960, 0xa97f},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff01, 0xff60}, {0xffe0, 0xffe6},
    {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f7e0, 0x1f7eb}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
};

constexpr Interval kZero[] = {
    {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x0610, 0x061a}, {0x064b, 0x065f}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff},
    {0x200b, 0x200f}, {0x20d0, 0x20ff}, {0x3099, 0x309a}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff},
};

template <std::size_t N>
bool within(const Interval (&intervals)[N], char32_t code) {
  const auto after =
      std::upper_bound(std::begin(intervals), std::end(intervals), code, [](char32_t c, const Interval& i) { return c < i.first; });
  return after != std::begin(intervals) && code <= std::prev(after)->last;
}

struct Character {
  std::size_t bytes, columns;
};

// The character at the front. Bytes that are not UTF-8 count as one column each, as terminals show a replacement for each.
Character front(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t bytes = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (bytes == 1 || bytes > text.size()) return {1, 1};
  char32_t code = lead & (0xffu >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0) != 0x80) return {1, 1};
    code = code << 6 | (next & 0x3fu);
  }
  const bool wide = within(kWide, code);  // a zero-width mark inside a wide block (U+3099) is a mark
  return {bytes, within(kZero, code) ? 0u : wide ? 2u : 1u};
}

}  // namespace

std::size_t display_width(std::string_view utf8) {
  std::size_t columns = 0;
  while (!utf8.empty()) {
    const Character character = front(utf8);
    columns += character.columns;
    utf8.remove_prefix(character.bytes);
  }
  return columns;
}

std::string cut_to_width(std::string_view utf8, std::size_t width) {
  if (display_width(utf8) <= width) return std::string(utf8);
  const std::string dots(std::min<std::size_t>(width, 3), '.');
  std::string kept;
  std::size_t columns = dots.size();
  while (!utf8.empty()) {
    const Character character = front(utf8);
    if (columns + character.columns > width) break;
    columns += character.columns;
    kept += utf8.substr(0, character.bytes);
    utf8.remove_prefix(character.bytes);
  }
  return kept + dots;
}

std::string padded(std::string_view utf8, std::size_t width) {
  const std::size_t columns = display_width(utf8);
  return std::string(utf8) + std::string(columns < width ? width - columns : 0, ' ');
}

}  // namespace resole::io
