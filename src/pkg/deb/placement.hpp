// SPDX-License-Identifier: Apache-2.0
// Where one member of a package goes in an image, and with which attributes: dpkg's rules of unpacking (dpkg src/main/archives.c,
// tarobject()) as a function of the member's header and the installed system. What depends on the content (is it equal to what is there?)
// is decided by the caller.
#pragma once
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "archive/tar.hpp"
#include "pkg/deb/installed_system.hpp"
#include "pkg/deb/package_facts.hpp"
#include "pkg/family.hpp"

namespace resole::deb {

enum class Fate : std::uint8_t {
  write,      // file, link or device that is unpacked unless it equals what is there
  directory,  // a directory that is not there yet
  present,    // a directory that is there, or a link that already leads to it: stays as it is
  filtered,   // path-exclude
  conffile,   // decided by the conffile rules, in the database layer
  deleted,    // an upper layer deleted it: stays deleted
  kept,       // locally modified, and the plan says keep; or a script of Chisel changed it
  shared,     // another member, or another package of this run, brings the same path
  theirs,     // belongs to another package that Replaces this one: not unpacked, and not in this package's list
};

struct Placement {
  Fate fate = Fate::write;
  std::string path;                       // final: diversions and symlinked parents followed
  tar::Header header;                     // as it will be: path, owner, mode; of hardlinks the link is still the package's own spelling
  std::string kept_metadata;              // "mode 2755 kept, package has 0755"; "" when the package's attributes are taken
  std::vector<std::uint32_t> taken_from;  // stanzas of packages that lose this path because the new package Replaces them
};

// The stanza that the item replaces: of its own architecture, or, when it moves between "all" and a real one, the one of its name and
// version. Of a new package the one that its removed but not purged predecessor left, else npos. Error(input) when the image does not have
// what the item says.
std::size_t stanza_of(const pkg::Item& item, const InstalledSystem& system);

// A package on its way into the system.
struct Incoming {
  const pkg::Item* item = nullptr;
  std::size_t old = InstalledSystem::npos;                      // its stanza; npos for a package that was never there
  pkg::Package package;                                         // from the package's own control file
  std::set<std::string, std::less<>> conffiles, keep, deleted;  // absolute paths
  bool entry = false;   // lives in status.d: what the image left out of the package stays out
  bool sliced = false;  // only the paths of the image's slices are taken
  std::string postinsts;                                        // the new package's, and the installed one's; "" when they will run

  // Error(input): the control file does not describe the candidate, conffiles that are no paths.
  static Incoming read(const pkg::Item& item, const InstalledSystem& system, const pkg::Inventory& inventory,
                       const ControlArchive& control);
};

// Packages of the same run, by stanza number: their old lists no longer count, what they ship now does (see Placer::place).
struct Transaction {
  std::set<std::uint32_t> upgraded;  // stanzas that are replaced in this run
};

class Placer {
 public:
  Placer(const InstalledSystem& system, const Transaction& transaction, const Incoming& incoming)
      : system_(system), transaction_(transaction), incoming_(incoming) {}
  // Error(refused) for a file of another package without Replaces: dpkg would refuse too.
  Placement place(const rootfs::Entry& entry, const OwnerNames& owner) const;

 private:
  void set_owner(Placement& placement, std::string_view path, const OwnerNames& owner) const;
  bool is_present(const rootfs::Entry& entry, const rootfs::Resolved& at) const;
  bool is_deleted(std::string_view path) const;
  bool is_pruned_documentation(std::string_view path) const;
  void place_slice(const std::string& path, const rootfs::Resolved& at, Placement& placement) const;
  bool yields(std::string_view path, Placement& placement) const;
  void keep_metadata(std::string_view path, const rootfs::Node& below, Placement& placement) const;

  const InstalledSystem& system_;
  const Transaction& transaction_;
  const Incoming& incoming_;
};

// Does a package with these Replaces take over files of `other`? (deb-control(5), dpkg's does_replace: versions count, virtual packages do
// not.)
bool replaces(const pkg::Package& package, const pkg::Package& other);

}  // namespace resole::deb
