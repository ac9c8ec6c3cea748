// SPDX-License-Identifier: Apache-2.0
// The system that packages are unpacked into, as dpkg sees it before it starts: database, file lists, and the local rules about paths and
// owners.
#pragma once
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pkg/deb/diversions.hpp"
#include "pkg/deb/metadata.hpp"
#include "pkg/owners.hpp"
#include "pkg/deb/path_filters.hpp"
#include "pkg/deb/slices.hpp"
#include "pkg/deb/stat_overrides.hpp"
#include "pkg/deb/status.hpp"
#include "rootfs/tree.hpp"

namespace resole::deb {

// Which package lists which path (info/*.list; for status.d, which has none, the paths of md5sums; of slices the manifest's files and links).
// Paths as they are spelt there: absolute, "/." is the root.
class FileLists {
 public:
  static FileLists read(const rootfs::Tree& tree, std::span<const StatusStanza> stanzas, const Slices& slices);  // `slices` must outlive it
  std::span<const std::string_view> of(std::size_t stanza) const { return lists_[stanza]; }  // in the order of the file
  std::span<const std::uint32_t> owners(std::string_view path) const;                        // stanza numbers, ascending
  bool lists(std::size_t stanza, std::string_view path) const;

 private:
  std::vector<std::vector<std::string_view>> lists_;
  boost::unordered_flat_map<std::string_view, std::vector<std::uint32_t>> owners_;
  std::vector<std::string> spelled_;  // paths that had to be composed
};

struct InstalledSystem {
  const rootfs::Tree& tree;
  std::vector<StatusStanza> stanzas;
  std::shared_ptr<const Slices> slices;  // never null
  FileLists files;
  pkg::Owners owners;
  StatOverrides overrides;
  Diversions diversions;
  PathFilters filters;
  FileHistory history;

  static InstalledSystem read(const rootfs::Tree& tree);
  // The number of the stanza of an installed (not removed) package; nullptr-like npos when there is none. arch "" = any.
  static constexpr std::size_t npos = static_cast<std::size_t>(-1);
  std::size_t find(std::string_view name, std::string_view arch) const;
};

std::shared_ptr<const Slices> read_slices(const rootfs::Tree& tree);  // of an image without a manifest: none

// md5sums of a status.d entry: "NAME.md5sums", or "md5sums" in the entry's own directory.
std::string md5sums_beside(const std::string& status_entry);
std::string info_path(const pkg::Package& package, std::string_view member);  // "var/lib/dpkg/info/libc6:amd64.list"

}  // namespace resole::deb
