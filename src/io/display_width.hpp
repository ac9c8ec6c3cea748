// SPDX-License-Identifier: Apache-2.0
// How many columns of a terminal a text takes, without locale: 2 for East Asian wide characters and emoji, 0 for combining marks, 1 for all
// else.
#pragma once
#include <string>
#include <string_view>

namespace resole::io {

std::size_t display_width(std::string_view utf8);
// Cut to at most `width` columns, with "..." at the end when something was cut (fewer dots when there is no room).
std::string cut_to_width(std::string_view utf8, std::size_t width);
std::string padded(std::string_view utf8, std::size_t width);

}  // namespace resole::io
