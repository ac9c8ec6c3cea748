// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "io/display_width.hpp"
#include "io/terminal.hpp"

namespace resole::io {

namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kLeastLastColumn = 10;  // cut below this it would say nothing; then others are cut
constexpr std::size_t kLeastColumn = 14;      // cut below this it would say nothing; then the row may be wider
constexpr std::size_t kMostCell = 2000;

std::string_view escape(Tone tone) {
  switch (tone) {
    case Tone::good:
      return "\x1b[32m";
    case Tone::warn:
      return "\x1b[33m";
    case Tone::bad:
      return "\x1b[31m";
    case Tone::dim:
      return "\x1b[2m";
    case Tone::strong:
      return "\x1b[1m";
    case Tone::plain:
      break;
  }
  return {};
}

std::string painted(const std::string& text, Tone tone, bool color) {
  if (!color || tone == Tone::plain || text.empty()) return text;
  return std::string(escape(tone)) + text + "\x1b[0m";
}

using Widths = std::vector<std::size_t>;

void widen(Widths& widths, const std::vector<Table::Cell>& cells) {
  for (std::size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], display_width(cells[i].text));
}

std::string line(const std::vector<Table::Cell>& cells, const Widths& widths, bool color) {
  std::string text;
  std::size_t blanks = 0;  // owed before the next cell, so that no line ends in blanks
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::string shown = cut_to_width(cells[i].text, widths[i]);
    if (!shown.empty()) {
      text += std::string(blanks, ' ') + painted(shown, cells[i].tone, color);
      blanks = 0;
    }
    blanks += widths[i] - display_width(shown) + kGap;
  }
  return text + "\n";
}

}  // namespace

Table::Table(std::vector<std::string> header) : header_(std::move(header)) {}

void Table::row(std::vector<Cell> cells) {
  if (cells.size() > header_.size()) throw Error(ErrorKind::internal, "a table row has more cells than the table has columns");
  for (Cell& cell : cells) cell.text = printable(cell.text, kMostCell);
  cells.resize(header_.size());
  rows_.push_back(std::move(cells));
}

std::string Table::render(bool color, std::size_t width) const {
  if (header_.empty()) return {};
  std::vector<Cell> titles;
  for (const std::string& title : header_) titles.push_back({title, Tone::strong});
  Widths widths(header_.size(), 0);
  widen(widths, titles);
  for (const auto& cells : rows_) widen(widths, cells);

  std::size_t before_last = 0;
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) before_last += widths[i] + kGap;
  const std::size_t room =
      std::max(width > before_last ? width - before_last : 0, std::max(kLeastLastColumn, display_width(header_.back())));
  widths.back() = std::min(widths.back(), room);
  for (std::size_t whole = before_last + widths.back(); whole > width; --whole) {
    const auto widest = std::max_element(widths.begin(), widths.end() - 1);
    if (widths.size() == 1 || *widest <= kLeastColumn) break;
    --*widest;
  }

  std::string text = line(titles, widths, color);
  for (const auto& cells : rows_) text += line(cells, widths, color);
  return text;
}

}  // namespace resole::io
