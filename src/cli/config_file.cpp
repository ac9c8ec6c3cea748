// SPDX-License-Identifier: Apache-2.0
#include "cli/config_file.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::cli {

namespace {

bool is_key_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

class Parser {
 public:
  Parser(std::string_view text, std::string_view name) : text_(text), name_(name) {}

  std::vector<Setting> parse() {
    if (!is_utf8(text_)) fail("is not UTF-8");
    std::string section;
    while (skip_to_token()) {
      if (take('[')) {
        section = header();
      } else {
        setting(section);
      }
      end_of_line();
    }
    return std::move(settings_);
  }

 private:
  [[noreturn]] void fail(std::string_view problem) const {
    const auto line = 1 + std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(at_), '\n');
    throw Error(ErrorKind::usage, fmt::format("{}:{}: {}", printable(name_), line, problem),
                "the file is TOML: [verb], then key = \"value\", key = 2, key = true or key = [\"value\", \"value\"]");
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    if (peek() != c || at_ >= text_.size()) return false;
    ++at_;
    return true;
  }
  void skip_blanks() {
    while (peek() == ' ' || peek() == '\t' || (peek() == '\r' && text_.substr(at_).starts_with("\r\n"))) ++at_;
  }
  void skip_comment() {
    if (peek() == '#') at_ = std::min(text_.find('\n', at_), text_.size());
  }
  // To the next thing that says something, over lines and comments; false at the end.
  bool skip_to_token() {
    do {
      skip_blanks();
      skip_comment();
    } while (take('\n'));
    return at_ < text_.size();
  }
  void end_of_line() {
    skip_blanks();
    skip_comment();
    if (at_ < text_.size() && !take('\n')) fail("more stands on the line than one setting");
  }

  std::string bare_key() {
    skip_blanks();
    const std::size_t begin = at_;
    while (is_key_character(peek())) ++at_;
    if (at_ == begin) fail("a key is expected: letters, digits and \"-\"");
    std::string key(text_.substr(begin, at_ - begin));
    skip_blanks();
    return key;
  }

  std::string header() {
    if (peek() == '[') fail("arrays of tables ([[...]]) mean nothing here");
    std::string section = bare_key();
    while (take('.')) section += "." + bare_key();
    if (!take(']')) fail("\"]\" is missing");
    if (std::find(sections_.begin(), sections_.end(), section) != sections_.end()) fail(fmt::format("[{}] stands here twice", section));
    sections_.push_back(section);
    return section;
  }

  void setting(const std::string& section) {
    Setting setting{section, bare_key(), {}, static_cast<std::size_t>(1 + std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(at_), '\n'))};
    if (!take('=')) fail(fmt::format("\"=\" is missing behind {}", setting.key));
    skip_blanks();
    if (take('[')) {
      array(setting.values);
    } else {
      setting.values.push_back(scalar());
    }
    const auto same = [&](const Setting& other) { return other.section == section && other.key == setting.key; };
    if (std::any_of(settings_.begin(), settings_.end(), same)) fail(fmt::format("{} stands here twice", setting.key));
    settings_.push_back(std::move(setting));
  }

  void array(std::vector<std::string>& values) {
    for (;;) {
      if (!skip_to_token()) fail("\"]\" is missing");
      if (take(']')) return;
      values.push_back(scalar());
      if (!skip_to_token()) fail("\"]\" is missing");
      if (take(']')) return;
      if (!take(',')) fail("\",\" or \"]\" is missing");
    }
  }

  std::string scalar() {
    if (take('"')) return basic_string();
    if (take('\'')) return literal_string();
    const std::size_t begin = at_;
    while (is_key_character(peek()) || peek() == '+' || peek() == '.' || peek() == ':') ++at_;
    const std::string_view word = text_.substr(begin, at_ - begin);
    if (word == "true" || word == "false" || parse_unsigned(word)) return std::string(word);
    at_ = begin;
    fail("a value is a string in quotes, a whole number, true, false, or an array of them");
  }

  std::string literal_string() {
    const std::size_t end = text_.find_first_of("'\n", at_);
    if (end == std::string_view::npos || text_[end] == '\n') fail("the closing ' is missing");
    std::string out(text_.substr(at_, end - at_));
    at_ = end + 1;
    return out;
  }

  std::string basic_string() {
    std::string out;
    while (!take('"')) {
      if (at_ >= text_.size() || peek() == '\n') fail("the closing \" is missing");
      out += take('\\') ? escaped() : text_[at_++];
    }
    return out;
  }

  char escaped() {
    switch (at_ < text_.size() ? text_[at_++] : '\0') {
      case '"': return '"';
      case '\\': return '\\';
      case 'n': return '\n';
      case 't': return '\t';
      default: --at_; fail("only \\\" \\\\ \\n and \\t are known behind a \\; '...' takes everything as it is");
    }
  }

  std::string_view text_, name_;
  std::size_t at_ = 0;
  std::vector<Setting> settings_;
  std::vector<std::string> sections_;
};

}  // namespace

std::vector<Setting> parse_config_file(std::string_view text, std::string_view name) { return Parser(text, name).parse(); }

}  // namespace resole::cli
