// SPDX-License-Identifier: Apache-2.0
#include "pkg/package.hpp"

#include <algorithm>
#include <tuple>

#include "base/text.hpp"

namespace resole::pkg {
namespace {

// The value of an assignment as a shell reads it (os-release(5)): quotes taken off, backslash escapes undone; nothing is expanded.
std::string unquoted(std::string_view value) {
  std::string text;
  char quote = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (quote == 0 && (c == '"' || c == '\''))
      quote = c;
    else if (c == quote)
      quote = 0;
    else if (c == '\\' && quote != '\'' && i + 1 < value.size())
      text.push_back(value[++i]);
    else
      text.push_back(c);
  }
  return text;
}

}  // namespace

std::optional<OsRelease> OsRelease::parse(std::string_view text) {
  OsRelease os;
  for (std::string_view line : lines(text)) {
    line = trim(line);
    const auto equals = line.find('=');
    if (line.starts_with('#') || equals == std::string_view::npos) continue;
    const std::string_view key = line.substr(0, equals);
    const std::string value = unquoted(line.substr(equals + 1));
    if (key == "ID")
      os.id = lower(value);
    else if (key == "VERSION_ID")
      os.version_id = value;
    else if (key == "VERSION_CODENAME")
      os.codename = value;
    else if (key == "PRETTY_NAME")
      os.pretty_name = value;
    else if (key == "VARIANT_ID")
      os.variant_id = value;
    else if (key == "ID_LIKE") {
      os.id_like.clear();
      for (std::string_view word : split_words(value)) os.id_like.push_back(lower(word));
    }
  }
  if (os.id.empty()) return std::nullopt;
  return os;
}

const InstalledPackage* Inventory::find(std::string_view name, std::string_view arch_wanted) const {
  const auto before = [](const InstalledPackage& package, const std::pair<std::string_view, std::string_view>& key) {
    return std::tie(package.name, package.arch) < std::tie(key.first, key.second);
  };
  const auto found = std::lower_bound(packages.begin(), packages.end(), std::pair(name, arch_wanted), before);
  return found != packages.end() && found->name == name && found->arch == arch_wanted ? &*found : nullptr;
}

}  // namespace resole::pkg
