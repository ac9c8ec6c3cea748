// SPDX-License-Identifier: Apache-2.0
// A package's fix reaches the files of the package, and nothing else. An image often has the same library twice: copied in by a COPY line,
// or vendored in a wheel or an application's own lib folder. Such a copy says the library's soname; it is found by that, and reported as
// not reached by the fix.
#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "pkg/deb/installed_system.hpp"
#include "plan/planner.hpp"

namespace resole::plan {

namespace {

using Library = std::tuple<std::string, std::uint8_t, std::uint16_t>;  // soname, bits, machine

Library library_of(const rootfs::ElfFacts& facts) { return {facts.soname, facts.bits, facts.machine}; }

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// Every visible ELF file that has a soname.
std::map<std::string, const rootfs::ElfFacts*> shared_objects(const rootfs::Tree& tree) {
  std::map<std::string, const rootfs::ElfFacts*> found;
  for (const auto& layer : tree.layers()) {
    for (const auto& [path, facts] : layer->elf) {
      const rootfs::ElfFacts* visible = tree.elf(path);
      if (visible && !visible->soname.empty()) found[path] = visible;
    }
  }
  return found;
}

// Which stanzas own these files. Lists spell paths as packages have them ("/lib/..."), the tree has them where they are ("usr/lib/...").
std::unordered_map<std::string, std::vector<std::size_t>> owners_of(const std::map<std::string, const rootfs::ElfFacts*>& files,
                                                                    const rootfs::Tree& tree,
                                                                    const std::vector<deb::StatusStanza>& stanzas) {
  std::unordered_set<std::string_view> names;
  for (const auto& [path, facts] : files) names.insert(base_name(path));
  const deb::FileLists lists = deb::FileLists::read(tree, stanzas);
  std::unordered_map<std::string, std::vector<std::size_t>> owners;
  for (std::size_t i = 0; i < stanzas.size(); ++i) {
    for (const std::string_view listed : lists.of(i)) {
      if (names.contains(base_name(listed))) owners[tree.resolve(listed, false).path].push_back(i);
    }
  }
  return owners;
}

}  // namespace

std::vector<document::ShadowCopy> shadow_copies(const rootfs::Tree& tree, const pkg::Inventory& inventory,
                                                const std::vector<document::PlannedPackage>& packages) {
  if (inventory.family != "deb" || packages.empty()) return {};
  const auto files = shared_objects(tree);
  const auto stanzas = deb::read_status(tree);
  const auto owners = owners_of(files, tree, stanzas);

  std::set<std::pair<std::string, std::string>> upgraded;
  for (const document::PlannedPackage& package : packages) upgraded.insert({package.name, package.arch});
  std::map<Library, std::string> patched;
  for (const auto& [path, facts] : files) {
    const auto found = owners.find(path);
    if (found == owners.end()) continue;
    for (const std::size_t owner : found->second) {
      const pkg::InstalledPackage& package = stanzas[owner].package;
      if (upgraded.contains({package.name, package.arch})) patched.emplace(library_of(*facts), package.name);
    }
  }

  std::vector<document::ShadowCopy> copies;
  for (const auto& [path, facts] : files) {
    const auto library = patched.find(library_of(*facts));
    if (library == patched.end() || owners.contains(path)) continue;
    copies.push_back({path, facts->soname, library->second, tree.layers()[tree.find(path)->layer]->diff_id.text()});
  }
  return copies;
}

}  // namespace resole::plan
