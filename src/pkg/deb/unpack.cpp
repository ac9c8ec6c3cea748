// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/unpack.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "rootfs/layer_draft.hpp"

namespace resole::deb {
namespace {

bool is_file(tar::Type type) { return type == tar::Type::file || type == tar::Type::hardlink; }

// Does the tree have this very object? Names of one file are compared as files.
bool is_below(const rootfs::Tree& below, tar::Header header, const Sha256& sha256) {
  const rootfs::Node* node = below.find(header.path);
  if (!node) return false;
  if (is_file(header.type)) header.type = tar::Type::file;
  if (header.type == tar::Type::file) header.size = node->entry.size;  // the hash says it all; links have no size of their own
  return rootfs::same_object(*node, header, sha256);
}

bool are_linked(const rootfs::Tree& below, std::string_view a, std::string_view b) {
  const rootfs::Node *first = below.find(a), *second = below.find(b);
  return first && second && first->link_set != 0 && first->link_set == second->link_set;
}

// All names of one file of the package: the member with the content, then its links.
using LinkSets = std::map<std::size_t, std::vector<std::size_t>>;

LinkSets link_sets(const std::vector<rootfs::Entry>& members) {
  LinkSets sets;
  std::unordered_map<std::string_view, std::size_t> content_of;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (members[i].type == tar::Type::file) {
      content_of[members[i].path] = i;
      sets[i].push_back(i);
    } else if (members[i].type == tar::Type::hardlink) {
      sets[content_of.at(members[i].link)].push_back(i);
    }
  }
  return sets;
}

// One inode: one owner, one mode.
tar::Header link_to(const tar::Header& first, std::string path) {
  tar::Header header = first;
  header.type = tar::Type::hardlink;
  header.size = 0;
  header.link = first.path;
  header.path = std::move(path);
  return header;
}

class EmissionPlanner {
 public:
  EmissionPlanner(const PackageFacts& facts, const std::vector<Placement>& placements, const rootfs::Tree& below)
      : members_(facts.data.entries), placements_(placements), below_(below), emission_(members_.size()) {
    for (std::size_t i = 0; i < members_.size(); ++i) {
      if (is_file(members_[i].type) && placements_[i].fate == Fate::write) shipped_[placements_[i].path] = i;
    }
  }

  Emission plan() {
    for (std::size_t i = 0; i < members_.size(); ++i) {
      const bool single = !is_file(members_[i].type) && members_[i].type != tar::Type::directory;
      if (single && placements_[i].fate == Fate::write && !is_below(below_, placements_[i].header, {}))
        emission_[i] = placements_[i].header;
    }
    for (const auto& [content, names] : link_sets(members_)) emit_set(content, names);
    return std::move(emission_);
  }

 private:
  void emit_set(std::size_t content, const std::vector<std::size_t>& names);
  bool is_equal_set(std::size_t content, const std::vector<std::size_t>& written) const;
  tar::Header with_attributes_of_set(std::size_t name, const std::vector<std::size_t>& written) const;

  const std::vector<rootfs::Entry>& members_;
  const std::vector<Placement>& placements_;
  const rootfs::Tree& below_;
  Emission emission_;
  std::unordered_map<std::string_view, std::size_t> shipped_;  // files by final path
};

// dpkg gives a file the mode and owner of each of its names in turn: those of the last one stay (an override may be of one name only).
tar::Header EmissionPlanner::with_attributes_of_set(std::size_t name, const std::vector<std::size_t>& written) const {
  tar::Header header = placements_[name].header;
  const tar::Header& last = placements_[written.back()].header;
  header.mode = last.mode;
  header.uid = last.uid;
  header.gid = last.gid;
  return header;
}

// The same object, linked to the same names as far as this package ships them.
bool EmissionPlanner::is_equal_set(std::size_t content, const std::vector<std::size_t>& written) const {
  const Placement& first = placements_[written.front()];
  for (const std::size_t i : written) {
    if (!is_below(below_, with_attributes_of_set(i, written), members_[content].sha256)) return false;
    if (i != written.front() && !are_linked(below_, first.path, placements_[i].path)) return false;
  }
  return std::ranges::all_of(below_.link_set(first.path), [&](const std::string& name) {
    const auto shipped = shipped_.find(name);
    return shipped == shipped_.end() || std::ranges::find(written, shipped->second) != written.end();
  });
}

void EmissionPlanner::emit_set(std::size_t content, const std::vector<std::size_t>& names) {
  std::vector<std::size_t> written;
  std::ranges::copy_if(names, std::back_inserter(written), [&](std::size_t i) { return placements_[i].fate == Fate::write; });
  if (written.empty() || is_equal_set(content, written)) return;
  tar::Header header = with_attributes_of_set(written.front(), written);
  header.type = tar::Type::file;
  header.size = members_[content].size;
  header.link.clear();
  emission_[content] = header;
  for (const std::size_t i : written) {
    if (i != written.front()) emission_[i] = link_to(header, placements_[i].path);
  }
}

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

class ProvisionalVisitor : public MemberVisitor {
 public:
  ProvisionalVisitor(const Placer& placer, const rootfs::Tree& below, Spool& spool) : placer_(placer), below_(below), writer_(spool) {}

  void begin(const rootfs::Entry& entry, const OwnerNames& owner) override {
    header_.reset();
    Placement placement = placer_.place(entry, owner);
    if (placement.fate != Fate::write) return;
    if (entry.type != tar::Type::hardlink) {
      header_ = std::move(placement.header);
    } else if (const auto file = written_.find(entry.link); file != written_.end()) {
      // Only where the file itself was written is a link certain; every other case is left to the final emission.
      header_ = link_to(file->second, placement.path);
    }
    if (header_) writer_.begin(*header_);
  }

  void content(std::string_view bytes) override {
    if (header_) writer_.content(bytes);
  }

  void end(const rootfs::Entry& entry) override {
    if (header_) writer_.end();
    if (header_ && entry.type != tar::Type::hardlink && is_below(below_, *header_, entry.sha256)) {
      writer_.undo();
      header_.reset();
    }
    if (header_ && entry.type == tar::Type::file) written_[entry.path] = *header_;
    emission_.push_back(std::move(header_));
  }

  Emission take() { return std::move(emission_); }

 private:
  const Placer& placer_;
  const rootfs::Tree& below_;
  SegmentWriter writer_;
  std::optional<tar::Header> header_;                     // of the member that is going by, when it is written
  std::unordered_map<std::string, tar::Header> written_;  // files by the package's spelling
  Emission emission_;
};

class PlannedVisitor : public MemberVisitor {
 public:
  PlannedVisitor(const Emission& emission, Spool& spool) : emission_(emission), writer_(spool) {}
  void begin(const rootfs::Entry&, const OwnerNames&) override {
    if (emission_[next_]) writer_.begin(*emission_[next_]);
  }
  void content(std::string_view bytes) override {
    if (emission_[next_]) writer_.content(bytes);
  }
  void end(const rootfs::Entry&) override {
    if (emission_[next_]) writer_.end();
    ++next_;
  }

 private:
  const Emission& emission_;
  SegmentWriter writer_;
  std::size_t next_ = 0;
};

}  // namespace

Emission plan_emission(const PackageFacts& facts, const std::vector<Placement>& placements, const rootfs::Tree& below) {
  return EmissionPlanner(facts, placements, below).plan();
}

std::string fingerprint(const Emission& emission) {
  std::string text;
  for (std::size_t i = 0; i < emission.size(); ++i) {
    if (!emission[i]) continue;
    const tar::Header& header = *emission[i];
    text += fmt::format("{} {} {:o} {} {} {} {}:{} {}:{}:{}\n", i, static_cast<int>(header.type), header.mode, header.uid, header.gid,
                        header.mtime, header.major, header.minor, header.path.size(), header.path, header.link);
    for (const auto& [name, value] : header.xattrs) text += fmt::format("  {}={}\n", name, to_hex(value));
  }
  return sha256_hex_of(text);
}

FirstPass unpack_provisionally(const PackageFile& file, const Placer& placer, const rootfs::Tree& below, Spool& spool) {
  ProvisionalVisitor visitor(placer, below, spool);
  PackageFacts facts = read_package(file, visitor);
  return {std::move(facts), visitor.take()};
}

void unpack_planned(const PackageFile& file, const Emission& emission, Spool& spool) {
  PlannedVisitor visitor(emission, spool);
  read_package(file, visitor);
}

std::vector<rootfs::Entry> entries_of(const Emission& emission, const PackageFacts& facts) {
  std::vector<rootfs::Entry> entries;
  for (std::size_t i = 0; i < emission.size(); ++i) {
    if (!emission[i]) continue;
    const tar::Header& header = *emission[i];
    rootfs::Entry entry = facts.data.entries[i];  // hashes of the content, when there is one
    entry.path = header.path;
    entry.type = header.type;
    entry.mode = header.mode;
    entry.uid = header.uid;
    entry.gid = header.gid;
    entry.link = header.link;
    entry.xattrs = header.xattrs;
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace resole::deb
