// SPDX-License-Identifier: Apache-2.0
// From the members of a package file to tar members of a layer: what really changes over the tree below, in the order of the package. The same for every
// family that unpacks a tar.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "archive/tar.hpp"
#include "base/bytes.hpp"
#include "rootfs/tree.hpp"

namespace resole::pkg {

// What each member of a package becomes in the segment; nothing for those that are left out and for directories. A file's content always
// stands at its own member, under the header given there (which may bear the name of another member of its link set).
using Emission = std::vector<std::optional<tar::Header>>;

// `wanted`: of each member the header under which it would be unpacked, nullptr when it is not. Hardlinks among `members` name the first name of their file.
Emission plan_emission(const std::vector<rootfs::Entry>& members, const std::vector<const tar::Header*>& wanted, const rootfs::Tree& below);
std::string fingerprint(const Emission& emission);  // equal for equal segments of one package
// The emission as entries of a layer: for Segment.entries, and for the tree as it will be. Content facts come from the package.
std::vector<rootfs::Entry> entries_of(const Emission& emission, const std::vector<rootfs::Entry>& members);

// Does the tree have this very object? Names of one file are compared as files.
bool is_below(const rootfs::Tree& below, tar::Header header, const Sha256& sha256);
// Another name of a file. One inode: one owner, one mode.
tar::Header link_to(const tar::Header& first, std::string path);

// Writes members to a spool as tar; the last one can be taken back.
class SegmentWriter {
 public:
  explicit SegmentWriter(Spool& spool) : spool_(spool), writer_(spool) {}
  void begin(const tar::Header& header) {
    mark_ = spool_.size();
    writer_.begin(header);
  }
  void content(std::string_view bytes) { writer_.write(bytes); }
  void end() { writer_.end(); }
  void undo() { spool_.truncate(mark_); }

 private:
  Spool& spool_;
  tar::Writer writer_;
  std::uint64_t mark_ = 0;
};

}  // namespace resole::pkg
