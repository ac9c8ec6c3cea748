// SPDX-License-Identifier: Apache-2.0
// Defaults that a postinst hands to ucf(1), as debhelper hands conffiles to dpkg: the file below /usr/share is the package's, the one below /etc is made
// from it, and again when a new version brings another default and nobody edited the old one. So a postinst that has not changed does something all the same.
//
// /var/lib/ucf/hashfile says which default each file below /etc was last made from ("MD5  PATH" a line). The default may be another package's: php8.2-cli
// makes /etc/php/8.2/cli/php.ini of a file of php8.2-common.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pkg/action.hpp"
#include "pkg/deb/tree_edit.hpp"
#include "pkg/deb/watched_paths.hpp"
#include "rootfs/tree.hpp"

namespace resole::deb {

// What a script says in plain words: `ucf [OPTION]... FROM TO`, with variables that it sets once and to a word. (FROM, TO), in the order of the script.
std::vector<std::pair<std::string, std::string>> ucf_calls(std::string_view script);

struct DefaultsCase {
  const rootfs::Tree& tree;
  std::string_view postinst;           // of the new version
  const PayloadChange& change;
  std::string_view installed_md5sums;  // of the package
};

struct DefaultsFinding {
  std::string problem;               // why the postinst has to run; "" when it has not
  std::vector<pkg::Action> actions;  // "ucf FROM TO" of files that nobody edited
};
// Nothing when no default that the postinst names changes, nor one that the installed postinst of any package names, or the image has nothing that ucf made.
DefaultsFinding judge_defaults(const DefaultsCase& each);

// ucf FROM TO where TO is as ucf left it: the file, its line in the hashfile, ucf's copy for the next merge. `content`: of FROM.
void renew_default(const std::string& to, const std::string& content, TreeEdit& edit);

}  // namespace resole::deb
