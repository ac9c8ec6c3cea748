// SPDX-License-Identifier: Apache-2.0
// What is done in place of a maintainer script: a built-in action with its arguments, written as a line of words as a shell would read them
// ("link /usr/lib/ssl /etc/ssl"). Recipes name actions, known snippets of scripts come to actions, plans show them (docs/recipes.md lists
// them).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace resole::pkg {

enum class ActionKind : std::uint8_t {
  noop,             //
  ca_certificates,  //
  ld_so_cache,      //
  bytecode,         // "python-bytecode": what no longer fits its source goes
  rm_conffile,      // PATH [VERSION]
  mv_conffile,      // OLD NEW [VERSION]
  symlink_to_dir,   // PATH TARGET [VERSION]
  dir_to_symlink,   // PATH TARGET [VERSION]
  alternative,      // LINK NAME PATH PRIORITY [--slave LINK NAME PATH]...
  directory,        // PATH [MODE [USER GROUP]], when nothing is there
  empty_file,       // PATH, when nothing is there
  link,             // PATH TARGET, when nothing is there
  copy,             // FROM TO, when nothing is there; FROM is a file of the package
  remove,           // PATH
  owner,            // PATH USER [GROUP], of a file or directory that is there
  tmpfiles,         // NAME.conf...
  ucf,              // FROM TO: TO is made again from a file of the package, when nobody edited it
  sysusers,         // NAME.conf..., when it makes nobody: all are there
  adduser,          // NAME [GROUP], when he is there, and in the group
  addgroup,         // NAME, when it is there
  deluser,          // NAME [GROUP], when he is not there, or not in the group
  delgroup,         // NAME, when it is not there
  busybox_applets,  // "busybox-applets": links to busybox for the applets that it has now, none for those that it has not
};

struct Action {
  ActionKind kind = ActionKind::noop;
  std::vector<std::string> arguments;
  std::string text() const;
  bool operator==(const Action&) const = default;
};

// Error(input), without a place: no such action, too many or too few arguments, a path that is not absolute and clean, a version or a
// number that is none.
Action parse_action(std::string_view text);
// The same of arguments that are words already. `kind` decides what they must be.
Action make_action(ActionKind kind, std::vector<std::string> arguments);

std::string_view action_name(ActionKind kind);

}  // namespace resole::pkg
