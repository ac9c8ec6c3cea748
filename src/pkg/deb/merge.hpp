// SPDX-License-Identifier: Apache-2.0
// Another base under an application's layers, where dpkg keeps the packages.
//
//   old base     curl 1        the application's layers hold whole files: their status names the packages of the old base,
//   new base     curl 2        while curl's files below are the new base's. So every record is decided anew, by whose files
//   application  curl 1, app   lie on top (merge_records), tables line by line (merge_lines), and what is made from other
//   merged       curl 2, app   files is made again (merge_derived). What both sides changed otherwise is a conflict (merge_files).
#pragma once
#include "pkg/family.hpp"

namespace resole::deb {

pkg::MergeResult merge(const pkg::MergeRequest& request);

}  // namespace resole::deb
