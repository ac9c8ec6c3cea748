// SPDX-License-Identifier: Apache-2.0
// Files that feed a cache which some program of the image makes from whole directories. Equal scripts do not mean an equal result there:
// when what they read changes, so does what they write. Three ways: the cache is made again in pure code, a stale one does no harm, or the
// program has to run.
//
// Known from the package's control part alone: md5sums names its files and their sums, `triggers` what it activates.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "rootfs/tree.hpp"

namespace resole::deb {

struct PayloadChange {
  std::vector<std::string> named;    // absolute paths that come or go, sorted
  std::vector<std::string> changed;  // with another content, sorted
};
// md5sums of the installed and of the new package; "" for one that is not there.
PayloadChange compare_payload(std::string_view installed_md5sums, std::string_view fresh_md5sums);

struct WatchFinding {
  std::string problem;             // "" = nothing has to run
  std::vector<std::string> notes;  // caches that are left as they are, and why
};
// `triggers`: of the new package's control part.
WatchFinding judge_payload(const rootfs::Tree& tree, const PayloadChange& change, std::string_view triggers);

// The caches whose presence makes a difference, as paths in an image.
std::vector<std::string> watched_caches();

}  // namespace resole::deb
