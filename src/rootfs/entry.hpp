// SPDX-License-Identifier: Apache-2.0
// Entries of the layer index from what a tar says, and back.
#pragma once
#include <string>

#include "rootfs/layer_index.hpp"

namespace resole::rootfs {

Entry object_entry(tar::Header header);             // without the content's hashes
Entry marker_entry(std::string path, bool opaque);  // a whiteout of `path`, or the opaque marker of the directory `path`
void drop_unwritable_xattrs(tar::Header& header);   // foreign ones (capture.hpp), and empty ones, which PAX cannot hold

}  // namespace resole::rootfs
