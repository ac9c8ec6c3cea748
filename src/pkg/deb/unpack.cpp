// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/unpack.hpp"

#include <unordered_map>

#include "rootfs/layer_draft.hpp"

namespace resole::deb {
namespace {

using pkg::is_below;
using pkg::link_to;
using pkg::SegmentWriter;

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
  std::vector<const tar::Header*> wanted;
  for (const Placement& placement : placements) wanted.push_back(placement.fate == Fate::write ? &placement.header : nullptr);
  return pkg::plan_emission(facts.data.entries, wanted, below);
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

std::vector<rootfs::Entry> entries_of(const Emission& emission, const PackageFacts& facts) { return pkg::entries_of(emission, facts.data.entries); }

}  // namespace resole::deb
