// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/pattern.hpp"

#include <fmt/format.h>
#include <regex.h>

#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::deb {
namespace {

constexpr std::size_t kRegexLimit = 256;
constexpr std::size_t kMostPluses = 6;  // glibc compiles "x+" as "xx*": twenty of them, one on the other, are a million copies

bool is_costly(std::string_view regex) {
  if (regex.size() > kRegexLimit || regex.find('{') != std::string_view::npos) return true;
  std::size_t pluses = 0;
  for (std::size_t at = 0; at < regex.size(); ++at) {
    if (regex[at] == '+' && ++pluses > kMostPluses) return true;
    if (regex[at] != '\\' || ++at == regex.size()) continue;
    if (regex[at] >= '0' && regex[at] <= '9') return true;
  }
  return false;
}

}  // namespace

struct Pattern::Regex {
  explicit Regex(const std::string& text) {
    if (is_costly(text)) {
      throw Error(ErrorKind::input,
                  fmt::format("the expression /{}/ is too long, or counts or heaps repetitions, or refers back", printable(text, 80)));
    }
    if (regcomp(&compiled, text.c_str(), REG_EXTENDED | REG_ICASE | REG_NOSUB) != 0) {
      throw Error(ErrorKind::input, fmt::format("/{}/ is not a regular expression", printable(text, 80)));
    }
  }
  ~Regex() { regfree(&compiled); }
  Regex(const Regex&) = delete;
  Regex& operator=(const Regex&) = delete;

  regex_t compiled{};
};

Pattern::Pattern(std::string_view text) : text_(lower(text)) {
  if (text.size() >= 2 && text.front() == '/' && text.back() == '/') {
    regex_ = std::make_shared<const Regex>(std::string(text.substr(1, text.size() - 2)));
    expression_ = true;
  } else {
    expression_ = text.find_first_of("*[?") != std::string_view::npos;
  }
}

bool Pattern::matches(std::string_view text) const {
  if (regex_) return regexec(&regex_->compiled, std::string(text).c_str(), 0, nullptr, 0) == 0;
  return glob_match(text_, lower(text));
}

}  // namespace resole::deb
