// SPDX-License-Identifier: Apache-2.0
// What a package file holds, as data: learnt in one pass over its data.tar, kept in the cache by the file's sha256, so that a warm run
// decodes no .deb. A pure function of the file: nothing of any image is in it.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pkg/deb/package_file.hpp"
#include "rootfs/layer_index.hpp"

namespace resole::deb {

struct OwnerNames {
  std::string user, group;  // "" when only the number is known
};

struct PackageFacts {
  ControlArchive control;
  // Members of data.tar in order. Hardlinks name the first name of their file. Captured: conffiles and what rootfs::is_captured names
  // (certificates). md5 is known of conffiles, and of all files when the package ships no md5sums.
  rootfs::LayerIndex data;
  std::vector<OwnerNames> owners;  // of each member
  std::string ldconfig;            // what this package's ldconfig writes as generator of ld.so.cache; "" when it ships none
};

// Watches the members pass, in order. `begin` is called before a member's content, `end` after it with the finished entry.
class MemberVisitor {
 public:
  virtual ~MemberVisitor() = default;
  virtual void begin(const rootfs::Entry& entry, const OwnerNames& owner) = 0;  // sha256 and md5 not yet known
  virtual void content(std::string_view bytes) = 0;
  virtual void end(const rootfs::Entry& entry) = 0;
};

// Reads data.tar to its end. Error(input): paths that leave the root, hardlinks to what is not an earlier file of the package, names that
// mean something else in a layer (".wh."), sockets and other types that dpkg does not unpack, the bounds.
PackageFacts read_package(const PackageFile& file, MemberVisitor& visitor);

// Conffiles of the package as its control part lists them (deb-conffiles(5)): absolute paths.
struct ConffileLine {
  std::string path;
  bool remove_on_upgrade = false;
};
std::vector<ConffileLine> conffile_lines(std::string_view conffiles);

std::string serialise(const PackageFacts& facts);
std::optional<PackageFacts> parse_package_facts(std::string_view bytes);  // nullopt for another version or damage
std::string package_facts_key(const Digest& sha256);                      // in the cache room "segment"

}  // namespace resole::deb
