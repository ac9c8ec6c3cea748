// SPDX-License-Identifier: Apache-2.0
// Compiled Python that no longer fits its source: DIR/__pycache__/MODULE.cpython-*.pyc of every DIR/MODULE.py that changes or goes. Python
// compiles again on import; a file left out of the layer because it is equal keeps its mtime, and with it its bytecode (PEP 3147, PEP 552).
#pragma once
#include <string>
#include <vector>

#include "rootfs/tree.hpp"

namespace resole::deb {

// `touched`: final paths written or removed. Returns the paths of bytecode in `before` to remove, sorted; files that are touched themselves
// are not among them.
std::vector<std::string> stale_bytecode(const rootfs::Tree& before, const std::vector<std::string>& touched);

// Of the __pycache__ directories of `stale` those that are empty in `after` and have no source beside them any more, sorted.
std::vector<std::string> abandoned_caches(const rootfs::Tree& after, const std::vector<std::string>& stale);

}  // namespace resole::deb
