// SPDX-License-Identifier: Apache-2.0
// Mode, owner and capabilities of a file that a new version of its package replaces. dpkg takes the new package's, and then runs the postinst,
// which may set others (chmod 2755 /usr/bin/ssh-agent). Here no postinst runs, and a layer above the one that installed the file may have
// changed it. The database stores no modes, and the old package is not at hand. So, of each attribute that differs:
//
//   a later layer changed it (the lowest layer with the same content has another)   the image's stays
//   a postinst of the package, old or new, names the file                           the image's stays: the script would set it again
//   else                                                                            the package's, as dpkg does
//
// A setuid, setgid or sticky bit is a privilege: one that the package gave and gives no more goes, unless a postinst names the file and sets such bits. A
// setuid or setgid bit that the image lacks is not brought back: whoever built the image took it off.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "archive/tar.hpp"
#include "rootfs/tree.hpp"

namespace resole::deb {

// What the layers of a tree held at a path before.
class FileHistory {
 public:
  FileHistory() = default;  // of no layers
  explicit FileHistory(const rootfs::Tree& tree);
  // The attributes with which the content of this node (a file) came into the image: of the lowest layer that has it at this path. nullptr
  // when no layer below the node's own has it. Thread-safe.
  const rootfs::Entry* origin(const rootfs::Node& node) const;

 private:
  struct Layers;
  std::shared_ptr<Layers> layers_;
};

// Does one of these scripts name the file (with /usr or, where it is merged, without)?
bool names_file(std::string_view scripts, std::string_view absolute_path);

// Does a script set setuid, setgid or sticky bits, of whatever file (chmod 2755, dpkg-statoverride --update --add root _ssh 2755, chmod "$mode")?
bool sets_special_bits(std::string_view scripts);

struct MetadataFacts {
  const rootfs::Entry& below;             // the image's
  const rootfs::Entry* origin = nullptr;  // see FileHistory
  bool scripted = false;                  // a postinst names it
  bool privileged = false;                // and it sets special bits
  bool overridden = false;                // mode and owner are a statoverride's: they stand
};

// Completes `header`, which has the package's attributes. Returns what stays as the image has it, "" when nothing: "mode 2755 kept, package
// has 0755 (its postinst names the file)".
std::string settle_metadata(const MetadataFacts& facts, tar::Header& header);

}  // namespace resole::deb
