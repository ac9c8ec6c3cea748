// SPDX-License-Identifier: Apache-2.0
// The files of recipes/ and templates/ as they were at build time (cmake/embed.cmake generates the definitions).
#pragma once
#include <string>
#include <utility>
#include <vector>

namespace resole::cli {

using Files = std::vector<std::pair<std::string, std::string>>;  // name, text; sorted by name
const Files& embedded_recipes();
const Files& embedded_templates();

}  // namespace resole::cli
