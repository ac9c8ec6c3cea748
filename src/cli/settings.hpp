// SPDX-License-Identifier: Apache-2.0
// Options that were not typed: RESOLE_* in the environment, and the configuration file.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/config_file.hpp"
#include "cli/option_table.hpp"

namespace resole::cli {

// Where a value comes from, for messages ("--jobs", "RESOLE_JOBS", "config.toml:3: jobs"), and the value, or values of an option that may be repeated.
struct Given {
  std::string origin;
  std::vector<std::string> texts;
};

// An empty variable counts as absent. Lists are comma separated, or one value per line (then commas belong to the values).
std::optional<Given> from_environment(const OptionRow& row, const Environment& environment);

class ConfigFile {
 public:
  // `chosen`, or the default place when that is empty and a file is there. Every section and key of the file is checked, whatever verb was chosen:
  // Error(usage) names the line, the key and those that there are.
  static ConfigFile read(const std::filesystem::path& chosen, const Environment& environment);
  // The section of the verb before the keys that stand in no section.
  std::optional<Given> find(const OptionRow& row, Verb verb) const;

 private:
  std::string name_;
  std::vector<Setting> settings_;
};

// The name among `names` that was probably meant, or "".
std::string nearest(std::string_view word, const std::vector<std::string>& names);

}  // namespace resole::cli
