// SPDX-License-Identifier: Apache-2.0
// dpkg-maintscript-helper(1) without running it: configuration files that a new version gives up or renames, links that become directories
// and the other way round. It acts before the new files are unpacked (preinst) and after (postinst).
//
//   rm_conffile C       C is the package's            unedited: C goes             edited: C becomes C.dpkg-bak
//   mv_conffile O N     O is the package's            unedited: O goes             edited: N becomes N.dpkg-new, O becomes N
//   symlink_to_dir L T  L is a link that leads to T   the link goes before the files come
//   dir_to_symlink D T  D is a directory, all of it the package's and none of it a conffile: D becomes a link to T
//
// All of them only when the installed version is not newer than the one that they name; without one, always.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/tar.hpp"
#include "pkg/action.hpp"
#include "pkg/package.hpp"
#include "rootfs/tree.hpp"

namespace resole::deb {

struct HelperCase {
  const rootfs::Tree& tree;
  const pkg::Package* installed;   // null: not there yet, then nothing is to be moved
  std::string_view fresh_md5sums;  // files of the new version
};

struct HelperPlan {
  bool acts = false;
  std::string problem;               // why it cannot be done without running: dpkg would fail, or bytes that are not at hand would move
  std::vector<std::string> removed;  // final paths that are gone before the files come
  std::vector<std::string> aside;    // final paths that exist only meanwhile: directories that hold them are not empty
  std::string emptied;               // final path of a directory that is empty while the files come; then `link` takes its place
  std::optional<tar::Header> link;
  struct Move {
    tar::Header header;  // where it goes, with the mode and owner that it had
    std::string content;
  };
  std::optional<Move> moved;              // an edited file
  std::vector<std::string> removed_late;  // final paths that go after the files came
  std::string displaced;                  // final path whose new file is put beside it, as .dpkg-new, for `moved`
};

// Is it one of the four?
bool is_helper(const pkg::Action& action);

// `action` is a helper.
HelperPlan plan_helper(const HelperCase& each, const pkg::Action& action);

// The tree as the files find it when the preinsts have run.
rootfs::Tree staged_tree(const rootfs::Tree& tree, const std::vector<HelperPlan>& plans);

}  // namespace resole::deb
