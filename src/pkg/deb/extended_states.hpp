// SPDX-License-Identifier: Apache-2.0
// apt's marks of packages that came in as dependencies (var/lib/apt/extended_states): autoremove may take them away again.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace resole::deb {

// `added`: (name, architecture) of new packages; "all" is written as the native architecture, as apt does. Marked ones are left as they
// are.
std::string mark_automatic(std::string_view extended_states, std::vector<std::pair<std::string, std::string>> added,
                           std::string_view native);

}  // namespace resole::deb
