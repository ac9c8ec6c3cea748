// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/apt_config.hpp"

#include <algorithm>
#include <optional>

#include "base/text.hpp"

namespace resole::deb {
namespace {

bool is_file_name(std::string_view name, const std::vector<std::string_view>& endings) {
  const bool permitted = std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
  if (!permitted || name.empty() || name.front() == '.') return false;
  const auto dot = name.rfind('.');
  const std::string_view ending = dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1);
  if (dot != std::string_view::npos && ending.empty()) return false;
  return std::ranges::find(endings, ending) != endings.end();
}

// apt.conf's grammar as far as needed to know where a value belongs: words, strings, '{', '}', ';' and three kinds of comments.
class Tokens {
 public:
  explicit Tokens(std::string_view text) : text_(text) {}

  struct Token {
    char kind = 0;  // 'w' word or string, or the sign itself; 0 at the end
    std::string_view text;
  };
  Token next() {
    skip();
    if (at_ >= text_.size()) return {};
    const char c = text_[at_];
    if (c == '{' || c == '}' || c == ';') return {c, text_.substr(at_++, 1)};
    if (c == '"') {
      const std::size_t begin = ++at_;
      const std::size_t end = std::min(text_.find('"', begin), text_.size());
      at_ = std::min(end + 1, text_.size());
      return {'w', text_.substr(begin, end - begin)};
    }
    const std::size_t begin = at_;
    at_ = std::min(text_.find_first_of(" \t\r\n{};\"", at_), text_.size());
    return {'w', text_.substr(begin, at_ - begin)};
  }

 private:
  bool starts(std::string_view with) const { return text_.substr(at_).starts_with(with); }
  void skip() {
    while (at_ < text_.size()) {
      if (std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) {
        ++at_;
      } else if (starts("/*")) {
        const auto end = text_.find("*/", at_ + 2);
        at_ = end == std::string_view::npos ? text_.size() : end + 2;
      } else if (starts("//") || (text_[at_] == '#' && !starts("#clear") && !starts("#include"))) {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else {
        return;
      }
    }
  }
  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::vector<std::pair<std::string, std::string>> read_configuration(const rootfs::Tree& tree, std::string_view file,
                                                                    std::string_view directory,
                                                                    const std::vector<std::string_view>& endings) {
  std::vector<std::pair<std::string, std::string>> files;
  const auto add = [&](const std::string& path) {
    if (const auto content = tree.content(path)) files.emplace_back(path, std::string(*content));
  };
  add(std::string(file));
  const rootfs::Resolved parts = tree.resolve(directory, true);
  if (!parts.node) return files;
  for (const std::string& name : tree.children(parts.path)) {
    if (is_file_name(name, endings)) add(parts.path + "/" + name);
  }
  return files;
}

std::string apt_setting_in(std::string_view text, std::string_view name, std::string found) {
  constexpr std::size_t kDepth = 20;
  const std::string wanted = lower(name);
  const auto clears = [&](std::string_view tree) {
    const std::string cleared = lower(tree);
    return wanted == cleared || wanted.starts_with(cleared + "::");
  };
  Tokens tokens(text);
  std::vector<std::string> scopes;
  std::vector<std::string_view> statement;
  // Lengths first: a scope may be as long as the file, and statements in it as many.
  const auto is_wanted = [&](std::string_view option) {
    std::size_t length = option.size();
    for (const std::string& scope : scopes) length += scope.size();
    return length == wanted.size() && join(scopes, "") + lower(option) == wanted;
  };
  for (auto token = tokens.next(); token.kind != 0; token = tokens.next()) {
    if (token.kind == 'w') {
      statement.push_back(token.text);
    } else if (token.kind == '{') {
      if (scopes.size() == kDepth) return found;
      scopes.push_back(statement.empty() ? std::string() : lower(statement.front()) + "::");
      statement.clear();
    } else {
      // The ';' before a '}' may be left out.
      if (statement.size() == 2 && is_wanted(statement[0])) found = statement[1];
      if (statement.size() == 2 && statement[0] == "#clear" && clears(statement[1])) found.clear();
      if (token.kind == '}' && !scopes.empty()) scopes.pop_back();
      statement.clear();
    }
  }
  return found;
}

std::string default_release_in(std::string_view text, std::string before) {
  return apt_setting_in(text, "APT::Default-Release", std::move(before));
}

std::string apt_setting(const rootfs::Tree& tree, std::string_view setting) {
  auto files = read_configuration(tree, "etc/apt/apt.conf", "etc/apt/apt.conf.d", {"", "conf"});
  // apt reads the parts first and the file last (pkgInitConfig), so that the file overrides.
  if (!files.empty() && files.front().first == "etc/apt/apt.conf") std::ranges::rotate(files, files.begin() + 1);
  std::string value;
  for (const auto& [name, content] : files) value = apt_setting_in(content, setting, std::move(value));
  return value;
}

std::string default_release(const rootfs::Tree& tree) { return apt_setting(tree, "APT::Default-Release"); }

// As apt's IsIgnoredPhasedUpdate(): each question first as APT::Get::, then as Update-Manager:: asks it; the words are those of StringToBool().
bool waits_for_phases(const rootfs::Tree& tree) {
  const auto says_yes = [&](std::string_view name) {
    for (const std::string_view scope : {"APT::Get::", "Update-Manager::"}) {
      const std::string value = lower(apt_setting(tree, std::string(scope) + std::string(name)));
      for (const std::string_view yes : {"1", "yes", "true", "with", "on", "enable"}) {
        if (value == yes) return true;
      }
      if (!value.empty()) return false;
    }
    return false;
  };
  return says_yes("Never-Include-Phased-Updates") && !says_yes("Always-Include-Phased-Updates");
}

}  // namespace resole::deb
