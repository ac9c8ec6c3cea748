// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/merge.hpp"

#include "base/error.hpp"
#include "pkg/deb/merge_derived.hpp"
#include "pkg/deb/merge_files.hpp"

namespace resole::deb {

pkg::MergeResult merge(const pkg::MergeRequest& request) {
  const auto read = [](const rootfs::Tree& tree, const char* whose) {
    return with_context([&] { return std::string("package database of the ") + whose; }, [&] { return InstalledSystem::read(tree); });
  };
  const ThreeSystems systems{read(request.old_base, "old base"), read(request.new_base, "new base"), read(request.application, "image"), request.stacked};
  pkg::MergeResult result;
  MergeDraft draft(request.stacked, request.epoch);
  MergedRecords records = merge_records(systems);
  result.conflicts = records.conflicts;
  result.notes = records.notes;
  write_merged_records(systems, records, draft, result.conflicts);
  merge_tables(systems, draft, result.conflicts);
  for (std::string& note : merge_certificates(systems, draft, result.conflicts)) result.notes.push_back(std::move(note));
  merge_files(systems, records, draft, result.conflicts, result.notes);
  merge_ld_so_cache(systems, request.arch, draft);
  result.draft = std::move(draft.draft());
  return result;
}

}  // namespace resole::deb
