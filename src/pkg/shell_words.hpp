// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace resole::pkg {

// The words of one simple shell command, quotes and backslashes taken off, lines that end in a backslash joined. nullopt for whatever is
// more than words: variables, substitutions, redirections, patterns, a second command. The one expansion that stays is "$@", as this word.
std::optional<std::vector<std::string>> split_shell_words(std::string_view command);

}  // namespace resole::pkg
