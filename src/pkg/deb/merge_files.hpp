// SPDX-License-Identifier: Apache-2.0
// Every path that the application's layers hold, judged beside both bases: what the new base changed below them must not be hidden in silence.
#pragma once
#include "pkg/deb/merge_database.hpp"

namespace resole::deb {

// Directories that the layers repeat as the old base had them become the new base's. Files that both sides changed are conflicts, but for those that the merge
// makes itself, that a merged record accounts for, and that nobody reads again (logs, caches).
void merge_files(const ThreeSystems& systems, const MergedRecords& records, MergeDraft& draft, std::vector<pkg::MergeConflict>& conflicts, std::vector<std::string>& notes);

}  // namespace resole::deb
