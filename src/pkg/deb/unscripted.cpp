// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/unscripted.hpp"

#include <algorithm>

#include "pkg/deb/slices.hpp"
#include "pkg/deb/status.hpp"

namespace resole::deb {
namespace {

bool is_unscripted(const rootfs::Tree& tree, const pkg::Package& candidate) {
  if (!tree.resolve(kStatusPath, true).node) return true;
  if (!tree.resolve(kStatusDirectory, true).node && !tree.resolve(kSlicesPath, true).node) return false;
  const auto stanzas = read_status(tree);
  return std::ranges::any_of(stanzas, [&](const StatusStanza& stanza) { return !stanza.is_ordinary() && stanza.package.name == candidate.name; });
}

}  // namespace

std::optional<pkg::Verdict> unscripted_verdict(const rootfs::Tree& tree, const pkg::Package& candidate) {
  if (!is_unscripted(tree, candidate)) return std::nullopt;
  if (candidate.name == "ca-certificates" && !tree.resolve(kSlicesPath, true).node)
    return pkg::Verdict{pkg::VerdictKind::recipe, "no maintainer script ever ran in this image; its bundle is made again from the certificates", {"ca-certificates"}};
  return pkg::Verdict{pkg::VerdictKind::none, "no maintainer script ever ran in this image, which dpkg did not configure", {}};
}

}  // namespace resole::deb
