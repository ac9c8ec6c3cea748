// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/bytecode.hpp"

#include <algorithm>
#include <set>
#include <string_view>

#include "rootfs/path.hpp"

namespace resole::deb {

std::vector<std::string> stale_bytecode(const rootfs::Tree& before, const std::vector<std::string>& touched) {
  const std::set<std::string_view> own(touched.begin(), touched.end());
  std::set<std::string> stale;
  for (const std::string& path : touched) {
    if (!path.ends_with(".py")) continue;
    const std::string_view name = rootfs::name_of(path);
    const std::string module(name.substr(0, name.size() - 2));  // "os.": what its bytecode begins with
    const std::string directory = rootfs::join_path(rootfs::parent_of(path), "__pycache__");
    for (const std::string& candidate : before.children(directory)) {
      if (!candidate.starts_with(module + "cpython-") || !candidate.ends_with(".pyc")) continue;
      std::string compiled = rootfs::join_path(directory, candidate);
      if (!own.contains(compiled)) stale.insert(std::move(compiled));
    }
  }
  return {stale.begin(), stale.end()};
}

std::vector<std::string> abandoned_caches(const rootfs::Tree& after, const std::vector<std::string>& stale) {
  std::set<std::string> abandoned;
  for (const std::string& path : stale) {
    const std::string cache(rootfs::parent_of(path));
    const auto beside = after.children(rootfs::parent_of(cache));
    const bool used = std::ranges::any_of(beside, [](const std::string& name) { return name.ends_with(".py"); });
    if (!used && after.children(cache).empty()) abandoned.insert(cache);
  }
  return {abandoned.begin(), abandoned.end()};
}

}  // namespace resole::deb
