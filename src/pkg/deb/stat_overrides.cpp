// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/stat_overrides.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::deb {
namespace {

constexpr std::string_view kPath = "var/lib/dpkg/statoverride";

[[noreturn]] void refuse(std::size_t line, const std::string& problem) {
  throw Error(ErrorKind::input, fmt::format("{}, line {}: {}", kPath, line, problem),
              "dpkg-statoverride --list in the image shows the table");
}

// "#33" is a number, everything else a name (dpkg src/main/statcmd.c, statdb_parse_uid).
std::uint32_t parse_id(std::string_view text, std::optional<std::uint32_t> known, std::size_t line) {
  if (text.starts_with('#')) {
    const auto number = parse_unsigned(text.substr(1));
    if (!number || *number > UINT32_MAX) refuse(line, fmt::format("\"{}\" is no number", printable(text)));
    return static_cast<std::uint32_t>(*number);
  }
  if (!known) refuse(line, fmt::format("\"{}\" is not in the image's passwd or group", printable(text)));
  return *known;
}

}  // namespace

StatOverrides StatOverrides::parse(std::string_view text, const pkg::Owners& owners) {
  StatOverrides overrides;
  std::size_t number = 0;
  for (const std::string_view line : lines(text)) {
    ++number;
    if (line.empty()) continue;
    // The path is the rest of the line: it may hold blanks.
    const auto fields = split(line, ' ');
    if (fields.size() < 4) refuse(number, "it has not four fields");
    const auto mode = parse_octal(fields[2]);
    if (!mode || *mode > 07777) refuse(number, fmt::format("\"{}\" is no mode", printable(fields[2])));
    const std::size_t path_at = fields[0].size() + fields[1].size() + fields[2].size() + 3;
    overrides.by_path_[std::string(line.substr(path_at))] = {
        parse_id(fields[0], owners.find_user(fields[0]), number),
        parse_id(fields[1], owners.find_group(fields[1]), number),
        static_cast<std::uint32_t>(*mode),
    };
  }
  return overrides;
}

StatOverrides StatOverrides::read(const rootfs::Tree& tree, const pkg::Owners& owners) {
  return parse(tree.content(kPath).value_or(""), owners);
}

const StatOverride* StatOverrides::find(std::string_view path) const {
  const auto found = by_path_.find(path);
  return found == by_path_.end() ? nullptr : &found->second;
}

}  // namespace resole::deb
