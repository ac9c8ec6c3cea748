// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/follow.hpp"

#include "base/error.hpp"

namespace resole::deb {

rootfs::Resolved follow(const rootfs::Tree& tree, std::string_view path) {
  try {
    return tree.resolve(path, true);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::input) throw;
    return {};
  }
}

}  // namespace resole::deb
