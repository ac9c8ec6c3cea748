// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/diversions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "archive/tar.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "rootfs/path.hpp"

namespace resole::deb {
namespace {

// Where a file can go: below the root, by names that mean nothing else in a layer.
bool is_place(std::string_view path) {
  const std::string cleaned = tar::clean_path(path);
  if (!path.starts_with('/') || cleaned.empty() || cleaned.find('\0') != std::string::npos) return false;
  return std::ranges::none_of(split(cleaned, '/'), [](std::string_view part) { return part.starts_with(rootfs::kWhiteoutPrefix); });
}

}  // namespace

Diversions Diversions::parse(std::string_view text, std::string_view what) {
  const auto all = lines(text);
  const auto refuse = [&](const std::string& problem) {
    throw Error(ErrorKind::input, fmt::format("{}{}", printable(what), problem),
                "dpkg refuses this table too; dpkg-divert --list in the image shows it, and it has to be repaired there");
  };
  if (all.size() % 3 != 0) refuse(fmt::format(": {} lines are no triples", all.size()));
  Diversions diversions;
  std::set<std::string_view> involved;  // a path is in one diversion only, on one side (dpkg lib/dpkg/db-fsys-divert.c)
  for (std::size_t i = 0; i < all.size(); i += 3) {
    if (!all[i].starts_with('/') || !is_place(all[i + 1]) || all[i + 2].empty()) refuse(fmt::format(", line {}: a broken diversion", i + 1));
    for (const std::string_view path : {all[i], all[i + 1]}) {
      if (!involved.insert(path).second) refuse(fmt::format(", line {}: conflicting diversions of {}", i + 1, printable(path)));
    }
    diversions.by_path_[std::string(all[i])] = {std::string(all[i + 1]), std::string(all[i + 2])};
  }
  return diversions;
}

Diversions Diversions::read(const rootfs::Tree& tree) {
  constexpr std::string_view path = "var/lib/dpkg/diversions";
  const auto content = tree.content(path);
  return content ? parse(*content, path) : Diversions();
}

std::string_view Diversions::redirect(std::string_view path, std::string_view package) const {
  const auto found = by_path_.find(path);
  return found == by_path_.end() || found->second.package == package ? path : std::string_view(found->second.to);
}

std::string Diversions::text() const {
  std::string text;
  for (const auto& [path, diversion] : by_path_) text += fmt::format("{}\n{}\n{}\n", path, diversion.to, diversion.package);
  return text;
}

}  // namespace resole::deb
