// SPDX-License-Identifier: Apache-2.0
// What scripts leave behind that is no part of an image: logs, temporary files, caches of this very run, backups and locks of the package tools.
#pragma once
#include <string_view>
#include <vector>

namespace resole::build {

// A path, or something below it: "var/log" and all in it. "*" in the last part stands for anything.
struct NoiseRule {
  std::string_view pattern;
  std::string_view reason;
};
const std::vector<NoiseRule>& noise_rules();
bool is_noise(std::string_view path);

}  // namespace resole::build
