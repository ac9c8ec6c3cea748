// SPDX-License-Identifier: Apache-2.0
#include "cli/settings.hpp"

#include <algorithm>
#include <numeric>

#include "base/error.hpp"
#include "base/text.hpp"
#include "io/files.hpp"

namespace resole::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kLargestConfig = 1u << 20;

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> values;
  for (const auto part : split(text, text.find('\n') == std::string_view::npos ? ',' : '\n')) {
    if (!trim(part).empty()) values.emplace_back(trim(part));
  }
  return values;
}

std::string variable_of(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string() : found->second;
}

// The XDG base directory specification: a relative path is to be ignored.
fs::path default_place(const Environment& environment) {
  if (const fs::path base = variable_of(environment, "XDG_CONFIG_HOME"); base.is_absolute()) return base / "resole" / "config.toml";
  if (const fs::path home = variable_of(environment, "HOME"); home.is_absolute()) return home / ".config" / "resole" / "config.toml";
  return {};
}

bool is_file(const fs::path& path) {
  std::error_code failed;
  return !path.empty() && fs::is_regular_file(path, failed);
}

// An option that may stand in the file: arguments may not, nor the place of the file itself.
bool is_setting(const OptionRow& row) { return !row.is_argument() && row.name() != "config"; }

std::vector<std::string> keys_of(const std::string& section) {
  std::vector<std::string> keys;
  for (const OptionRow& row : option_table()) {
    const auto in_section = [&](const VerbRow& verb) { return (section.empty() || section_of(verb.verb) == section) && row.verbs.has(verb.verb); };
    const bool there = is_setting(row) && std::any_of(verb_table().begin(), verb_table().end(), in_section);
    if (there) keys.emplace_back(row.name());
  }
  return keys;
}

void require_known(const Setting& setting, const std::string& name) {
  std::vector<std::string> sections;
  for (const VerbRow& row : verb_table()) sections.push_back(section_of(row.verb));
  if (!setting.section.empty() && std::find(sections.begin(), sections.end(), setting.section) == sections.end()) {
    throw Error(ErrorKind::usage, fmt::format("{}:{}: unknown section [{}]", name, setting.line, printable(setting.section)),
                "sections are verbs: [" + join(sections, "], [") + "]");
  }
  const auto keys = keys_of(setting.section);
  if (std::find(keys.begin(), keys.end(), setting.key) != keys.end()) return;
  const std::string meant = nearest(setting.key, keys);
  const std::string where = setting.section.empty() ? "" : " in [" + setting.section + "]";
  throw Error(ErrorKind::usage, fmt::format("{}:{}: unknown key {}{}", name, setting.line, printable(setting.key), where),
              meant.empty() ? "keys are the long names of options without \"--\"; docs/commands.md lists them" : "did you mean " + meant + "?");
}

// Levenshtein's distance.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

}  // namespace

std::optional<Given> from_environment(const OptionRow& row, const Environment& environment) {
  if (row.is_argument()) return std::nullopt;
  const std::string text = variable_of(environment, row.variable());
  if (trim(text).empty()) return std::nullopt;
  return Given{row.variable(), row.takes == Takes::many ? split_list(text) : std::vector<std::string>{text}};
}

ConfigFile ConfigFile::read(const fs::path& chosen, const Environment& environment) {
  ConfigFile file;
  const fs::path place = chosen.empty() ? default_place(environment) : chosen;
  if (chosen.empty() && !is_file(place)) return file;
  file.name_ = printable(place.string());
  file.settings_ = parse_config_file(io::read_file(place, kLargestConfig), place.string());
  for (const Setting& setting : file.settings_) require_known(setting, file.name_);
  return file;
}

std::optional<Given> ConfigFile::find(const OptionRow& row, Verb verb) const {
  if (!is_setting(row)) return std::nullopt;
  for (const std::string& section : {section_of(verb), std::string()}) {
    for (const Setting& setting : settings_) {
      if (setting.section == section && setting.key == row.name()) return Given{fmt::format("{}:{}: {}", name_, setting.line, setting.key), setting.values};
    }
  }
  return std::nullopt;
}

std::string nearest(std::string_view word, const std::vector<std::string>& names) {
  std::string best;
  std::size_t least = std::min<std::size_t>(3, word.size() / 2 + 1);
  for (const std::string& name : names) {
    const std::size_t far = word.size() > 100 ? least : distance(word, name);
    if (far < least) {
      least = far;
      best = name;
    }
  }
  return best;
}

}  // namespace resole::cli
