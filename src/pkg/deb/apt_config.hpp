// SPDX-License-Identifier: Apache-2.0
// How apt finds the files of its configuration, and the settings of apt.conf that are honoured: APT::Default-Release, and whether phased
// updates are waited for. All else in apt.conf (proxies, disabled checks, hooks) is the image's word about how to trust itself, and not read
// (product.md "Trust").
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

// Value of a setting ("APT::Default-Release"), from apt.conf.d and then apt.conf; the last one counts; "" when none.
std::string apt_setting(const rootfs::Tree& tree, std::string_view setting);
std::string default_release(const rootfs::Tree& tree);

// Phased updates are for machines, one by one; in a chroot, as in an image that is built, apt takes them at once, unless it is told never to
// (APT::Get::Never-Include-Phased-Updates).
bool waits_for_phases(const rootfs::Tree& tree);

// The value after the text of one more file; `before` when it does not set it. Understands `APT::Default-Release "x";`, nested `APT {
// Default-Release "x"; };`, and `#clear APT::Default-Release;`. Settings are named without regard to case.
std::string apt_setting_in(std::string_view text, std::string_view setting, std::string before);
std::string default_release_in(std::string_view text, std::string before = {});

}  // namespace resole::deb
