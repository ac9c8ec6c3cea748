// SPDX-License-Identifier: Apache-2.0
// tmpfiles.d(5), as far as its lines make things below /etc and /var: directories, files, links, modes and owners. What lies below /run and
// /dev belongs to a running system.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "pkg/deb/tree_edit.hpp"

namespace resole::deb {

// systemd-tmpfiles --create with one file. Returns a line for each entry below /etc and /var that is left undone.
std::vector<std::string> apply_tmpfiles(std::string_view text, std::string_view what, TreeEdit& edit);

}  // namespace resole::deb
