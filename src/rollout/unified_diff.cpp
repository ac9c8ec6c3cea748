// SPDX-License-Identifier: Apache-2.0
#include "rollout/unified_diff.hpp"

#include <algorithm>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::rollout {

namespace {

constexpr std::size_t kContext = 3;

struct Text {
  std::vector<std::string_view> lines;
  bool ends_in_newline;
};

Text cut(std::string_view text) { return {lines(text), text.empty() || text.back() == '\n'}; }

void put_line(std::string& out, char sign, const Text& text, std::size_t index) {
  out += sign;
  out += text.lines[index];
  out += '\n';
  if (index + 1 == text.lines.size() && !text.ends_in_newline) out += "\\ No newline at end of file\n";
}

// Changed line numbers that are so near that their contexts touch are one hunk.
std::vector<std::pair<std::size_t, std::size_t>> hunks(const Text& before, const Text& after) {
  std::vector<std::pair<std::size_t, std::size_t>> ranges;  // first, last changed line
  for (std::size_t i = 0; i < before.lines.size(); ++i) {
    if (before.lines[i] == after.lines[i]) continue;
    if (!ranges.empty() && i - ranges.back().second <= 2 * kContext) {
      ranges.back().second = i;
    } else {
      ranges.emplace_back(i, i);
    }
  }
  return ranges;
}

// Runs of changed lines: all the old ones, then all the new ones.
void put_body(std::string& out, const Text& before, const Text& after, std::size_t first, std::size_t last) {
  for (std::size_t i = first; i <= last;) {
    if (before.lines[i] == after.lines[i]) {
      put_line(out, ' ', before, i++);
      continue;
    }
    std::size_t end = i;
    while (end <= last && before.lines[end] != after.lines[end]) ++end;
    for (std::size_t k = i; k < end; ++k) put_line(out, '-', before, k);
    for (std::size_t k = i; k < end; ++k) put_line(out, '+', after, k);
    i = end;
  }
}

}  // namespace

std::string unified_diff(std::string_view path, std::string_view before_text, std::string_view after_text) {
  const Text before = cut(before_text), after = cut(after_text);
  if (before.lines.size() != after.lines.size()) throw Error(ErrorKind::internal, "an edit changed the number of lines");
  const auto ranges = hunks(before, after);
  if (ranges.empty()) return {};
  std::string out = fmt::format("diff --git a/{0} b/{0}\n--- a/{0}\n+++ b/{0}\n", path);
  for (const auto& [first_changed, last_changed] : ranges) {
    const std::size_t first = first_changed - std::min(first_changed, kContext);
    const std::size_t last = std::min(last_changed + kContext, before.lines.size() - 1);
    out += fmt::format("@@ -{0},{1} +{0},{1} @@\n", first + 1, last - first + 1);
    put_body(out, before, after, first, last);
  }
  return out;
}

}  // namespace resole::rollout
