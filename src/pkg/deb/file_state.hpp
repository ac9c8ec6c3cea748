// SPDX-License-Identifier: Apache-2.0
// What the image did to the files of its packages: changed ones (md5sums against the tree) and deleted ones (info/*.list against the tree).
#pragma once
#include <vector>

#include "pkg/deb/status.hpp"
#include "rootfs/tree.hpp"

namespace resole::deb {

// Fills `modified` and `deleted` of every installed package. Conffiles do not count, nor what path filters left out; a file whose md5 the
// layer index does not have is unknown, not modified.
void mark_changed_files(const rootfs::Tree& tree, std::vector<StatusStanza>& stanzas);

}  // namespace resole::deb
