// SPDX-License-Identifier: Apache-2.0
// Paths are compared directory by directory, so that a star cannot reach further than the scanner that the list was written for would let it.
#include "advisory/vex/screen.hpp"
#include "base/text.hpp"

namespace resole::advisory::vex {

namespace {

constexpr std::size_t kMostParts = 256, kMostAlternatives = 64;

// "a/{b,c}/d" -> "a/b/d", "a/c/d"; the innermost braces are inside others' alternatives, so the first closing one ends a pair without braces in it.
std::vector<std::string> without_braces(std::string_view glob) {
  std::vector<std::string> done, open{std::string(glob)};
  while (!open.empty() && done.size() + open.size() <= kMostAlternatives) {
    const std::string text = std::move(open.back());
    open.pop_back();
    const std::size_t close = text.find('}');
    const std::size_t begin = close == std::string::npos ? close : text.rfind('{', close);
    if (begin == std::string::npos) {
      done.push_back(text);
      continue;
    }
    for (const std::string_view each : split(std::string_view(text).substr(begin + 1, close - begin - 1), ','))
      open.push_back(text.substr(0, begin) + std::string(each) + text.substr(close + 1));
  }
  return open.empty() ? done : std::vector<std::string>{};  // more alternatives than are read: it fits nothing
}

// reached[k]: what stands before the pattern's current part takes exactly the first k parts of the path.
bool parts_match(const std::vector<std::string_view>& glob, const std::vector<std::string_view>& path) {
  std::vector<bool> reached(path.size() + 1, false);
  reached[0] = true;
  for (const std::string_view part : glob) {
    std::vector<bool> next(path.size() + 1, false);
    for (std::size_t k = 0; k <= path.size(); ++k) {
      if (part == "**")
        next[k] = reached[k] || (k > 0 && next[k - 1]);
      else
        next[k] = k > 0 && reached[k - 1] && glob_match(part, path[k - 1]);
    }
    reached = std::move(next);
  }
  return reached.back();
}

std::string_view without_root(std::string_view path) { return path.starts_with('/') ? path.substr(1) : path; }

}  // namespace

bool path_matches(std::string_view glob, std::string_view path) {
  const auto parts = split(without_root(path), '/');
  if (parts.size() > kMostParts) return false;
  for (const std::string& each : without_braces(glob)) {
    const auto pattern = split(without_root(each), '/');
    if (pattern.size() <= kMostParts && parts_match(pattern, parts)) return true;
  }
  return false;
}

}  // namespace resole::advisory::vex
