// SPDX-License-Identifier: Apache-2.0
// dpkg's and apt's files with the merged records: status, info/*, status.d, triggers, diversions, overrides, alternatives, marks; and the tables of accounts.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pkg/deb/merge_lines.hpp"
#include "pkg/deb/merge_records.hpp"
#include "rootfs/layer_draft.hpp"

namespace resole::deb {

// The stacked tree with what is written over it. Nothing is written that lies there already.
class MergeDraft {
 public:
  MergeDraft(const rootfs::Tree& stacked, std::int64_t epoch) : stacked_(stacked), epoch_(epoch) {}

  void write(std::string_view path, const std::string& content, const rootfs::Node* like);  // mode and owner as it has; nullptr: root's, 0644
  void take(const std::string& path, const rootfs::Tree& from);                             // as it is there, or not at all; its bytes must be at hand
  void put(tar::Header header) { draft_.put(std::move(header)); }
  void remove(std::string_view path);
  const rootfs::Tree& stacked() const { return stacked_; }
  rootfs::LayerDraft& draft() { return draft_; }
  std::int64_t epoch() const { return epoch_; }

 private:
  const rootfs::Tree& stacked_;
  std::int64_t epoch_;
  rootfs::LayerDraft draft_;
};

void write_merged_records(const ThreeSystems& systems, const MergedRecords& merged, MergeDraft& draft, std::vector<pkg::MergeConflict>& conflicts);
void merge_tables(const ThreeSystems& systems, MergeDraft& draft, std::vector<pkg::MergeConflict>& conflicts);

// One table at `path` in three trees, merged and written.
void merge_table(const ThreeSystems& systems, std::string_view path, const RecordForm& form, MergeDraft& draft, std::vector<pkg::MergeConflict>& conflicts);

}  // namespace resole::deb
