// SPDX-License-Identifier: Apache-2.0
// Users and groups that scripts make (adduser, systemd-sysusers) or take away (deluser): on an upgrade they are as the script wants them, as a rule, since
// the first installation made them, and then nothing is to be done. To make one needs /etc/shadow, which holds secrets and is never kept (rootfs/capture):
// such a package asks for its scripts to run.
#pragma once
#include <string>
#include <string_view>

#include "pkg/action.hpp"
#include "rootfs/tree.hpp"

namespace resole::deb {

// Why a file of sysusers.d(5) would change users or groups of the image: "group foo would have to be made"; "" when it leaves them as they are.
std::string unmet_sysusers(const rootfs::Tree& tree, std::string_view text);

// Why an action cannot be done without running a script; "" when it can. adduser, addgroup, deluser and delgroup: somebody is not there, or there, who should
// (not) be. owner: nobody has that name, or the file would have to be written again and its bytes are not at hand.
std::string unmet_account(const rootfs::Tree& tree, const pkg::Action& action);

}  // namespace resole::deb
