// SPDX-License-Identifier: Apache-2.0
// The expressions of apt's preferences: a shell glob, or an extended regular expression between slashes; case does not count
// (apt_preferences(5)).
#pragma once
#include <memory>
#include <string>
#include <string_view>

namespace resole::deb {

class Pattern {
 public:
  // Error(input) for a regular expression that is broken, longer than 256 bytes, or uses repetition counts, many '+' or back-references: an
  // image could make those take all time and memory.
  explicit Pattern(std::string_view text);

  bool matches(std::string_view text) const;
  bool is_expression() const { return expression_; }  // as opposed to a plain name
  const std::string& text() const { return text_; }

 private:
  struct Regex;
  std::string text_;
  bool expression_ = false;
  std::shared_ptr<const Regex> regex_;
};

}  // namespace resole::deb
