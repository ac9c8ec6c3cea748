// SPDX-License-Identifier: Apache-2.0
// Shell patterns without backtracking over more than one star. When a character does not fit, only the last star can take
// one character more: an earlier star taking more would lead to a text that the later star could have eaten as well.
// So the cost is at most pattern times text, never exponential ("*a*a*a*a*b" against a long run of a).
#include <string_view>

#include "base/text.hpp"

namespace resole {

namespace {

// POSIX classes in the C locale; `name` as between "[:" and ":]".
bool in_class(std::string_view name, unsigned char c) {
  const bool upper = c >= 'A' && c <= 'Z', lower_case = c >= 'a' && c <= 'z', digit = c >= '0' && c <= '9';
  if (name == "alpha") return upper || lower_case;
  if (name == "digit") return digit;
  if (name == "alnum") return upper || lower_case || digit;
  if (name == "upper") return upper;
  if (name == "lower") return lower_case;
  if (name == "xdigit") return digit || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
  if (name == "space") return c == ' ' || (c >= '\t' && c <= '\r');
  if (name == "blank") return c == ' ' || c == '\t';
  if (name == "cntrl") return c < 0x20 || c == 0x7f;
  if (name == "print") return c >= 0x20 && c < 0x7f;
  if (name == "graph") return c > 0x20 && c < 0x7f;
  if (name == "punct") return c > 0x20 && c < 0x7f && !upper && !lower_case && !digit;
  return false;
}

struct Bracket {
  std::size_t end = 0;  // after the ']'; 0: no bracket expression here, the '[' stands for itself
  bool matches = false;
};

// pattern[at] is '['.
Bracket match_bracket(std::string_view pattern, std::size_t at, unsigned char c) {
  std::size_t i = at + 1;
  const bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  if (negated) ++i;
  bool found = false;
  for (bool first = true; i < pattern.size(); first = false) {
    if (pattern[i] == ']' && !first) return {i + 1, found != negated};
    if (pattern.substr(i, 2) == "[:") {
      const std::size_t close = pattern.find(":]", i + 2);
      if (close != std::string_view::npos) {
        found = found || in_class(pattern.substr(i + 2, close - i - 2), c);
        i = close + 2;
        continue;
      }
    }
    const auto one = [&]() -> unsigned char {
      if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
      return static_cast<unsigned char>(pattern[i++]);
    };
    const unsigned char low = one();
    unsigned char high = low;
    if (i + 1 < pattern.size() && pattern[i] == '-' && pattern[i + 1] != ']') {
      ++i;
      high = one();
    }
    found = found || (low <= c && c <= high);
  }
  return {};
}

// How many characters of the pattern at `at` take exactly the character c; 0: they do not.
std::size_t match_one(std::string_view pattern, std::size_t at, char c) {
  switch (pattern[at]) {
    case '?':
      return 1;
    case '\\':
      if (at + 1 == pattern.size()) return 0;  // fnmatch(3): a backslash at the end matches nothing
      return pattern[at + 1] == c ? 2 : 0;
    case '[': {
      const Bracket bracket = match_bracket(pattern, at, static_cast<unsigned char>(c));
      if (bracket.end != 0) return bracket.matches ? bracket.end - at : 0;
      return c == '[' ? 1 : 0;
    }
    default:
      return pattern[at] == c ? 1 : 0;
  }
}

}  // namespace

bool glob_match(std::string_view pattern, std::string_view text) {
  constexpr std::size_t kNone = std::string_view::npos;
  std::size_t p = 0, t = 0, after_star = kNone, star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      after_star = ++p;
      star_text = t;
      continue;
    }
    const std::size_t used = p < pattern.size() ? match_one(pattern, p, text[t]) : 0;
    if (used > 0) {
      p += used;
      ++t;
    } else if (after_star != kNone) {
      p = after_star;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace resole
