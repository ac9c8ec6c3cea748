// SPDX-License-Identifier: Apache-2.0
// The lines "path-exclude=/usr/share/doc/*" and "path-include=/usr/share/doc/*/copyright" of dpkg.cfg.d/* (names as run-parts takes them,
// in C order) and then dpkg.cfg, as dpkg(1) reads them. Every pattern is tried and the last that matches decides (dpkg src/main/filters.c).
#include "pkg/deb/path_filters.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::deb {
namespace {

constexpr std::string_view kDirectory = "etc/dpkg/dpkg.cfg.d", kFile = "etc/dpkg/dpkg.cfg";
constexpr std::size_t kFilterLimit = 10'000;

// dpkg reads only names of letters, digits, '-' and '_' in dpkg.cfg.d.
bool is_config_name(std::string_view name) {
  return std::ranges::all_of(
      name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; });
}

std::string_view unquoted(std::string_view value) {
  const bool quoted = value.size() >= 2 && (value.front() == '"' || value.front() == '\'') && value.back() == value.front();
  return quoted ? value.substr(1, value.size() - 2) : value;
}

// "option=value", "option value" -> value when the option is `name`.
bool is_option(std::string_view line, std::string_view name, std::string_view& value) {
  if (!line.starts_with(name) || line.size() == name.size()) return false;
  std::string_view rest = line.substr(name.size());
  if (rest.front() != '=' && rest.front() != ' ' && rest.front() != '\t') return false;
  rest = trim(rest);
  if (rest.starts_with('=')) rest = trim(rest.substr(1));
  value = unquoted(rest);
  return !value.empty();
}

std::size_t literal_length(std::string_view pattern) {
  std::size_t length = std::min(pattern.find_first_of("*?[\\"), pattern.size());
  while (length > 0 && pattern[length - 1] == '/') --length;
  return length;
}

}  // namespace

PathFilters PathFilters::parse(const std::vector<std::pair<std::string, std::string>>& files) {
  PathFilters filters;
  for (const auto& [name, content] : files) {
    for (std::string_view line : lines(content)) {
      line = trim(line);
      std::string_view pattern;
      const bool include = is_option(line, "path-include", pattern);
      if (!include && !is_option(line, "path-exclude", pattern)) continue;
      if (filters.filters_.size() == kFilterLimit) {
        throw Error(ErrorKind::input, fmt::format("{}: more than {} path filters", printable(name), kFilterLimit));
      }
      filters.filters_.push_back({std::string(pattern), include, literal_length(pattern)});
    }
  }
  return filters;
}

PathFilters PathFilters::read(const rootfs::Tree& tree) {
  std::vector<std::pair<std::string, std::string>> files;
  const auto add = [&](const std::string& path) {
    if (const auto content = tree.content(path)) files.emplace_back(path, std::string(*content));
  };
  const rootfs::Resolved directory = tree.resolve(kDirectory, true);
  if (directory.node) {
    for (const std::string& name : tree.children(directory.path)) {
      if (is_config_name(name)) add(directory.path + "/" + name);
    }
  }
  add(std::string(kFile));
  return parse(files);
}

bool PathFilters::excludes(std::string_view path, tar::Type type) const {
  const auto decisive =
      std::find_if(filters_.rbegin(), filters_.rend(), [&](const Filter& filter) { return glob_match(filter.pattern, path); });
  if (decisive == filters_.rend() || decisive->include) return false;
  if (type != tar::Type::directory && type != tar::Type::symlink) return true;
  // An include pattern may bring back something below this directory (or below where the link leads): dpkg then keeps it. It looks only at
  // the literal beginning of the pattern, and not at all above that: "/usr/share/doc" is not kept for "/usr/share/doc/curl/*".
  return std::ranges::none_of(filters_, [&](const Filter& filter) {
    return filter.include && path.starts_with(std::string_view(filter.pattern).substr(0, filter.literal));
  });
}

std::string PathFilters::text() const {
  std::string text;
  for (const Filter& filter : filters_) text += fmt::format("{}{}\n", filter.include ? '+' : '-', filter.pattern);
  return text;
}

}  // namespace resole::deb
