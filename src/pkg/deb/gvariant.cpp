// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/gvariant.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstdint>
#include <limits>

#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::deb {
namespace {

constexpr unsigned kDeepest = 32, kMostSteps = 1'000'000;  // steps: a variant in a variant is read twice as often as the one around it

Error gvariant_error(std::string_view what) { return Error(ErrorKind::input, fmt::format("GVariant: {}", what)); }

// ---- types

// The first complete type of `text`.
std::string_view first_type(std::string_view text, unsigned depth = 0) {
  constexpr std::string_view kSingle = "bynqiuxthdsogv";
  if (text.empty() || depth > kDeepest) throw gvariant_error(fmt::format("\"{}\" is not a type", printable(text, 60)));
  if (kSingle.contains(text[0])) return text.substr(0, 1);
  if (text[0] == 'a' || text[0] == 'm') return text.substr(0, 1 + first_type(text.substr(1), depth + 1).size());
  const char close = text[0] == '(' ? ')' : text[0] == '{' ? '}' : '\0';
  if (!close) throw gvariant_error(fmt::format("\"{}\" is not a type", printable(text, 60)));
  std::size_t at = 1;
  while (at < text.size() && text[at] != close) at += first_type(text.substr(at), depth + 1).size();
  if (at >= text.size()) throw gvariant_error(fmt::format("\"{}\" is not a type", printable(text, 60)));
  return text.substr(0, at + 1);
}

// Of a tuple or a dictionary entry.
std::vector<std::string_view> member_types(std::string_view type) {
  std::vector<std::string_view> members;
  for (std::size_t at = 1; at + 1 < type.size(); at += members.back().size()) members.push_back(first_type(type.substr(at)));
  return members;
}

std::size_t alignment_of(std::string_view type) {
  switch (type[0]) {
    case 'n':
    case 'q':
      return 2;
    case 'i':
    case 'u':
    case 'h':
      return 4;
    case 'x':
    case 't':
    case 'd':
    case 'v':
      return 8;
    case 'a':
    case 'm':
      return alignment_of(type.substr(1));
    case '(':
    case '{': {
      std::size_t most = 1;
      for (const std::string_view member : member_types(type)) most = std::max(most, alignment_of(member));
      return most;
    }
    default:
      return 1;
  }
}

std::size_t aligned(std::size_t at, std::size_t to) { return (at + to - 1) / to * to; }

// 0: it depends on the value.
std::size_t fixed_size(std::string_view type) {
  constexpr std::string_view kOne = "by";
  if (kOne.contains(type[0])) return 1;
  if (type[0] == '(' || type[0] == '{') {
    const auto members = member_types(type);
    if (members.empty()) return 1;
    std::size_t size = 0;
    for (const std::string_view member : members) {
      const std::size_t each = fixed_size(member);
      if (each == 0) return 0;
      size = aligned(size, alignment_of(member)) + each;
    }
    return aligned(size, alignment_of(type));
  }
  return std::string_view("nqiuhxtd").contains(type[0]) ? alignment_of(type) : 0;
}

// ---- bytes

// Ends of members behind the body, in the fewest bytes that can tell the size of all.
void add_offsets(std::string& body, const std::vector<std::size_t>& ends) {
  unsigned width = 1;
  while (width < 8 && body.size() + ends.size() * width >= (std::uint64_t{1} << (8 * width))) width *= 2;
  for (const std::size_t end : ends) body += gvariant_number(end, width);
}

// ---- text

class TextParser {
 public:
  explicit TextParser(std::string_view text) : text_(text) {}

  std::string parse(std::string_view type) {
    std::string bytes = value(type, 0);
    skip();
    if (at_ != text_.size()) fail("something follows the value");
    return bytes;
  }

 private:
  [[noreturn]] void fail(std::string_view what) const { throw gvariant_error(fmt::format("{} in \"{}\" at {}", what, printable(text_, 120), at_)); }

  void skip() {
    while (at_ < text_.size() && std::string_view(" \t\n\r\v\f").contains(text_[at_])) ++at_;
  }
  char peek() {
    skip();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!take(c)) fail(fmt::format("'{}' expected", c));
  }

  std::string_view word() {
    skip();
    const std::size_t begin = at_;
    while (at_ < text_.size() && ((text_[at_] >= 'a' && text_[at_] <= 'z') || (text_[at_] >= '0' && text_[at_] <= '9'))) ++at_;
    return text_.substr(begin, at_ - begin);
  }
  bool take_word(std::string_view wanted) {
    const std::size_t before = at_;
    if (word() == wanted) return true;
    at_ = before;
    return false;
  }

  // "@as", "uint32": the type that the text itself gives; "" when it gives none.
  std::string given_type() {
    constexpr std::array<std::pair<std::string_view, char>, 13> kNames = {{{"boolean", 'b'}, {"byte", 'y'}, {"int16", 'n'}, {"uint16", 'q'}, {"int32", 'i'},
                                                                           {"uint32", 'u'}, {"int64", 'x'}, {"uint64", 't'}, {"handle", 'h'}, {"double", 'd'},
                                                                           {"string", 's'}, {"objectpath", 'o'}, {"signature", 'g'}}};
    if (take('@')) {
      const std::string_view type = first_type(text_.substr(at_));
      at_ += type.size();
      return std::string(type);
    }
    const std::size_t before = at_;
    const std::string_view name = word();
    const auto found = std::ranges::find(kNames, name, &std::pair<std::string_view, char>::first);
    if (found != kNames.end()) return std::string(1, found->second);
    at_ = before;
    return {};
  }

  std::string value(std::string_view type, unsigned depth) {
    if (depth > kDeepest || ++steps_ > kMostSteps) fail("too deep");
    if (type.empty()) fail("no type");
    if (const std::string given = given_type(); !given.empty()) {
      if (given == type) return value(type, depth + 1);
      if (type[0] != 'm' || given != type.substr(1)) fail(fmt::format("{} where {} is expected", given, type));
      return just(type, value(given, depth + 1));
    }
    switch (type[0]) {
      case 'b': {
        if (take_word("true")) return "\1";
        if (take_word("false")) return std::string(1, '\0');
        fail("true or false expected");
      }
      case 's':
      case 'o':
      case 'g':
        return gvariant_string(string());
      case 'd':
        return gvariant_number(std::bit_cast<std::uint64_t>(floating()), 8);
      case 'v': {
        expect('<');
        const std::string inner = inferred(depth + 1);
        std::string bytes = gvariant_variant({inner, value(inner, depth + 1)});
        expect('>');
        return bytes;
      }
      case 'm':
        return maybe(type, depth);
      case 'a':
        return array(type.substr(1), depth);
      case '(':
        return tuple(type, depth);
      default:
        return integer(type);
    }
  }

  static std::string just(std::string_view type, std::string bytes) {
    if (fixed_size(type.substr(1)) == 0) bytes += '\0';
    return bytes;
  }

  std::string maybe(std::string_view type, unsigned depth) {
    if (take_word("nothing")) return {};
    take_word("just");
    return just(type, value(type.substr(1), depth + 1));
  }

  std::string array(std::string_view element, unsigned depth) {
    std::vector<std::string> elements;
    if (element[0] == '{' && take('{')) {
      const auto members = member_types(element);
      if (members.size() != 2) fail("not a dictionary");
      while (!take('}')) {
        if (!elements.empty()) expect(',');
        std::string key = value(members[0], depth + 1);
        expect(':');
        elements.push_back(gvariant_tuple({{std::string(members[0]), std::move(key)}, {std::string(members[1]), value(members[1], depth + 1)}}));
      }
    } else {
      expect('[');
      if (element[0] == '{' && peek() != ']') fail("entries in brackets are not understood");
      while (!take(']')) {
        if (!elements.empty()) expect(',');
        elements.push_back(value(element, depth + 1));
      }
    }
    return gvariant_array(element, elements);
  }

  std::string tuple(std::string_view type, unsigned depth) {
    std::vector<TypedBytes> members;
    expect('(');
    for (const std::string_view member : member_types(type)) {
      if (!members.empty()) expect(',');
      members.emplace_back(member, value(member, depth + 1));
    }
    if (members.size() == 1) expect(',');
    expect(')');
    return gvariant_tuple(members);
  }

  std::string_view number_token() {
    skip();
    const std::size_t begin = at_;
    while (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-' || text_[at_] == '.' || (text_[at_] >= '0' && text_[at_] <= '9') ||
                                  (text_[at_] >= 'a' && text_[at_] <= 'z') || (text_[at_] >= 'A' && text_[at_] <= 'Z')))
      ++at_;
    return text_.substr(begin, at_ - begin);
  }

  std::string integer(std::string_view type) {
    struct Range {
      char type;
      unsigned bytes;
      bool is_signed;
    };
    constexpr std::array<Range, 8> kRanges = {{{'y', 1, false}, {'n', 2, true}, {'q', 2, false}, {'i', 4, true}, {'u', 4, false}, {'x', 8, true}, {'t', 8, false}, {'h', 4, true}}};
    const auto range = std::ranges::find(kRanges, type[0], &Range::type);
    if (range == kRanges.end()) fail(fmt::format("type {} is not understood", printable(type, 60)));
    std::string_view token = number_token();
    const bool negative = token.starts_with('-');
    if (negative || token.starts_with('+')) token.remove_prefix(1);
    int base = 10;
    if (token.starts_with("0x") || token.starts_with("0X")) {
      base = 16;
      token.remove_prefix(2);
    } else if (token.size() > 1 && token[0] == '0') {
      base = 8;
    }
    std::uint64_t magnitude = 0;
    const auto [end, problem] = std::from_chars(token.data(), token.data() + token.size(), magnitude, base);
    if (token.empty() || problem != std::errc() || end != token.data() + token.size()) fail("a whole number expected");
    const std::uint64_t most = range->is_signed ? (std::uint64_t{1} << (8 * range->bytes - 1)) - (negative ? 0 : 1)
                                                : std::numeric_limits<std::uint64_t>::max() >> (64 - 8 * range->bytes);
    if (magnitude > most || (negative && !range->is_signed && magnitude != 0)) fail("the number does not fit its type");
    return gvariant_number(negative ? 0 - magnitude : magnitude, range->bytes);
  }

  double floating() {
    std::string_view token = number_token();
    const bool negative = token.starts_with('-');
    if (negative || token.starts_with('+')) token.remove_prefix(1);
    double number = 0;
    const auto [end, problem] = std::from_chars(token.data(), token.data() + token.size(), number);
    if (token.empty() || problem != std::errc() || end != token.data() + token.size()) fail("a number expected");
    return negative ? -number : number;
  }

  std::string string() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') fail("a string expected");
    std::string out;
    for (++at_; at_ < text_.size() && text_[at_] != quote; ++at_) {
      if (text_[at_] != '\\') {
        out += text_[at_];
        continue;
      }
      constexpr std::string_view kLetters = "abfnrtv", kMeanings = "\a\b\f\n\r\t\v";
      if (++at_ >= text_.size()) break;
      const std::size_t letter = kLetters.find(text_[at_]);
      if (text_[at_] == 'u' || text_[at_] == 'U') fail("an escaped character");
      if (letter != std::string_view::npos)
        out += kMeanings[letter];
      else if (text_[at_] != '\n')
        out += text_[at_];
    }
    if (at_ >= text_.size()) fail("an unfinished string");
    ++at_;
    return out;
  }

  // The type of a value that stands without one, in <>: found by reading it, and then read again.
  std::string inferred(unsigned depth) {
    const std::size_t before = at_;
    std::string type = infer(depth);
    at_ = before;
    return type;
  }

  std::string infer(unsigned depth) {
    if (depth > kDeepest || ++steps_ > kMostSteps) fail("too deep");
    if (std::string given = given_type(); !given.empty()) {
      value(given, depth + 1);
      return given;
    }
    const char c = peek();
    if (c == '\'' || c == '"') {
      string();
      return "s";
    }
    if (c == '<') {
      value("v", depth + 1);
      return "v";
    }
    if (c == '(') {
      std::string type = "(";
      take('(');
      while (!take(')')) {
        type += infer(depth + 1);
        if (peek() != ')') expect(',');
      }
      return type + ")";
    }
    if (c == '[' || c == '{') return infer_array(c, depth);
    if (take_word("true") || take_word("false")) return "b";
    const std::string_view token = number_token();
    if (token.empty() || token.find_first_not_of("+-.0123456789eExXabcdfABCDF") != std::string_view::npos) fail("a value expected");
    const bool hexadecimal = token.find_first_of("xX") != std::string_view::npos;
    return !hexadecimal && token.find_first_of(".eE") != std::string_view::npos ? "d" : "i";
  }

  std::string infer_array(char open, unsigned depth) {
    std::string element;
    take(open);
    const char close = open == '[' ? ']' : '}';
    while (!take(close)) {
      std::string each = infer(depth + 1);
      if (open == '{') {
        expect(':');
        each = fmt::format("{{{}{}}}", each, infer(depth + 1));
      }
      if (!element.empty() && each != element) fail("members of several types");
      element = each;
      if (peek() != close) expect(',');
    }
    if (element.empty()) fail("an empty array without a type");
    return "a" + element;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  unsigned steps_ = 0;
};

}  // namespace

std::string gvariant_number(std::uint64_t value, unsigned bytes) {
  std::string out;
  for (unsigned i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
  return out;
}

std::string gvariant_string(std::string_view text) {
  std::string out(text);
  out += '\0';
  return out;
}

std::string gvariant_variant(const TypedBytes& value) { return value.second + '\0' + value.first; }

std::string gvariant_tuple(const std::vector<TypedBytes>& members) {
  if (members.empty()) return std::string(1, '\0');
  std::string body;
  std::vector<std::size_t> ends;  // of members of no fixed size, but for the last
  bool fixed = true;
  std::size_t alignment = 1;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const auto& [type, bytes] = members[i];
    alignment = std::max(alignment, alignment_of(type));
    body.resize(aligned(body.size(), alignment_of(type)), '\0');
    body += bytes;
    if (fixed_size(type) != 0) continue;
    fixed = false;
    if (i + 1 < members.size()) ends.push_back(body.size());
  }
  if (fixed) body.resize(aligned(body.size(), alignment), '\0');
  std::ranges::reverse(ends);
  add_offsets(body, ends);
  return body;
}

std::string gvariant_array(std::string_view element_type, const std::vector<std::string>& elements) {
  std::string body;
  std::vector<std::size_t> ends;
  const std::size_t alignment = alignment_of(element_type);
  for (const std::string& element : elements) {
    body.resize(aligned(body.size(), alignment), '\0');
    body += element;
    ends.push_back(body.size());
  }
  if (fixed_size(element_type) == 0) add_offsets(body, ends);
  return body;
}

std::string gvariant_bytes(std::string_view type, std::string_view text) {
  if (first_type(type) != type) throw gvariant_error(fmt::format("\"{}\" is not a type", printable(type, 60)));
  return TextParser(text).parse(type);
}

}  // namespace resole::deb
