// SPDX-License-Identifier: Apache-2.0
// The configuration file: the part of TOML 1.0 that options need. Tables with bare keys; values are strings ("..." and '...' on one line), whole numbers,
// booleans, and arrays of these. Anything else is an error with its line, never skipped.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace resole::cli {

struct Setting {
  std::string section;              // "patch", "rollout.edit"; "" before the first [section]
  std::string key;
  std::vector<std::string> values;  // one, or those of the array
  std::size_t line = 0;
};

// Error(usage): "NAME:LINE: ...".
std::vector<Setting> parse_config_file(std::string_view text, std::string_view name);

}  // namespace resole::cli
