// SPDX-License-Identifier: Apache-2.0
// How apt finds the files of its configuration, and the one setting of apt.conf that is honoured: APT::Default-Release. All else in
// apt.conf (proxies, disabled checks, hooks) is the image's word about how to trust itself, and not read (product.md "Trust").
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rootfs/tree.hpp"

namespace resole::deb {

// `file` and then the files of `directory` whose names have one of the endings ("" = no dot in the name), sorted; (path, content). As apt's
// GetListOfFilesInDir: only names of letters, digits, '-', '_' and '.', not starting with a dot.
std::vector<std::pair<std::string, std::string>> read_configuration(const rootfs::Tree& tree, std::string_view file,
                                                                    std::string_view directory,
                                                                    const std::vector<std::string_view>& endings);

// Value of APT::Default-Release, from apt.conf.d and then apt.conf; the last one counts; "" when none.
std::string default_release(const rootfs::Tree& tree);

// The same after the text of one more file; `before` when it does not set it. Understands `APT::Default-Release "x";`, nested `APT {
// Default-Release "x"; };`, and `#clear APT::Default-Release;`.
std::string default_release_in(std::string_view text, std::string before = {});

}  // namespace resole::deb
