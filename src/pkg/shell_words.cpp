// SPDX-License-Identifier: Apache-2.0
// POSIX shell command language, 2.2 "Quoting" and 2.3 "Token Recognition", as far as words without expansions go.
#include "pkg/shell_words.hpp"

namespace resole::pkg {
namespace {

constexpr std::string_view kArguments = "\"$@\"";
constexpr std::string_view kBlanks = " \t";
constexpr std::string_view kActive = "$`;&|<>()*?[]#!{}\n\r~";  // unquoted: more than a word. '~' only where a word begins

class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {}

  std::optional<std::vector<std::string>> split() {
    while (skip_blanks()) {
      if (!read_word()) return std::nullopt;
    }
    return std::move(words_);
  }

 private:
  bool at_end() const { return at_ >= text_.size(); }
  bool joins_lines() const { return text_.substr(at_, 2) == "\\\n"; }

  bool skip_blanks() {
    while (!at_end() && (joins_lines() || kBlanks.find(text_[at_]) != std::string_view::npos)) at_ += joins_lines() ? 2 : 1;
    return !at_end();
  }

  bool read_word() {
    if (text_.substr(at_).starts_with(kArguments)) {
      at_ += kArguments.size();
      words_.emplace_back("$@");
      return at_end() || kBlanks.find(text_[at_]) != std::string_view::npos;
    }
    word_.clear();
    for (bool first = true; !at_end() && kBlanks.find(text_[at_]) == std::string_view::npos; first = false) {
      if (joins_lines()) {
        at_ += 2;
      } else if (!read_part(first)) {
        return false;
      }
    }
    words_.push_back(word_);
    return true;
  }

  bool read_part(bool first) {
    const char c = text_[at_++];
    if (c == '\'') return read_until('\'', "");
    if (c == '"') return read_until('"', "$`\\");
    if (c == '\\') {
      if (at_end() || text_[at_] == '$') return false;  // "\$@" would look like the arguments
      word_ += text_[at_++];
      return true;
    }
    if (kActive.find(c) != std::string_view::npos && (c != '~' || first)) return false;
    word_ += c;
    return true;
  }

  bool read_until(char end, std::string_view refused) {
    for (; !at_end() && text_[at_] != end; ++at_) {
      if (refused.find(text_[at_]) != std::string_view::npos || text_[at_] == '$') return false;
      word_ += text_[at_];
    }
    return at_++ < text_.size();
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string word_;
  std::vector<std::string> words_;
};

}  // namespace

std::optional<std::vector<std::string>> split_shell_words(std::string_view command) { return Splitter(command).split(); }

}  // namespace resole::pkg
