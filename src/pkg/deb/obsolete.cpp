// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/obsolete.hpp"

#include <algorithm>
#include <set>
#include <unordered_set>

#include "rootfs/path.hpp"

namespace resole::deb {
namespace {

using Paths = std::unordered_set<std::string_view>;

// Spellings that the package ships for this image. What a path filter leaves out counts as absent: dpkg removes it when an earlier version
// was unpacked.
Paths shipped_spellings(const PreparedPackage& package) {
  Paths paths;
  for (std::size_t i = 0; i < package.placements.size(); ++i) {
    const Fate fate = package.placements[i].fate;
    if (fate != Fate::filtered && fate != Fate::theirs) paths.insert(package.facts.data.entries[i].path);
  }
  return paths;
}

// The same file may be known by another spelling, moved from /lib to /usr/lib where one is a link to the other: final paths tell.
Paths final_paths(const std::vector<PreparedPackage>& packages) {
  Paths paths;
  for (const PreparedPackage& package : packages) {
    for (const Placement& placement : package.placements) {
      if (placement.fate != Fate::filtered && placement.fate != Fate::theirs) paths.insert(placement.path);
    }
  }
  return paths;
}

class Finder {
 public:
  Finder(const InstalledSystem& system, const std::vector<PreparedPackage>& packages)
      : system_(system), packages_(packages), final_paths_(final_paths(packages)), new_lists_(packages.size()) {
    for (std::size_t i = 0; i < packages.size(); ++i) {
      if (packages[i].incoming.old != InstalledSystem::npos) replaced_.insert(static_cast<std::uint32_t>(packages[i].incoming.old));
      new_lists_[i].insert(packages[i].list.begin(), packages[i].list.end());
    }
  }

  Obsolete find() {
    for (std::size_t i = 0; i < packages_.size(); ++i) {
      if (packages_[i].incoming.old != InstalledSystem::npos) find_in(i);
    }
    for (const PreparedPackage& package : packages_) {
      if (package.incoming.entry) find_dangling_links();
    }
    return {{files_.begin(), files_.end()}, {directories_.rbegin(), directories_.rend()}};
  }

 private:
  // After the run, does a package other than number `self` have the path, and not diverted to somewhere else?
  bool is_listed_elsewhere(std::string_view path, std::size_t self) const {
    const std::string_view used = system_.diversions.redirect(path, packages_[self].incoming.package.name);
    const auto is_same = [&](const std::string& name) { return system_.diversions.redirect(path, name) == used; };
    const auto owners = system_.files.owners(path);
    const bool kept = std::ranges::any_of(
        owners, [&](std::uint32_t owner) { return !replaced_.contains(owner) && is_same(system_.stanzas[owner].package.name); });
    if (kept) return true;
    for (std::size_t i = 0; i < new_lists_.size(); ++i) {
      if (i != self && new_lists_[i].contains(path) && is_same(packages_[i].incoming.package.name)) return true;
    }
    return false;
  }

  // md5sums know no links. Beside a library that goes, links of its names ("libz.so.1", "libz.so") would lead nowhere.
  void find_dangling_links() {
    const auto is_library = [](std::string_view name) { return name.starts_with("lib") && name.find(".so") != std::string_view::npos; };
    std::vector<std::string> gone(files_.begin(), files_.end());
    while (!gone.empty()) {
      const std::string path = std::move(gone.back());
      gone.pop_back();
      const std::string directory(rootfs::parent_of(path));
      if (!is_library(rootfs::name_of(path))) continue;
      for (const std::string& name : system_.tree.children(directory)) {
        const std::string link = rootfs::join_path(directory, name);
        const rootfs::Node* node = is_library(name) ? system_.tree.find(link) : nullptr;
        if (!node || node->entry.type != tar::Type::symlink || node->entry.link != rootfs::name_of(path) || final_paths_.contains(link)) continue;
        if (files_.insert(link).second) gone.push_back(link);
      }
    }
  }

  void find_in(std::size_t self) {
    const PreparedPackage& package = packages_[self];
    const Incoming& incoming = package.incoming;
    if (incoming.sliced) return;  // every part has its successor (check_slices)
    const Paths shipped = shipped_spellings(package);
    std::set<std::string_view> conffiles;
    for (const Conffile& conffile : system_.stanzas[incoming.old].conffiles) conffiles.insert(conffile.path);
    for (const std::string_view path : system_.files.of(incoming.old)) {
      if (path.size() < 2 || path == "/." || shipped.contains(path.substr(1)) || conffiles.contains(path)) continue;
      if (incoming.keep.contains(path) || is_listed_elsewhere(path, self)) continue;
      const rootfs::Resolved at = system_.tree.resolve(system_.diversions.redirect(path, incoming.package.name), false);
      if (!at.node || at.path.empty() || final_paths_.contains(at.path)) continue;
      (at.node->entry.type == tar::Type::directory ? directories_ : files_).insert(at.path);
    }
  }

  const InstalledSystem& system_;
  const std::vector<PreparedPackage>& packages_;
  const Paths final_paths_;
  std::vector<Paths> new_lists_;
  std::set<std::uint32_t> replaced_;
  std::set<std::string> files_, directories_;  // sorted, a directory before what is in it
};

}  // namespace

Obsolete find_obsolete(const InstalledSystem& system, const std::vector<PreparedPackage>& packages) {
  return Finder(system, packages).find();
}

std::vector<std::string> empty_directories(const rootfs::Tree& after, const std::vector<std::string>& candidates,
                                           const std::vector<std::string>& leaving) {
  const std::set<std::string> also(leaving.begin(), leaving.end());
  std::set<std::string> gone;
  for (const std::string& directory : candidates) {
    const auto names = after.children(directory);
    const bool empty = std::ranges::all_of(names, [&](const std::string& name) {
      const std::string child = rootfs::join_path(directory, name);
      return gone.contains(child) || also.contains(child);
    });
    if (empty) gone.insert(directory);
  }
  return {gone.begin(), gone.end()};
}

}  // namespace resole::deb
