// SPDX-License-Identifier: Apache-2.0
// A draft compared with the tree below it: what has to be written, and in which order.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "rootfs/layer_draft.hpp"

namespace resole::rootfs {

struct SettledDraft {
  struct Object {
    tar::Header header;             // a hardlink to the first name, for further names of a link set
    const Blob* content = nullptr;  // of files; in the draft
  };
  std::vector<std::string> whiteouts;              // paths of the objects, sorted
  std::map<std::string, tar::Header> directories;  // with every parent of everything written
  std::map<std::string, Object> objects;           // sorted, so that the first name of a link set comes first
};

// Parents that are nowhere are made, 0755 root:root. Error(input): a path whose parent will be something else than a directory;
// Error(internal): a hardlink to what the draft does not hold.
SettledDraft settle(const LayerDraft& draft, const Tree& below, std::int64_t marker_mtime);

}  // namespace resole::rootfs
