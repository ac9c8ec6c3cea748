// SPDX-License-Identifier: Apache-2.0
// lib/apk/db/installed: what is installed, with its files. A stanza is a description (stanza.hpp) and then
//
//   r: replaces  q: its priority  s: tag of the repository  f: what is broken
//   F:directory  M:uid:gid:mode[:xattrs]        for each directory, the parents too; M: unless 0:0:755
//     R:file  a:uid:gid:mode[:xattrs]  Z:Q1...  for each file of it; a: unless 0:0:644; Z: the SHA-1 of the content, of a link's target
//
// apk 2.14 sorts stanzas by name when it writes; older ones keep the order in which packages came. Stanzas that nothing changed are written as they were
// read, byte by byte.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "pkg/apk/stanza.hpp"
#include "rootfs/tree.hpp"

namespace resole::apk {

struct InstalledFile {
  std::string name;
  std::string acl;       // "0:0:755"; "" = 0:0:644
  std::string checksum;  // "Q1..."; "" = not known
  std::string unknown = {};  // lines that later versions of apk may have, with their newlines
};

struct InstalledDirectory {
  std::string path;  // "usr/bin"; "" is the root
  std::string acl;   // "" = 0:0:755
  std::vector<InstalledFile> files;
  std::string unknown = {};
};

struct InstalledStanza {
  Description description;
  std::vector<Wish> replaces;
  std::uint64_t replaces_priority = 0;
  std::string tag;           // of the repository it came from
  std::string header = {};   // the lines before the first directory, as they stand there; "" = written from the fields
  std::vector<InstalledDirectory> directories;
  std::string raw = {};      // as read, without the empty line; "" = written from the fields

  std::string text() const;  // without the empty line behind it
};

struct AclFields {
  std::uint32_t uid = 0, gid = 0, mode = 0;
};
AclFields acl_of_directory(const InstalledDirectory& directory);
AclFields acl_of_file(const InstalledFile& file);
std::string acl_text(const AclFields& acl, const AclFields& usual);  // "" when it is the usual one

// Error(input): lines that make no sense, a stanza without name, one name twice, a path that is none.
std::vector<InstalledStanza> parse_installed(std::string_view text, std::string_view what);
std::string write_installed(std::vector<InstalledStanza> stanzas);  // sorted by name

// Where the database of an image is: "lib/apk/db", or below usr/lib/apk where the system has /usr merged without a link; "" = there is none.
std::string database_directory(const rootfs::Tree& tree);

// The database with each file's owner.
struct InstalledDatabase {
  std::string directory;  // "lib/apk/db"
  std::vector<InstalledStanza> stanzas;
  static InstalledDatabase read(const rootfs::Tree& tree);
  const InstalledStanza* find(std::string_view name) const;
};

}  // namespace resole::apk
