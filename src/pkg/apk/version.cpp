// SPDX-License-Identifier: Apache-2.0
// Both versions are read token by token until the tokens differ. At that place a pre-release suffix is the smallest ("1.0_rc1" < "1.0"), then what is not known,
// then the end, then the later kinds of token before the earlier ones: "1.0-r1" < "1.0_p1" < "1.0a" < "1.0.1".
#include "pkg/apk/version.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace resole::apk {

namespace {

enum class Kind : std::uint8_t { first_number, number, letter, suffix, suffix_number, hash, revision, end, invalid };

constexpr std::array<std::string_view, 10> kSuffixes = {"alpha", "beta", "pre", "rc", "", "cvs", "svn", "git", "hg", "p"};
constexpr std::size_t kNoSuffix = 4;  // those before it come before the release

struct Token {
  Kind kind = Kind::first_number;
  std::string_view text;       // digits, letter or hash
  std::size_t suffix = 0;      // of a suffix: its place in the table
};

bool apk_digit(char c) { return c >= '0' && c <= '9'; }
bool apk_letter(char c) { return c >= 'a' && c <= 'z'; }
bool apk_hex(char c) { return apk_digit(c) || (c >= 'a' && c <= 'f'); }

class Tokens {
 public:
  explicit Tokens(std::string_view text) : rest_(text) { take(Kind::first_number, 0, apk_digit); }

  const Token& token() const { return token_; }
  std::string_view rest() const { return rest_; }  // at an invalid token: from where it stands

  void next() {
    if (rest_.empty()) return set(Kind::end);
    const char c = rest_.front();
    const Kind before = token_.kind;
    if (apk_letter(c)) {
      if (before > Kind::number) return set(Kind::invalid);
      token_ = {Kind::letter, rest_.substr(0, 1)};
      rest_.remove_prefix(1);
    } else if (c == '.' || apk_digit(c)) {
      const std::size_t skip = c == '.' ? 1 : 0;
      if (before <= Kind::number) return take(Kind::number, skip, apk_digit);
      if (before == Kind::suffix && skip == 0) return take(Kind::suffix_number, 0, apk_digit);
      set(Kind::invalid);
    } else if (c == '_') {
      if (before > Kind::suffix_number) return set(Kind::invalid);
      take_suffix();
    } else if (c == '~') {
      if (before >= Kind::hash) return set(Kind::invalid);
      take(Kind::hash, 1, apk_hex);
    } else if (rest_.starts_with("-r")) {
      if (before >= Kind::revision) return set(Kind::invalid);
      take(Kind::revision, 2, apk_digit);
    } else {
      set(Kind::invalid);
    }
  }

 private:
  void set(Kind kind) { token_ = {kind, {}}; }

  template <class Is>
  void take(Kind kind, std::size_t skip, Is&& is) {
    const std::string_view from = rest_.substr(skip);
    const auto count = static_cast<std::size_t>(std::ranges::find_if_not(from, is) - from.begin());
    if (count == 0) return set(Kind::invalid);
    token_ = {kind, from.substr(0, count)};
    rest_ = from.substr(count);
  }

  void take_suffix() {
    const std::string_view from = rest_.substr(1);
    const std::string_view word = from.substr(0, static_cast<std::size_t>(std::ranges::find_if_not(from, apk_letter) - from.begin()));
    const auto found = std::ranges::find(kSuffixes, word);
    if (word.empty() || found == kSuffixes.end()) return set(Kind::invalid);
    token_ = {Kind::suffix, word, static_cast<std::size_t>(found - kSuffixes.begin())};
    rest_ = from.substr(word.size());
  }

  std::string_view rest_;
  Token token_;
};

int sign_of_order(int value) { return value < 0 ? -1 : value > 0 ? 1 : 0; }

int compare_digits(std::string_view a, std::string_view b) {
  const auto strip = [](std::string_view digits) { return digits.substr(std::min(digits.find_first_not_of('0'), digits.size())); };
  a = strip(a);
  b = strip(b);
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return sign_of_order(a.compare(b));
}

int compare_tokens(const Token& a, const Token& b) {
  switch (a.kind) {
    case Kind::number:  // as in Gentoo: a number with a leading zero is a decimal fraction
      if (a.text.front() == '0' || b.text.front() == '0') return sign_of_order(a.text.compare(b.text));
      return compare_digits(a.text, b.text);
    case Kind::first_number:
    case Kind::suffix_number:
    case Kind::revision:
      return compare_digits(a.text, b.text);
    case Kind::suffix:
      return a.suffix < b.suffix ? -1 : a.suffix > b.suffix ? 1 : 0;
    default:
      return sign_of_order(a.text.compare(b.text));
  }
}

bool is_early(const Token& token) { return token.kind == Kind::suffix && token.suffix < kNoSuffix; }

// Digit runs as numbers, everything else byte by byte.
int compare_naturally(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    if (apk_digit(a.front()) && apk_digit(b.front())) {
      const auto run = [](std::string_view text) { return text.substr(0, static_cast<std::size_t>(std::ranges::find_if_not(text, apk_digit) - text.begin())); };
      const std::string_view left = run(a), right = run(b);
      if (const int order = compare_digits(left, right); order != 0) return order;
      a.remove_prefix(left.size());
      b.remove_prefix(right.size());
      continue;
    }
    if (a.front() != b.front()) return static_cast<unsigned char>(a.front()) < static_cast<unsigned char>(b.front()) ? -1 : 1;
    a.remove_prefix(1);
    b.remove_prefix(1);
  }
  return static_cast<int>(!a.empty()) - static_cast<int>(!b.empty());
}

// `prefix`: as far as b goes.
int compare(std::string_view a, std::string_view b, bool prefix) {
  Tokens left(a), right(b);
  while (left.token().kind == right.token().kind && left.token().kind < Kind::end) {
    if (const int order = compare_tokens(left.token(), right.token()); order != 0) return order;
    left.next();
    right.next();
  }
  if (left.token().kind == right.token().kind) {
    if (left.token().kind == Kind::end) return 0;
    const int order = compare_naturally(left.rest(), right.rest());
    return order != 0 ? order : sign_of_order(a.compare(b));
  }
  if (prefix && right.token().kind == Kind::end) return 0;
  if (is_early(left.token())) return -1;
  if (is_early(right.token())) return 1;
  return left.token().kind > right.token().kind ? -1 : 1;
}

}  // namespace

bool is_version(std::string_view text) {
  Tokens tokens(text);
  while (tokens.token().kind < Kind::end) tokens.next();
  return tokens.token().kind == Kind::end;
}

bool is_readable_version(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

int compare_versions(std::string_view a, std::string_view b) { return compare(a, b, false); }

bool satisfies(std::string_view version, std::string_view op, std::string_view wanted) {
  const int order = compare(version, wanted, op.find('~') != std::string_view::npos);
  if (order < 0) return op.find('<') != std::string_view::npos;
  if (order > 0) return op.find('>') != std::string_view::npos;
  return op.find('=') != std::string_view::npos || op.find('~') != std::string_view::npos;
}

bool satisfies(std::string_view version, pkg::Operator op, std::string_view wanted) {
  switch (op) {
    case pkg::Operator::any:
      return true;
    case pkg::Operator::less:
      return satisfies(version, "<", wanted);
    case pkg::Operator::less_equal:
      return satisfies(version, "<=", wanted);
    case pkg::Operator::equal:
      return satisfies(version, "=", wanted);
    case pkg::Operator::greater_equal:
      return satisfies(version, ">=", wanted);
    case pkg::Operator::greater:
      return satisfies(version, ">", wanted);
    case pkg::Operator::near:
      return satisfies(version, "~", wanted);
    case pkg::Operator::near_or_less:
      return satisfies(version, "<~", wanted);
    case pkg::Operator::near_or_greater:
      return satisfies(version, ">~", wanted);
  }
  return false;
}

}  // namespace resole::apk
