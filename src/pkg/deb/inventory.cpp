// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/inventory.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>

#include "base/text.hpp"
#include "pkg/deb/file_state.hpp"
#include "pkg/deb/slices.hpp"

namespace resole::deb {
namespace {

// dpkg is built for the native architecture. An image without dpkg (distroless) is of the architecture that most of its packages have. dpkg
// writes its own first into the arch file, when there are foreign ones.
std::string native_architecture(const std::vector<StatusStanza>& stanzas, std::string_view file) {
  std::map<std::string, std::size_t> counts;
  for (const StatusStanza& stanza : stanzas) {
    const pkg::InstalledPackage& package = stanza.package;
    if (package.state == pkg::InstallState::removed || package.arch.empty() || package.arch == "all") continue;
    if (package.name == "dpkg") return package.arch;
    ++counts[package.arch];
  }
  const auto most = std::ranges::max_element(counts, {}, [](const auto& count) { return count.second; });
  if (most != counts.end()) return most->first;
  const auto words = split_words(file);
  return words.empty() ? std::string() : std::string(words.front());
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
  if (directory.node && !tree.children(directory.path).empty()) return true;
  return tree.resolve(kSlicesPath, true).node != nullptr;
}

pkg::Inventory inventory_from(std::vector<StatusStanza> stanzas, const pkg::OsRelease& os, std::string_view architectures) {
  pkg::Inventory inventory;
  inventory.family = "deb";
  inventory.os = os;
  inventory.arch = native_architecture(stanzas, architectures);
  inventory.foreign = foreign_architectures(stanzas, architectures, inventory.arch);
  for (StatusStanza& stanza : stanzas) inventory.packages.push_back(std::move(stanza.package));
  std::ranges::stable_sort(inventory.packages,
                           [](const auto& a, const auto& b) { return std::tie(a.name, a.arch) < std::tie(b.name, b.arch); });
  return inventory;
}

std::string_view architecture_of(const oci::Platform& platform) {
  struct Name {
    std::string_view oci, dpkg;
  };
  static constexpr std::array<Name, 10> kNames = {{{"amd64", "amd64"},
                                                   {"386", "i386"},
                                                   {"arm64", "arm64"},
                                                   {"ppc64le", "ppc64el"},
                                                   {"s390x", "s390x"},
                                                   {"riscv64", "riscv64"},
                                                   {"mips64le", "mips64el"},
                                                   {"mipsle", "mipsel"},
                                                   {"loong64", "loong64"},
                                                   {"ppc64", "ppc64"}}};
  if (platform.architecture == "arm") return platform.variant == "v5" || platform.variant == "v6" ? "armel" : "armhf";
  const auto known = std::ranges::find(kNames, platform.architecture, &Name::oci);
  return known == kNames.end() ? std::string_view() : known->dpkg;
}

pkg::Inventory read_inventory(const rootfs::Tree& tree, const pkg::OsRelease& os, const oci::Platform& platform) {
  std::vector<StatusStanza> stanzas = read_status(tree);
  mark_changed_files(tree, stanzas);
  pkg::Inventory inventory = inventory_from(std::move(stanzas), os, tree.content("var/lib/dpkg/arch").value_or(std::string_view()));
  if (inventory.arch.empty()) inventory.arch = architecture_of(platform);
  return inventory;
}

}  // namespace resole::deb
