// SPDX-License-Identifier: Apache-2.0
// dpkg's database as it is read: var/lib/dpkg/status, status.d of distroless images, and the manifest of chiselled ones. One value per stanza,
// with the text it came from.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "pkg/package.hpp"
#include "rootfs/tree.hpp"

namespace resole::deb {

inline constexpr std::string_view kStatusPath = "var/lib/dpkg/status";
inline constexpr std::string_view kStatusDirectory = "var/lib/dpkg/status.d";
inline constexpr std::string_view kInfoDirectory = "var/lib/dpkg/info";

struct Conffile {
  std::string path;  // "/etc/nginx/nginx.conf"
  std::string md5;   // 32 hex digits, or "newconffile"
  bool obsolete = false, remove_on_upgrade = false;
};

struct StatusStanza {
  pkg::InstalledPackage package;
  std::vector<Conffile> conffiles;  // in the order of the field
  std::string want, flag, state;    // "install ok installed"; of status.d entries the same three
  std::string config_version;
  std::string file;        // where it stands: "var/lib/dpkg/status", or the file below status.d
  std::size_t offset = 0;  // of `text` in that file
  std::string_view text;   // its lines, final newline included; points into the tree's captured bytes; of a manifest's package ""

  // Where dpkg itself never was: an entry of status.d, or packages that slices were cut from.
  bool is_entry() const { return file.starts_with(kStatusDirectory); }
  bool is_sliced() const { return package.sliced; }
  bool is_ordinary() const { return file == kStatusPath; }
};

// One file of stanzas. Error(input) names the file, the package and the line. The views point into `text`.
std::vector<StatusStanza> parse_status(std::string_view text, std::string_view file);

// Everything that the tree's database says, in the order of the files: status first, then status.d by name, then the manifest of slices.
// Error(input) when a database file is there but its bytes are not in the layer index, or when a package stands twice in it.
std::vector<StatusStanza> read_status(const rootfs::Tree& tree);

// "curl", or "libc6:amd64" for Multi-Arch: same: how dpkg names the package's files below info/ (dpkg lib/dpkg/db-ctrl.c).
std::string info_name(const pkg::Package& package);

}  // namespace resole::deb
