// SPDX-License-Identifier: Apache-2.0
// Which maintainer scripts dpkg would run for these items, with what, and in which order (Debian policy 6.5, dpkg src/main/unpack.c and configure.c):
//
//   before the files are there    old prerm upgrade NEW (or new prerm failed-upgrade OLD NEW), new preinst upgrade OLD NEW
//   when they are                 old postrm upgrade NEW (or new postrm failed-upgrade OLD NEW), new postinst configure OLD
//   then                          postinst triggered "NAMES" of whoever is interested in what these packages and scripts set off
//
// Where this differs from dpkg, which does one package after another: the scripts of the first line see the image as it was given, whatever else is upgraded
// with them; those of the second see everything unpacked, obsolete files gone, the new database, and all packages `installed`.
#pragma once
#include <memory>

#include "pkg/family.hpp"
#include "pkg/script_order.hpp"

namespace resole::deb {

// Of the items with run_scripts. `request` must outlive it.
std::unique_ptr<pkg::ScriptOrder> script_order(const pkg::UpgradeRequest& request);

}  // namespace resole::deb
