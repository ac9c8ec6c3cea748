// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/future_tree.hpp"

#include <set>

#include "rootfs/entry.hpp"

namespace resole::deb {
namespace {

// Captured bytes and ELF facts move from the package's spelling to the final path.
void add_facts(const PackageFacts& facts, const std::string& spelled, const std::string& final_path, rootfs::LayerIndex& index) {
  if (const auto captured = facts.data.captured.find(spelled); captured != facts.data.captured.end())
    index.captured[final_path] = captured->second;
  if (const auto elf = facts.data.elf.find(spelled); elf != facts.data.elf.end()) index.elf[final_path] = elf->second;
}

void add_package(const PreparedPackage& package, std::set<std::string>& directories, rootfs::LayerIndex& index) {
  const auto& members = package.facts.data.entries;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const Placement& placement = package.placements[i];
    if (placement.fate == Fate::directory && directories.insert(placement.path).second)
      index.entries.push_back(rootfs::object_entry(placement.header));
    if (package.emission[i] && members[i].type == tar::Type::file)
      add_facts(package.facts, members[i].path, package.emission[i]->path, index);
  }
  for (rootfs::Entry& entry : entries_of(package.emission, package.facts)) index.entries.push_back(std::move(entry));
  for (const ConffilePut& put : package.conffiles.puts) {
    rootfs::Entry entry = rootfs::object_entry(put.header);
    entry.sha256 = sha256_of(put.content);
    index.captured[entry.path] = put.content;
    index.entries.push_back(std::move(entry));
  }
}

}  // namespace

rootfs::Tree future_tree(const InstalledSystem& system, const std::vector<PreparedPackage>& packages,
                         const std::vector<std::string>& removed) {
  auto index = std::make_shared<rootfs::LayerIndex>();
  for (const std::string& path : removed) index->entries.push_back(rootfs::marker_entry(path, false));
  std::set<std::string> directories;
  for (const PreparedPackage& package : packages) add_package(package, directories, *index);
  return system.tree.with(std::move(index));
}

}  // namespace resole::deb
