// SPDX-License-Identifier: Apache-2.0
// The table of package families. A new one is a folder beside deb/ and a line here.
#include <fmt/format.h>

#include "base/error.hpp"
#include "pkg/deb/family.hpp"
#include "pkg/family.hpp"

namespace resole::pkg {

const std::vector<const Family*>& families() {
  static const deb::DebFamily deb;
  static const std::vector<const Family*> all = {&deb};
  return all;
}

MergeResult Family::merge(const MergeRequest& /*request*/) const {
  throw Error(ErrorKind::unsupported, fmt::format("package databases of the family {} cannot be merged with those of another base", name()), "use --strategy append");
}

const Family* detect_family(const rootfs::Tree& tree) {
  for (const Family* family : families()) {
    if (family->detect(tree)) return family;
  }
  return nullptr;
}

}  // namespace resole::pkg
