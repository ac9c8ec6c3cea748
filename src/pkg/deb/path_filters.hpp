// SPDX-License-Identifier: Apache-2.0
// dpkg's --path-exclude and --path-include, as slim images carry them in etc/dpkg/dpkg.cfg(.d): what is not unpacked although the package
// has it.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "archive/tar.hpp"
#include "rootfs/tree.hpp"

namespace resole::deb {

class PathFilters {
 public:
  static PathFilters read(const rootfs::Tree& tree);
  // (file name for messages, content), in the order in which dpkg reads them.
  static PathFilters parse(const std::vector<std::pair<std::string, std::string>>& files);

  bool empty() const { return filters_.empty(); }
  // `path` is absolute as in info/*.list ("/usr/share/doc/curl"). The last match wins; a directory or symlink that an include pattern may
  // need below stays.
  bool excludes(std::string_view path, tar::Type type) const;
  std::string text() const;  // "-/usr/share/doc/*\n+/usr/share/doc/*/copyright\n": for fingerprints

 private:
  struct Filter {
    std::string pattern;
    bool include;
    std::size_t literal;  // length of the part before the first wildcard, without trailing '/'
  };
  std::vector<Filter> filters_;
};

}  // namespace resole::deb
