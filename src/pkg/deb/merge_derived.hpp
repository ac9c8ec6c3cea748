// SPDX-License-Identifier: Apache-2.0
// What is made from other files, made again for the merged tree: the linker's cache, the bundle of certificates.
#pragma once
#include "pkg/deb/merge_database.hpp"

namespace resole::deb {

void merge_ld_so_cache(const ThreeSystems& systems, std::string_view arch, MergeDraft& draft);
std::vector<std::string> merge_certificates(const ThreeSystems& systems, MergeDraft& draft, std::vector<pkg::MergeConflict>& conflicts);

}  // namespace resole::deb
