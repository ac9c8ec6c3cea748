// SPDX-License-Identifier: Apache-2.0
// One pass over the text, line by line. Fields are views into it: a status file of two megabytes is read without a copy. A field's value
// keeps its continuation lines as they stand, because Conffiles, Description and the hash lists of Release files each read them in their
// own way.
#include "pkg/deb/control.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::deb {
namespace {

char lower_letter(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string_view without_trailing_blanks(std::string_view line) {
  while (!line.empty() && (is_blank(line.back()) || line.back() == '\r')) line.remove_suffix(1);
  return line;
}

// deb822(5): printable ASCII but blank and ':', not starting with '#' or '-'.
bool is_field_name(std::string_view name) {
  if (name.empty() || name.front() == '#' || name.front() == '-') return false;
  return std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f && c != ':'; });
}

}  // namespace

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower_letter(x) == lower_letter(y); });
}

const Field* Paragraph::find(std::string_view name) const {
  const auto found = std::ranges::find_if(fields, [&](const Field& field) { return same_name(field.name, name); });
  return found == fields.end() ? nullptr : &*found;
}

std::string_view Paragraph::get(std::string_view name) const {
  const Field* field = find(name);
  return field ? field->value : std::string_view();
}

bool Paragraph::says_yes(std::string_view name) const { return lower(get(name)) == "yes"; }

std::string_view Paragraph::require(std::string_view name, std::string_view what) const {
  const Field* field = find(name);
  if (field && !field->value.empty()) return field->value;
  const std::string_view package = same_name(name, "Package") ? std::string_view() : get("Package");
  const std::string whose = package.empty() ? std::string() : fmt::format(" (package {})", printable(package));
  throw Error(ErrorKind::input, fmt::format("{}, line {}{}: no {} field", printable(what), line, whose, name));
}

ParagraphReader::ParagraphReader(std::string_view text, std::string what, ParagraphLimits limits)
    : text_(text), what_(std::move(what)), limits_(limits) {
  if (text_.size() > limits_.bytes) {
    throw Error(ErrorKind::input,
                fmt::format("{}: {} bytes, more than the {} that are read", printable(what_), text_.size(), limits_.bytes));
  }
  if (text_.starts_with("\xef\xbb\xbf")) text_.remove_prefix(3);
}

void ParagraphReader::fail(std::size_t line, const std::string& problem) const {
  throw Error(ErrorKind::input, fmt::format("{}, line {}: {}", printable(what_), line, problem));
}

void ParagraphReader::add_line(Paragraph& paragraph, std::string_view line) {
  if (is_blank(line.front())) {
    if (paragraph.fields.empty()) fail(line_, "a continuation line without a field before it");
    Field& field = paragraph.fields.back();
    const std::string_view tail = without_trailing_blanks(line);
    // The value grows up to the end of this line: both lie in the same text.
    field.value = std::string_view(field.value.data(), static_cast<std::size_t>(tail.data() + tail.size() - field.value.data()));
    return;
  }
  const auto colon = line.find(':');
  const std::string_view name = without_trailing_blanks(line.substr(0, colon));
  if (colon == std::string_view::npos || !is_field_name(name)) fail(line_, fmt::format("\"{}\" is not a field", printable(line.substr(0, colon), 60)));
  if (paragraph.find(name)) fail(line_, fmt::format("field {} stands twice", printable(name, 60)));
  if (paragraph.fields.size() >= limits_.fields) fail(line_, fmt::format("more than {} fields", limits_.fields));
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && is_blank(value.front())) value.remove_prefix(1);
  paragraph.fields.push_back({name, without_trailing_blanks(value), line_});
}

bool ParagraphReader::next(Paragraph& paragraph) {
  paragraph.fields.clear();
  paragraph.text = {};
  std::size_t begin = at_;
  while (at_ < text_.size()) {
    const std::size_t newline = text_.find('\n', at_);
    const std::size_t end = newline == std::string_view::npos ? text_.size() : newline;
    const std::string_view line = text_.substr(at_, end - at_);
    const std::size_t following = newline == std::string_view::npos ? end : end + 1;
    ++line_;
    if (without_trailing_blanks(line).empty()) {
      // An empty line ends the paragraph; so does, as for dpkg, one of blanks only.
      const std::size_t stop = at_;
      at_ = following;
      if (paragraph.fields.empty()) {
        begin = at_;
        continue;
      }
      paragraph.text = text_.substr(begin, stop - begin);
      return true;
    }
    if (line.find('\0') != std::string_view::npos) fail(line_, "a NUL byte");
    if (paragraph.fields.empty()) paragraph.line = line_;
    add_line(paragraph, line);
    at_ = following;
    if (at_ - begin > limits_.paragraph) fail(paragraph.line, fmt::format("a paragraph of more than {} bytes", limits_.paragraph));
  }
  if (paragraph.fields.empty()) return false;
  paragraph.text = text_.substr(begin);
  return true;
}

Paragraph read_single_paragraph(std::string_view text, std::string what, ParagraphLimits limits) {
  ParagraphReader reader(text, what, limits);
  Paragraph paragraph, further;
  if (!reader.next(paragraph)) throw Error(ErrorKind::input, fmt::format("{}: no fields", printable(what)));
  if (reader.next(further)) throw Error(ErrorKind::input, fmt::format("{}, line {}: a second paragraph", printable(what), further.line));
  return paragraph;
}

std::string without_comments(std::string_view text) {
  std::string kept;
  kept.reserve(text.size());
  for (std::string_view line : lines(text)) {
    if (line.starts_with('#')) continue;
    kept.append(line).push_back('\n');
  }
  return kept;
}

}  // namespace resole::deb
