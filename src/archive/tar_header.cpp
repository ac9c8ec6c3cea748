// SPDX-License-Identifier: Apache-2.0
#include "archive/tar_header.hpp"

#include <algorithm>

namespace resole::tar {

namespace {

constexpr std::string_view kXattr = "SCHILY.xattr.";

std::string full_name(const RawHeader& raw) {
  std::string name(raw.text(kName));
  const Flavour flavour = raw.flavour();
  if (flavour != Flavour::ustar && flavour != Flavour::star) return name;
  const std::string_view prefix = raw.text({kPrefix.offset, flavour == Flavour::star ? 131 : kPrefix.size});
  return prefix.empty() ? name : fmt::format("{}/{}", prefix, name);
}

// "1700000000.123", "-1.5": whole seconds, rounded down as timespec has it.
std::optional<std::int64_t> pax_time(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const std::size_t point = std::min(text.find('.'), text.size());
  const auto whole = parse_unsigned(text.substr(0, point));
  const std::string_view fraction = text.substr(std::min(point + 1, text.size()));
  if (!whole || *whole > (1ull << 62) || fraction.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  if (!negative) return static_cast<std::int64_t>(*whole);
  return -static_cast<std::int64_t>(*whole) - (fraction.find_first_not_of('0') == std::string_view::npos ? 0 : 1);
}

// Records that say nothing about the member's content or identity, or say it a second time.
bool is_noise(std::string_view key) {
  return key == "atime" || key == "ctime" || key == "comment" || key == "charset" || key == "hdrcharset" ||
         key.starts_with("LIBARCHIVE.") || key.starts_with("GNU.sparse.") || key == "SCHILY.dev" || key == "SCHILY.ino" ||
         key == "SCHILY.nlink";
}

void take_text(std::string& out, std::string_view key, const std::string& value, std::uint64_t offset) {
  if (value.find('\0') != std::string::npos) throw_bad(offset, fmt::format("a PAX record with a NUL in its {}", key));
  out = value;
}

void apply_record(Header& header, const std::string& key, const std::string& value, std::uint64_t offset) {
  if (key.starts_with(kXattr)) {
    if (key.size() > kXattr.size()) header.xattrs[key.substr(kXattr.size())] = value;
  } else if (value.empty()) {
    return;  // undoes the record of a global header; the header block stands
  } else if (key == "path") {
    take_text(header.path, key, value, offset);
  } else if (key == "linkpath") {
    take_text(header.link, key, value, offset);
  } else if (key == "uname") {
    take_text(header.user, key, value, offset);
  } else if (key == "gname") {
    take_text(header.group, key, value, offset);
  } else if (key == "size") {
    take_number(header.size, key, value, offset);
  } else if (key == "uid") {
    take_number(header.uid, key, value, offset);
  } else if (key == "gid") {
    take_number(header.gid, key, value, offset);
  } else if (key == "mtime") {
    const auto seconds = pax_time(value);
    if (!seconds) throw_bad(offset, "a PAX record with an impossible mtime");
    header.mtime = *seconds;
  } else if (!is_noise(key)) {
    header.pax[key] = value;
  }
}

}  // namespace

std::optional<Type> type_of(char flag) {
  switch (flag) {
    case '0':
    case '\0':
    case '7':
    case 'S':
      return Type::file;
    case '1':
      return Type::hardlink;
    case '2':
      return Type::symlink;
    case '3':
      return Type::character;
    case '4':
      return Type::block;
    case '5':
    case 'D':
      return Type::directory;  // D: GNU incremental dump, a directory with a list of names behind it
    case '6':
      return Type::fifo;
    default:
      return std::nullopt;
  }
}

std::int64_t number(const RawHeader& raw, Field field, std::int64_t least, std::int64_t most, std::string_view name, std::uint64_t offset) {
  const auto value = raw.number(field);
  if (!value || *value < least || *value > most) throw_bad(offset, fmt::format("a header with an impossible {}", name));
  return *value;
}

void fill_from_block(Header& header, const RawHeader& raw, std::uint64_t at) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max(), kMostId = std::numeric_limits<std::uint32_t>::max();
  header.path = full_name(raw);
  header.link = raw.text(kLink);
  header.mode = static_cast<std::uint32_t>(number(raw, kMode, 0, kMost, "mode", at)) & 07777;
  header.uid = static_cast<std::uint32_t>(number(raw, kUid, 0, kMostId, "uid", at));
  header.gid = static_cast<std::uint32_t>(number(raw, kGid, 0, kMostId, "gid", at));
  header.size = static_cast<std::uint64_t>(number(raw, kSize, 0, kMost, "size", at));
  header.mtime = number(raw, kMtime, std::numeric_limits<std::int64_t>::min(), kMost, "mtime", at);
  header.user.clear();
  header.group.clear();
  header.major = header.minor = 0;
  if (raw.flavour() == Flavour::v7) return;
  header.user = raw.text(kUser);
  header.group = raw.text(kGroup);
  if (header.type == Type::character || header.type == Type::block) {
    header.major = static_cast<std::uint32_t>(number(raw, kMajor, 0, kMostId, "device number", at));
    header.minor = static_cast<std::uint32_t>(number(raw, kMinor, 0, kMostId, "device number", at));
  }
}

void apply_pax(Header& header, const PaxRecords& records, std::uint64_t offset) {
  for (const auto& [key, value] : records) apply_record(header, key, value, offset);
  const auto name = records.find("GNU.sparse.name");  // `path` holds a made-up name for programs that do not know sparse files
  if (name != records.end()) take_text(header.path, name->first, name->second, offset);
}

}  // namespace resole::tar
