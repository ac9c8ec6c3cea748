// SPDX-License-Identifier: Apache-2.0
#include "pkg/apk/inventory.hpp"

#include <algorithm>
#include <array>
#include <tuple>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/apk/protected_paths.hpp"
#include "rootfs/path.hpp"

namespace resole::apk {

namespace {

// Of the packages, most of which have one; an image of packages for none has a file that says it.
std::string architecture_of_packages(const std::vector<InstalledStanza>& stanzas) {
  std::map<std::string, std::size_t> counts;
  for (const InstalledStanza& stanza : stanzas) {
    const std::string& arch = stanza.description.arch;
    if (!arch.empty() && arch != "noarch") ++counts[arch];
  }
  const auto most = std::ranges::max_element(counts, {}, [](const auto& count) { return count.second; });
  return most == counts.end() ? std::string() : most->first;
}

std::string architecture_of_image(const rootfs::Tree& tree, const std::vector<InstalledStanza>& stanzas, const oci::Platform& platform) {
  const auto words = split_words(tree.content("etc/apk/arch").value_or(""));
  if (!words.empty()) return std::string(words.front());
  std::string arch = architecture_of_packages(stanzas);
  return arch.empty() ? std::string(architecture_of(platform)) : arch;
}

std::string sha1_text(const rootfs::Entry& entry) {
  if (entry.type == tar::Type::symlink) {
    const Sha1 sum = sha1_of(entry.link);
    return checksum_of({reinterpret_cast<const char*>(sum.data()), sum.size()});
  }
  return entry.sha1 ? checksum_of({reinterpret_cast<const char*>(entry.sha1->data()), entry.sha1->size()}) : std::string();
}

}  // namespace

std::string_view architecture_of(const oci::Platform& platform) {
  struct Name {
    std::string_view oci, apk;
  };
  static constexpr std::array<Name, 7> kNames = {{{"amd64", "x86_64"},
                                                  {"386", "x86"},
                                                  {"arm64", "aarch64"},
                                                  {"ppc64le", "ppc64le"},
                                                  {"s390x", "s390x"},
                                                  {"riscv64", "riscv64"},
                                                  {"loong64", "loongarch64"}}};
  if (platform.architecture == "arm") return platform.variant == "v7" || platform.variant == "v8" ? "armv7" : "armhf";
  const auto known = std::ranges::find(kNames, platform.architecture, &Name::oci);
  return known == kNames.end() ? std::string_view() : known->apk;
}

FileStates::FileStates(const rootfs::Tree& tree, const InstalledDatabase& database) : tree_(tree), entries_(tree.layers().size()) {
  if (database.directory.empty()) return;
  const std::string path = rootfs::join_path(database.directory, "installed");
  const auto& layers = tree.layers();
  for (std::size_t layer = 0; layer < layers.size(); ++layer) {
    const auto captured = layers[layer]->captured.find(path);
    if (captured == layers[layer]->captured.end()) continue;
    for (const std::string_view line : lines(captured->second)) {
      if (line.starts_with("C:")) installed_in_.try_emplace(std::string(line.substr(2)), layer);
    }
  }
}

std::size_t FileStates::layer_of(const InstalledStanza& stanza) const {
  const auto found = installed_in_.find(stanza.description.checksum);
  return found == installed_in_.end() ? tree_.layers().size() : found->second;
}

// The last word of the layers up to this one on a path; nullptr when they have nothing there.
const rootfs::Entry* FileStates::as_installed(std::size_t layer, const std::string& path) const {
  for (std::size_t at = std::min(layer + 1, tree_.layers().size()); at-- > 0;) {
    if (const rootfs::Entry* entry = in_layer(at, path)) return entry->whiteout ? nullptr : entry;
  }
  return nullptr;
}

const rootfs::Entry* FileStates::in_layer(std::size_t layer, const std::string& path) const {
  auto& entries = entries_[layer];
  if (!entries) {
    entries.emplace();
    for (const rootfs::Entry& entry : tree_.layers()[layer]->entries) {
      if (!entry.opaque) entries->insert_or_assign(entry.path, &entry);
    }
  }
  const auto found = entries->find(path);
  return found == entries->end() ? nullptr : found->second;
}

bool FileStates::was_deleted(const std::string& final_path) const {
  if (tree_.find(final_path)) return false;
  for (std::size_t layer = 0; layer + 1 < tree_.layers().size(); ++layer) {
    const rootfs::Entry* entry = in_layer(layer, final_path);
    if (entry && !entry->whiteout) return true;
  }
  return false;
}

FileState FileStates::of(const InstalledStanza& stanza, const InstalledDirectory& directory, const InstalledFile& file) const {
  const rootfs::Resolved at = tree_.resolve(rootfs::join_path(directory.path, file.name), false);
  const std::size_t layer = layer_of(stanza);
  if (!at.node) {
    const bool above = layer + 1 < tree_.layers().size();  // only then can somebody have taken it away afterwards
    return above && as_installed(layer, at.path) ? FileState::deleted : FileState::missing;
  }
  if (const std::string sum = sha1_text(at.node->entry); !sum.empty()) return sum == file.checksum || file.checksum.empty() ? FileState::own : FileState::modified;
  if (at.node->layer <= layer) return FileState::own;
  const rootfs::Entry* before = as_installed(layer, at.path);
  if (before && before->type == tar::Type::hardlink) before = as_installed(layer, before->link);
  const bool same = before && before->type == at.node->entry.type && before->sha256 == at.node->entry.sha256;
  return same ? FileState::own : FileState::modified;
}

pkg::Inventory read_inventory(const rootfs::Tree& tree, const pkg::OsRelease& os, const oci::Platform& platform) {
  const InstalledDatabase database = InstalledDatabase::read(tree);
  const ProtectedPaths protection = ProtectedPaths::read(tree);
  const FileStates states(tree, database);
  pkg::Inventory inventory;
  inventory.family = "apk";
  inventory.os = os;
  inventory.arch = architecture_of_image(tree, database.stanzas, platform);
  for (const InstalledStanza& stanza : database.stanzas) {
    pkg::InstalledPackage package;
    static_cast<pkg::Package&>(package) = package_of(stanza.description);
    package.maintainer = stanza.description.maintainer;
    // The database does not say which repository a package came from, and indexes have no version but the newest to tell it by.
    if (stanza.tag.empty()) package.origin = os.id;
    for (const InstalledDirectory& directory : stanza.directories) {
      const bool is_protected = protection.covers(directory.path);  // apk has rules of its own for what was changed there
      for (const InstalledFile& file : directory.files) {
        const FileState state = states.of(stanza, directory, file);
        std::string path = "/" + rootfs::join_path(directory.path, file.name);
        if (state == FileState::modified && !is_protected) package.modified.push_back(std::move(path));
        else if (state == FileState::deleted) package.deleted.push_back(std::move(path));
      }
    }
    std::ranges::sort(package.modified);
    std::ranges::sort(package.deleted);
    inventory.packages.push_back(std::move(package));
  }
  std::ranges::stable_sort(inventory.packages, [](const auto& a, const auto& b) { return std::tie(a.name, a.arch) < std::tie(b.name, b.arch); });
  return inventory;
}

}  // namespace resole::apk
