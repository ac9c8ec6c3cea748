// SPDX-License-Identifier: Apache-2.0
// What is installed, by the package database, and which of its files the image has changed since.
#pragma once
#include <map>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "oci/descriptor.hpp"
#include "pkg/apk/installed.hpp"
#include "pkg/family.hpp"

namespace resole::apk {

pkg::Inventory read_inventory(const rootfs::Tree& tree, const pkg::OsRelease& os, const oci::Platform& platform);

// The architecture in apk's words ("x86_64", "aarch64"); "" for one that it has no word for.
std::string_view architecture_of(const oci::Platform& platform);

// A file against its package. The database has a SHA-1 of every file, the layer index one only of what lies below etc/: for the rest the layers tell. The
// lowest layer whose database has the package in this version is the one that installed it; what a later layer put at the path with another content is
// a change, what a later layer took away was deleted.
enum class FileState : std::uint8_t { own, modified, deleted, missing };  // missing: the layer that installed the package did not keep it

class FileStates {
 public:
  FileStates(const rootfs::Tree& tree, const InstalledDatabase& database);
  FileState of(const InstalledStanza& stanza, const InstalledDirectory& directory, const InstalledFile& file) const;
  bool was_deleted(const std::string& final_path) const;  // not there now, but a layer has it

 private:
  std::size_t layer_of(const InstalledStanza& stanza) const;
  const rootfs::Entry* in_layer(std::size_t layer, const std::string& path) const;
  const rootfs::Entry* as_installed(std::size_t layer, const std::string& path) const;

  using Entries = std::unordered_map<std::string_view, const rootfs::Entry*>;

  const rootfs::Tree& tree_;
  std::map<std::string, std::size_t, std::less<>> installed_in_;  // checksum of a package -> the lowest layer that has it
  mutable std::vector<std::optional<Entries>> entries_;           // of each layer, when it was asked
};

}  // namespace resole::apk
