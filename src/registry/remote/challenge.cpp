// SPDX-License-Identifier: Apache-2.0
// The grammar has one trap: a comma separates both the parameters of a challenge and the challenges of a field, so that only what stands
// behind a word tells what it is.
//
//   Negotiate, Bearer realm="https://auth.example.org/token",service=example.org, Basic realm="x"
//   ^ scheme   ^ scheme ^ parameter                          ^ parameter          ^ scheme: no '=' follows
//
// Beyond the grammar, unquoted values may hold the characters of a URL ("realm=https://..."), and the comma behind a quoted value may be
// missing: nothing else can be meant.
#include "registry/remote/challenge.hpp"

#include <optional>

#include "base/text.hpp"

namespace resole::registry {

namespace {

constexpr std::size_t kLongestField = 32u << 10;
constexpr std::size_t kMostChallenges = 32;

bool is_token(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_printing(char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; }
bool is_unquoted_value(char c) { return is_printing(c) && c != ' ' && c != ',' && c != '"'; }

class Parser {
 public:
  Parser(std::string_view text, std::vector<Challenge>& found) : text_(text), found_(found) {}

  void parse() {
    while (at_ < text_.size() && found_.size() < kMostChallenges) element();
    std::erase_if(found_, [](const Challenge& each) { return each.scheme.empty(); });
  }

 private:
  // One element of the list: "scheme", "scheme token68", "scheme name=value" or "name=value".
  void element() {
    skip([](char c) { return is_blank(c) || c == ','; });
    const std::string word = lower(take(is_token));
    if (!word.empty() && at_equals()) return open_ ? parameter(word) : skip_element();
    open_ = !word.empty() && (at_ == text_.size() || is_blank(text_[at_]) || text_[at_] == ',');
    if (!open_) return skip_element();  // something new began, and what follows belongs to it
    found_.push_back({word, {}});
    skip(is_blank);
    const std::size_t behind_scheme = at_;
    const std::string name = lower(take(is_token));
    if (!name.empty() && at_equals() && !is_token68_end()) return parameter(name);
    at_ = behind_scheme;
    skip_element();  // a token68 ("Negotiate YII="), or nothing
  }

  // BWS "=" as RFC 9110 section 5.6.6 lets recipients accept it.
  bool at_equals() const {
    const std::size_t next = text_.find_first_not_of(" \t", at_);
    return next != std::string_view::npos && text_[next] == '=';
  }
  // "YII=" and "YII==" are padding, not a parameter without a value.
  bool is_token68_end() const {
    const std::size_t next = text_.find_first_not_of("= \t", at_);
    return next == std::string_view::npos || text_[next] == ',';
  }

  void parameter(const std::string& name) {
    skip(is_blank);
    ++at_;  // the '='
    skip(is_blank);
    const bool quotes = at_ < text_.size() && text_[at_] == '"';
    const std::optional<std::string> value = quotes ? quoted() : unquoted();
    const std::size_t end = at_;
    skip(is_blank);
    const bool ends = at_ == text_.size() || text_[at_] == ',';
    const bool forgotten_comma = quotes && !ends && at_ > end;
    if (value && (ends || forgotten_comma)) {
      Challenge& challenge = found_.back();
      const auto [place, added] = challenge.parameters.try_emplace(name, *value);
      if (!added && place->second != *value) challenge.scheme.clear();  // two realms: nobody knows which is meant
    }
    if (!ends && !forgotten_comma) skip_element();
  }

  std::optional<std::string> unquoted() {
    std::string value(take(is_unquoted_value));
    return value.empty() ? std::nullopt : std::optional(std::move(value));
  }

  // nullopt when it does not end, or holds what no field may hold.
  std::optional<std::string> quoted() {
    std::string value;
    bool good = true;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '"') {
        ++at_;
        return good ? std::optional(std::move(value)) : std::nullopt;
      }
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      good = good && (is_printing(text_[at_]) || text_[at_] == '\t');
      value += text_[at_];
    }
    return std::nullopt;
  }

  // To the next comma that is not within quotes.
  void skip_element() {
    while (at_ < text_.size() && text_[at_] != ',') {
      if (text_[at_] == '"') {
        quoted();
      } else {
        ++at_;
      }
    }
  }

  template <class Predicate>
  void skip(Predicate&& predicate) {
    while (at_ < text_.size() && predicate(text_[at_])) ++at_;
  }
  template <class Predicate>
  std::string_view take(Predicate&& predicate) {
    const std::size_t begin = at_;
    skip(predicate);
    return text_.substr(begin, at_ - begin);
  }

  std::string_view text_;
  std::vector<Challenge>& found_;
  std::size_t at_ = 0;
  bool open_ = false;  // the last of found_ takes parameters
};

}  // namespace

std::vector<Challenge> parse_challenges(const std::vector<std::string>& values) {
  std::vector<Challenge> found;
  for (const std::string& value : values) {
    if (value.size() <= kLongestField) Parser(value, found).parse();
  }
  return found;
}

}  // namespace resole::registry
