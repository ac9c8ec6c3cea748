// SPDX-License-Identifier: Apache-2.0
// Paragraphs of fields as in deb822(5): control files, dpkg's status, Release, Packages, *.sources, preferences. Views only, nothing is
// copied.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace resole::deb {

struct Field {
  std::string_view name;   // as written
  std::string_view value;  // trimmed; continuation lines follow after "\n" as they stand, with their leading blank
  std::size_t line = 0;    // 1-based
};

// A block of lines up to an empty one.
struct Paragraph {
  std::string_view text;  // the lines as they stand, the last newline included when there is one, the empty line not
  std::size_t line = 0;   // of its first field
  std::vector<Field> fields;

  const Field* find(std::string_view name) const;                                // names compare without case
  std::string_view get(std::string_view name) const;                             // "" when absent
  bool says_yes(std::string_view name) const;                                    // "yes" in any case
  std::string_view require(std::string_view name, std::string_view what) const;  // Error(input): "WHAT, line N: no Package field"
};

struct ParagraphLimits {
  std::size_t bytes = 1u << 30;
  std::size_t paragraph = 4u << 20;  // bytes of one paragraph
  std::size_t fields = 1000;         // of one paragraph
};

// Walks the paragraphs of `text`. Error(input) names `what` and the line: a line that is neither field nor continuation, a field twice,
// NUL, limits.
class ParagraphReader {
 public:
  ParagraphReader(std::string_view text, std::string what, ParagraphLimits limits = {});
  bool next(Paragraph& paragraph);  // false at the end; the paragraph's storage is reused

 private:
  [[noreturn]] void fail(std::size_t line, const std::string& problem) const;
  void add_line(Paragraph& paragraph, std::string_view line);

  std::string_view text_;
  std::string what_;
  ParagraphLimits limits_;
  std::size_t at_ = 0, line_ = 0;
};

// Exactly one paragraph (a .deb's control file, a Release file); Error(input) on none or more.
Paragraph read_single_paragraph(std::string_view text, std::string what, ParagraphLimits limits = {});

// Lines that start with '#' dropped, as apt's *.sources and preferences have them (deb822(5)): dpkg's own files know no comments.
std::string without_comments(std::string_view text);

// Do two field names mean the same? ASCII case is ignored.
bool same_name(std::string_view a, std::string_view b);

}  // namespace resole::deb
