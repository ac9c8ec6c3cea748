// SPDX-License-Identifier: Apache-2.0
// The edits say which lines change, so nothing has to be compared: an old line becomes one or more new ones.
#include "rollout/unified_diff.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::rollout {

namespace {

constexpr std::size_t kContext = 3;

// With their newlines; the last may have none.
std::vector<std::string_view> whole_lines(std::string_view text) {
  std::vector<std::string_view> all;
  while (!text.empty()) {
    const std::size_t size = std::min(text.find('\n'), text.size() - 1) + 1;
    all.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return all;
}

struct ChangedLine { std::size_t number = 0; std::string text; };  // number from 0; text: one or more lines

// An empty file has one empty line, which an insertion could change; no edit is made there.
std::vector<ChangedLine> changed_lines(const std::vector<std::string_view>& lines, std::string_view before, const std::vector<document::FileEdit>& edits) {
  std::vector<ChangedLine> changed;
  std::size_t line = 0, begin = 0, done = 0;  // `done`: bytes of this line that the new text has already
  const auto close = [&] {
    if (!changed.empty() && changed.back().number == line) changed.back().text += lines[line].substr(done);
  };
  for (const auto& edit : edits) {
    while (line + 1 < lines.size() && edit.begin >= begin + lines[line].size()) {
      close();
      begin += lines[line++].size();
      done = 0;
    }
    if (edit.begin < begin + done || edit.end > begin + lines[line].size() || before.substr(edit.begin, edit.end - edit.begin).find('\n') != std::string_view::npos) {
      throw Error(ErrorKind::internal, "an edit goes over the end of a line");
    }
    if (changed.empty() || changed.back().number != line) changed.push_back({line, ""});
    changed.back().text += lines[line].substr(done, edit.begin - begin - done);
    changed.back().text += edit.new_value;
    done = edit.end - begin;
  }
  if (!edits.empty()) close();
  return changed;
}

void put_line(std::string& out, char sign, std::string_view line) {
  out += sign;
  out += line;
  if (!line.ends_with('\n')) out += "\n\\ No newline at end of file\n";
}

struct Hunk { std::size_t first = 0, last = 0; };  // indices into the changed lines

std::vector<Hunk> hunks(const std::vector<ChangedLine>& changed) {
  std::vector<Hunk> all;
  for (std::size_t i = 0; i < changed.size(); ++i) {
    if (!all.empty() && changed[i].number - changed[i - 1].number <= 2 * kContext) {
      all.back().last = i;
    } else {
      all.push_back({i, i});
    }
  }
  return all;
}

// Runs of changed lines: all the old ones, then all the new ones. A line that only gets others behind it stays as context.
std::size_t put_body(std::string& out, const std::vector<std::string_view>& lines, const std::vector<ChangedLine>& changed, const Hunk& hunk, std::size_t first, std::size_t last,
                     bool backwards) {
  std::size_t new_lines = 0, next = hunk.first;
  const auto is_changed = [&](std::size_t i) { return next <= hunk.last && changed[next].number == i; };
  for (std::size_t i = first; i <= last;) {
    if (!is_changed(i)) {
      put_line(out, ' ', lines[i++]);
      ++new_lines;
      continue;
    }
    std::string minus, plus;
    while (i <= last && is_changed(i)) {
      auto replacement = whole_lines(changed[next].text);
      new_lines += replacement.size();
      if (minus.empty() && plus.empty() && replacement.front() == lines[i]) {
        put_line(out, ' ', lines[i]);
        replacement.erase(replacement.begin());
      } else {
        put_line(minus, backwards ? '+' : '-', lines[i]);
      }
      for (const auto line : replacement) put_line(plus, backwards ? '-' : '+', line);
      ++next;
      ++i;
    }
    out += backwards ? plus + minus : minus + plus;
  }
  return new_lines;
}

// As git writes names: quoted when they hold what would be read otherwise.
std::string name_of(std::string_view prefix, std::string_view path) {
  std::string out;
  bool quoted = false;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\{:03o}", byte);
    } else {
      out += c;
      continue;
    }
    quoted = true;
  }
  return quoted ? fmt::format("\"{}{}\"", prefix, out) : fmt::format("{}{}", prefix, out);
}

}  // namespace

std::string unified_diff(std::string_view path, std::string_view before, const std::vector<document::FileEdit>& edits, bool backwards) {
  const auto lines = whole_lines(before);
  if (edits.empty() || lines.empty()) return {};
  const auto changed = changed_lines(lines, before, edits);
  const std::string a = name_of("a/", path), b = name_of("b/", path);
  const std::string_view tail = path.find(' ') == std::string_view::npos ? "" : "\t";  // the end of a name with blanks
  std::string out = fmt::format("diff --git {0} {1}\n--- {0}{2}\n+++ {1}{2}\n", a, b, tail);
  std::size_t added = 0;
  for (const Hunk& hunk : hunks(changed)) {
    const std::size_t first = changed[hunk.first].number - std::min(changed[hunk.first].number, kContext);
    const std::size_t last = std::min(changed[hunk.last].number + kContext, lines.size() - 1);
    std::string body;
    const std::size_t new_lines = put_body(body, lines, changed, hunk, first, last, backwards);
    const std::string old_range = fmt::format("{},{}", first + 1, last - first + 1), new_range = fmt::format("{},{}", first + 1 + added, new_lines);
    out += fmt::format("@@ -{} +{} @@\n", backwards ? new_range : old_range, backwards ? old_range : new_range);
    out += body;
    added += new_lines - (last - first + 1);
  }
  return out;
}

}  // namespace resole::rollout
