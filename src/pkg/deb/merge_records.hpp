// SPDX-License-Identifier: Apache-2.0
// Which side's record of a package is true on the new base.
//
//   old base   new base   application   record
//   x          y          x             y        the application did not touch it; were its files to lie over y's: a conflict
//   x          x          y             y        the base did not; its files are there in full, or a conflict
//   x          y          y             y
//   x          y          z                      whose files lie on top in full; what the other side has besides is taken away; else a conflict
//
// "x" and "y" may be "not installed". That a package is held (the first word of Status) is merged apart.
#pragma once
#include <set>
#include <string>
#include <vector>

#include "pkg/deb/installed_system.hpp"
#include "pkg/family.hpp"

namespace resole::deb {

enum class Side { nobody, new_base, application };  // nobody: the package is not there

struct MergedRecord {
  std::string key;                            // "curl:amd64"
  Side side = Side::nobody;
  const StatusStanza* of_new_base = nullptr;  // nullptr: that side has none
  const StatusStanza* of_application = nullptr;
  std::string text;                           // the stanza
  const StatusStanza* stanza() const { return side == Side::new_base ? of_new_base : side == Side::application ? of_application : nullptr; }
};

struct MergedRecords {
  std::vector<MergedRecord> records;  // by key
  std::set<std::string> leftovers;    // final paths in the stacked tree that belong to nobody any more
  std::vector<pkg::MergeConflict> conflicts;
  std::vector<std::string> notes;
};

struct ThreeSystems {
  InstalledSystem old_base, new_base, application;
  const rootfs::Tree& stacked;
  bool is_applications(const rootfs::Node& node) const { return node.layer >= new_base.tree.layers().size(); }  // of the stacked tree
};

MergedRecords merge_records(const ThreeSystems& systems);

}  // namespace resole::deb
