// SPDX-License-Identifier: Apache-2.0
#include "base/json_pieces.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/text.hpp"

namespace resole {

namespace {

bool is_json_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

class JsonCutter {
 public:
  JsonCutter(std::string_view what, JsonCut cut, const std::function<void(std::string_view, std::uint64_t)>& use, JsonPieceLimits limits)
      : what_(what), members_(cut == JsonCut::members), use_(use), limits_(limits) {}

  void feed(std::string_view bytes) {
    for (const char c : bytes) {
      take(c);
      ++at_;
    }
    if (at_ > limits_.bytes) throw Error(ErrorKind::input, fmt::format("{} is larger than the {} accepted for JSON", what_, human_size(limits_.bytes)));
  }

  void finish() {
    if (depth_ > 0 || in_string_ || !piece_.empty()) fail("it ends too early");
    if (members_ ? !closed_ : count_ == 0) fail("there is no value");
  }

 private:
  [[noreturn]] void fail(std::string_view reason) const { throw Error(ErrorKind::input, fmt::format("{}: byte {}: {}", what_, at_, reason)); }

  unsigned base() const { return members_ ? 1 : 0; }  // depth at which pieces stand

  void keep(char c) {
    if (piece_.empty()) begin_ = at_;
    piece_ += c;
    if (piece_.size() > limits_.piece) fail(fmt::format("a value of more than {}", human_size(limits_.piece)));
  }

  void take(char c) {
    if (in_string_) {
      piece_ += c;
      if (piece_.size() > limits_.piece) fail(fmt::format("a value of more than {}", human_size(limits_.piece)));
      if (escaped_) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = true;
      } else if (c == '"') {
        in_string_ = false;
      }
      return;
    }
    if (is_json_blank(c)) {
      if (!piece_.empty()) piece_ += c;
      return;
    }
    if (depth_ == base()) return between(c);
    if (depth_ < base()) return outside(c);
    inside(c);
  }

  // Before and after the one container.
  void outside(char c) {
    if (closed_ || (c != '{' && c != '[')) fail(closed_ ? "text after the end" : "an object or an array is expected");
    container_ = c;
    depth_ = 1;
  }

  void inside(char c) {
    keep(c);
    if (c == '"') in_string_ = true;
    if (c == '{' || c == '[') ++depth_;
    if (c != '}' && c != ']') return;
    if (--depth_ == base() && !members_) hand_over();
  }

  void between(char c) {
    if (!members_) {
      if (c != '{' && c != '[') fail("an object or an array is expected");
      keep(c);
      ++depth_;
      return;
    }
    if (c == ',') {
      hand_over();
      comma_ = true;
    } else if (c == (container_ == '{' ? '}' : ']')) {
      if (!piece_.empty() || comma_) hand_over();
      depth_ = 0;
      closed_ = true;
    } else if (c == '}' || c == ']') {
      fail("a bracket that closes nothing");
    } else {
      inside(c);
    }
  }

  void hand_over() {
    if (piece_.empty()) fail("a value is expected");
    if (++count_ > limits_.count) fail(fmt::format("more than {} values", limits_.count));
    if (members_ && container_ == '{') piece_ = "{" + piece_ + "}";
    use_(piece_, begin_);
    piece_.clear();
    comma_ = false;
  }

  std::string_view what_;
  bool members_;
  const std::function<void(std::string_view, std::uint64_t)>& use_;
  JsonPieceLimits limits_;
  std::string piece_;
  char container_ = '\0';
  unsigned depth_ = 0;
  bool in_string_ = false, escaped_ = false, closed_ = false, comma_ = false;
  std::uint64_t at_ = 0, begin_ = 0, count_ = 0;
};

}  // namespace

void for_each_json(Source& source, std::string_view what, JsonCut cut, const std::function<void(std::string_view, std::uint64_t)>& use, JsonPieceLimits limits) {
  JsonCutter cutter(what, cut, use, limits);
  std::string buffer(1 << 16, '\0');
  while (const std::size_t got = source.read(buffer.data(), buffer.size())) cutter.feed({buffer.data(), got});
  cutter.finish();
}

JsonOutline outline_of(std::string_view beginning) {
  JsonOutline out;
  if (beginning.starts_with("\xef\xbb\xbf")) beginning.remove_prefix(3);
  unsigned depth = 0;
  for (std::size_t at = 0; at < beginning.size(); ++at) {
    const char c = beginning[at];
    if (is_json_blank(c)) continue;
    if (out.opens == '\0') {
      if (c != '{' && c != '[') return out;
      out.opens = c;
    }
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && depth > 0) --depth;
    if (c != '"') continue;
    const std::size_t begin = ++at;
    while (at < beginning.size() && beginning[at] != '"') at += beginning[at] == '\\' ? 2 : 1;
    if (at >= beginning.size()) break;
    std::size_t next = at + 1;
    while (next < beginning.size() && is_json_blank(beginning[next])) ++next;
    if (next < beginning.size() && beginning[next] == ':' && depth >= 1 && depth <= 3 && at - begin < 200)
      out.keys[depth - 1].emplace(beginning.substr(begin, at - begin));
  }
  return out;
}

}  // namespace resole
