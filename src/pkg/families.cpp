// SPDX-License-Identifier: Apache-2.0
// The table of package families. A new one is a folder beside deb/ and a line here.
#include <fmt/format.h>

#include "base/error.hpp"
#include "pkg/apk/family.hpp"
#include "pkg/deb/family.hpp"
#include "pkg/family.hpp"

namespace resole::pkg {

bool Family::satisfies(std::string_view version, Operator op, std::string_view wanted) const {
  if (op == Operator::any) return true;
  const int order = compare(version, wanted);
  switch (op) {
    case Operator::less:
      return order < 0;
    case Operator::less_equal:
    case Operator::near_or_less:
      return order <= 0;
    case Operator::equal:
    case Operator::near:
      return order == 0;
    case Operator::greater_equal:
    case Operator::near_or_greater:
      return order >= 0;
    case Operator::greater:
      return order > 0;
    case Operator::any:
      break;
  }
  return true;
}

const std::vector<const Family*>& families() {
  static const deb::DebFamily deb;
  static const apk::ApkFamily apk;
  static const std::vector<const Family*> all = {&deb, &apk};
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
