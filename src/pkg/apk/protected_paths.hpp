// SPDX-License-Identifier: Apache-2.0
// Directories in which apk does not overwrite what people changed: "+etc", "@etc/init.d", "!etc/apk", and what etc/apk/protected_paths.d/*.list says; "-"
// takes the protection off. Patterns match directories, and count for everything below until another matches (apk-tools src/database.c,
// apk_db_dir_get()).
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "rootfs/tree.hpp"

namespace resole::apk {

class ProtectedPaths {
 public:
  static ProtectedPaths read(const rootfs::Tree& tree);
  void add(std::string_view lines_of_a_file);
  bool covers(std::string_view directory) const;

 private:
  struct Pattern {
    std::vector<std::string> parts;
    bool on = true;
  };
  std::vector<Pattern> patterns_;
};

// fnmatch(3) with FNM_PATHNAME, part by part: '*' matches no '/'.
bool path_match(std::string_view pattern, std::string_view path);

}  // namespace resole::apk
