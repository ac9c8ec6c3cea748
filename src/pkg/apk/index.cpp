// SPDX-License-Identifier: Apache-2.0
#include "pkg/apk/index.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "archive/compression.hpp"
#include "archive/tar.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::apk {

namespace {

constexpr std::uint64_t kIndexText = 512ull << 20, kDescription = 64u << 10;
constexpr std::size_t kMostPackages = 2'000'000;

bool is_digit_char(char c) { return c >= '0' && c <= '9'; }

// One package that cannot be read must not take the repository away: apk passes over what it does not understand, too.
bool add_stanza(std::string_view stanza, Index& index, std::string_view what) {
  Description description;
  try {
    for (const std::string_view line : lines(stanza)) {
      const FieldLine field = split_field(line, what);
      const bool known = read_field(description, field.letter, field.value, what);
      if (!known && !(field.letter >= 'a' && field.letter <= 'z')) return false;  // lower case may be ignored (apk-tools src/package.c)
    }
    require_complete(description, what);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::input) throw;
    return false;
  }
  index.packages.push_back(std::move(description));
  return true;
}

void read_stanzas(std::string_view text, Index& index, std::string_view what) {
  while (!text.empty()) {
    const std::size_t end = text.find("\n\n");
    const std::string_view stanza = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 2);
    if (trim(stanza).empty()) continue;
    if (index.packages.size() == kMostPackages) throw Error(ErrorKind::input, fmt::format("{}: more than {} packages", printable(what), kMostPackages));
    if (!add_stanza(stanza, index, what)) ++index.unreadable;
  }
  std::ranges::stable_sort(index.packages, {}, &Description::name);
}

}  // namespace

Index parse_index(std::string_view signed_bytes, std::string_view what) {
  return with_context([&] { return fmt::format("reading {}", printable(what)); }, [&] {
    Index index;
    const auto source = archive::decompress(Blob({}, signed_bytes), {.output = kIndexText});
    tar::Reader reader(*source);
    tar::Header header;
    bool found = false;
    while (reader.next(header)) {
      if (header.path == "DESCRIPTION") index.description = reader.read_content(kDescription);
      if (header.path != "APKINDEX") continue;
      if (found) throw Error(ErrorKind::input, "it has two APKINDEX");
      found = true;
      index.date = header.mtime;
      read_stanzas(reader.read_content(kIndexText), index, what);
    }
    reader.drain();
    if (!found) throw Error(ErrorKind::input, "it has no APKINDEX");
    return index;
  });
}

std::string branch_of(std::string_view description) {
  const std::size_t blank = description.find_last_of(' ');  // "main v3.20.3-1-gabc": some put the repository's name before it
  std::string_view version = blank == std::string_view::npos ? description : description.substr(blank + 1);
  if (!version.starts_with('v')) return {};
  version.remove_prefix(1);
  const std::string_view major = version.substr(0, static_cast<std::size_t>(std::ranges::find_if_not(version, is_digit_char) - version.begin()));
  std::string_view rest = version.substr(major.size());
  if (major.size() == 8) return "edge";  // a snapshot, named by its day
  if (major.empty() || !rest.starts_with('.')) return {};
  rest.remove_prefix(1);
  const std::string_view minor = rest.substr(0, static_cast<std::size_t>(std::ranges::find_if_not(rest, is_digit_char) - rest.begin()));
  if (minor.empty()) return {};
  if (rest.substr(0, rest.find('-')).find("_alpha") != std::string_view::npos) return "edge";
  return fmt::format("{}.{}", major, minor);
}

std::string branch_of_system(const pkg::OsRelease& os) {
  const auto parts = split(os.version_id, '.');
  if (parts.size() < 2) return {};
  if (os.version_id.find("_alpha") != std::string::npos) return "edge";
  return fmt::format("{}.{}", parts[0], parts[1].substr(0, static_cast<std::size_t>(std::ranges::find_if_not(parts[1], is_digit_char) - parts[1].begin())));
}

}  // namespace resole::apk
