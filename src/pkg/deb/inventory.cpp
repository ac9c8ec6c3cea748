// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/inventory.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/text.hpp"
#include "pkg/deb/file_state.hpp"

namespace resole::deb {
namespace {

// dpkg is built for the native architecture. An image without dpkg (distroless) is of the architecture that most of its packages have.
std::string native_architecture(const std::vector<StatusStanza>& stanzas) {
  std::map<std::string, std::size_t> counts;
  for (const StatusStanza& stanza : stanzas) {
    const pkg::InstalledPackage& package = stanza.package;
    if (package.state == pkg::InstallState::removed || package.arch.empty() || package.arch == "all") continue;
    if (package.name == "dpkg") return package.arch;
    ++counts[package.arch];
  }
  const auto most = std::ranges::max_element(counts, {}, [](const auto& count) { return count.second; });
  return most == counts.end() ? std::string() : most->first;
}

// var/lib/dpkg/arch lists the native architecture and those of --add-architecture; packages can stand in the status of others still.
std::vector<std::string> foreign_architectures(const std::vector<StatusStanza>& stanzas, std::string_view file, const std::string& native) {
  std::set<std::string> all;
  for (std::string_view line : lines(file)) {
    if (!trim(line).empty()) all.emplace(trim(line));
  }
  for (const StatusStanza& stanza : stanzas) {
    if (stanza.package.state != pkg::InstallState::removed && !stanza.package.arch.empty()) all.insert(stanza.package.arch);
  }
  all.erase(native);
  all.erase("all");
  return {all.begin(), all.end()};
}

}  // namespace

bool has_database(const rootfs::Tree& tree) {
  if (tree.resolve(kStatusPath, true).node) return true;
  const rootfs::Resolved directory = tree.resolve(kStatusDirectory, true);
  return directory.node && !tree.children(directory.path).empty();
}

pkg::Inventory inventory_from(std::vector<StatusStanza> stanzas, const pkg::OsRelease& os, std::string_view architectures) {
  pkg::Inventory inventory;
  inventory.family = "deb";
  inventory.os = os;
  inventory.arch = native_architecture(stanzas);
  inventory.foreign = foreign_architectures(stanzas, architectures, inventory.arch);
  for (StatusStanza& stanza : stanzas) inventory.packages.push_back(std::move(stanza.package));
  std::ranges::stable_sort(inventory.packages,
                           [](const auto& a, const auto& b) { return std::tie(a.name, a.arch) < std::tie(b.name, b.arch); });
  return inventory;
}

pkg::Inventory read_inventory(const rootfs::Tree& tree, const pkg::OsRelease& os) {
  std::vector<StatusStanza> stanzas = read_status(tree);
  mark_changed_files(tree, stanzas);
  return inventory_from(std::move(stanzas), os, tree.content("var/lib/dpkg/arch").value_or(std::string_view()));
}

}  // namespace resole::deb
