// SPDX-License-Identifier: Apache-2.0
// What busybox's post-upgrade and its trigger do ("busybox --install -s"), from the list that the package has of its applets and their places,
// etc/busybox-paths.d/busybox: links to busybox for the applets that are new, and none any more for those that are gone. Applets that the image had before
// and has no link for were taken out by whoever made it; busybox would put them back, this does not.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "rootfs/layer_draft.hpp"
#include "rootfs/tree.hpp"

namespace resole::apk {

// `before` and `after` the upgrade. Puts into `draft`; returns notes.
std::vector<std::string> install_applets(const rootfs::Tree& before, const rootfs::Tree& after, std::int64_t epoch, rootfs::LayerDraft& draft);

}  // namespace resole::apk
