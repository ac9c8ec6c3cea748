// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/shipped_defaults.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "pkg/deb/follow.hpp"
#include "pkg/deb/metadata.hpp"

namespace resole::deb {
namespace {

constexpr std::string_view kHashes = "var/lib/ucf/hashfile", kShareDirectory = "/usr/share/";
constexpr std::array<std::string_view, 6> kNeverDefaults = {"bug/", "doc/", "info/", "lintian/", "locale/", "man/"};

bool hands_to_ucf(std::string_view postinst) {
  return std::ranges::any_of(lines(postinst), [](std::string_view line) {
    const auto words = split_words(line);
    const auto has = [&](std::string_view word) { return std::ranges::find(words, word) != words.end(); };
    return !words.empty() && !words[0].starts_with('#') && has("ucf") && !has("--purge");
  });
}

// By its name, or by a directory of the package and a variable: "/usr/share/dovecot/$conffile".
bool names_default(std::string_view postinst, std::string_view path) {
  if (names_file(postinst, path)) return true;
  for (std::size_t slash = path.rfind('/'); slash > kShareDirectory.size(); slash = path.rfind('/', slash - 1)) {
    const std::string_view directory = path.substr(0, slash);
    if (postinst.find(fmt::format("{}/$", directory)) != std::string_view::npos || names_file(postinst, directory)) return true;
  }
  return false;
}

bool may_be_default(std::string_view path) {
  if (!path.starts_with(kShareDirectory)) return false;
  path.remove_prefix(kShareDirectory.size());
  return std::ranges::none_of(kNeverDefaults, [&](std::string_view directory) { return path.starts_with(directory); });
}

}  // namespace

std::string changed_default(const rootfs::Tree& tree, std::string_view postinst, const PayloadChange& change) {
  if (!hands_to_ucf(postinst) || !follow(tree, kHashes).node) return {};
  for (const auto* paths : {&change.changed, &change.named}) {
    for (const std::string& path : *paths) {
      if (may_be_default(path) && names_default(postinst, path))
        return fmt::format("{} {}, from which postinst makes a configuration file (ucf)", printable(path), paths == &change.named ? "comes or goes" : "changes");
    }
  }
  return {};
}

}  // namespace resole::deb
