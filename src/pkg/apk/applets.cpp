// SPDX-License-Identifier: Apache-2.0
#include "pkg/apk/applets.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "archive/tar.hpp"
#include "base/text.hpp"
#include "rootfs/path.hpp"

namespace resole::apk {

namespace {

constexpr std::string_view kList = "etc/busybox-paths.d/busybox";
constexpr std::size_t kMostApplets = 10000;

// Where it is, as its links spell it: "/bin/busybox", since it is merged into usr "/usr/bin/busybox".
std::optional<std::string> busybox_of(const rootfs::Tree& tree) {
  for (const std::string_view path : {"bin/busybox", "usr/bin/busybox"}) {
    if (tree.resolve(path, true).node) return "/" + std::string(path);
  }
  return std::nullopt;
}

// Paths as the tree has them.
std::optional<std::set<std::string>> applets_of(const rootfs::Tree& tree) {
  const auto list = tree.content(kList);
  if (!list) return std::nullopt;
  std::set<std::string> applets;
  for (const std::string_view line : lines(*list)) {
    const std::string path = tar::clean_path(trim(line));
    if (!path.empty() && tar::is_safe_path(path) && applets.size() < kMostApplets) applets.insert(tree.resolve(path, false).path);
  }
  return applets;
}

bool is_link_to(const rootfs::Node* node, const std::string& target) { return node && node->entry.type == tar::Type::symlink && node->entry.link == target; }

}  // namespace

std::vector<std::string> install_applets(const rootfs::Tree& before, const rootfs::Tree& after, std::int64_t epoch, rootfs::LayerDraft& draft) {
  const auto busybox = busybox_of(after);
  if (!busybox) return {};
  const auto had = applets_of(before), has = applets_of(after);
  if (!had || !has) return {"busybox does not say which applets it has: the links to it stay as they are"};
  for (const std::string& path : *has) {
    if (had->contains(path) || after.find(path) || !rootfs::is_directory(after.find(rootfs::parent_of(path)))) continue;
    tar::Header link;
    link.path = path;
    link.type = tar::Type::symlink;
    link.mode = 0777;
    link.link = *busybox;
    link.mtime = epoch;
    draft.put(std::move(link));
  }
  for (const std::string& path : *had) {
    if (!has->contains(path) && is_link_to(after.find(path), *busybox)) draft.remove(path);
  }
  return {};
}

}  // namespace resole::apk
