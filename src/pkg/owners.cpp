// SPDX-License-Identifier: Apache-2.0
#include "pkg/owners.hpp"

#include "base/text.hpp"

namespace resole::pkg {
namespace {

// passwd(5) "name:password:uid:..." and group(5) "name:password:gid:..." agree in what is read here. The first line of a name counts.
std::map<std::string, std::uint32_t, std::less<>> parse_ids(std::string_view text) {
  std::map<std::string, std::uint32_t, std::less<>> ids;
  for (const std::string_view line : lines(text)) {
    const auto fields = split(line, ':');
    if (fields.size() < 3 || fields[0].empty()) continue;
    const auto id = parse_unsigned(fields[2]);
    if (id && *id <= UINT32_MAX) ids.emplace(fields[0], static_cast<std::uint32_t>(*id));
  }
  return ids;
}

}  // namespace

Owners Owners::parse(std::string_view passwd, std::string_view group) {
  Owners owners;
  owners.users_ = parse_ids(passwd);
  owners.groups_ = parse_ids(group);
  return owners;
}

Owners Owners::read(const rootfs::Tree& tree) {
  return parse(tree.content("etc/passwd").value_or(""), tree.content("etc/group").value_or(""));
}

std::optional<std::uint32_t> Owners::find_user(std::string_view name) const {
  const auto found = users_.find(name);
  return found == users_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::uint32_t> Owners::find_group(std::string_view name) const {
  const auto found = groups_.find(name);
  return found == groups_.end() ? std::nullopt : std::optional(found->second);
}

std::uint32_t Owners::user(std::string_view name, std::uint32_t fallback) const { return find_user(name).value_or(fallback); }
std::uint32_t Owners::group(std::string_view name, std::uint32_t fallback) const { return find_group(name).value_or(fallback); }

}  // namespace resole::pkg
