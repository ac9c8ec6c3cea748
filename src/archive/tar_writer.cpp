// SPDX-License-Identifier: Apache-2.0
// The one form we publish. ustar says most things; a PAX header precedes a member only for what ustar cannot say, and then says only that.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "archive/tar.hpp"
#include "archive/tar_format.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::tar {

namespace {

constexpr std::uint64_t kMostSize = 077777777777, kMostId = 07777777;  // eleven and seven octal digits

char type_flag(Type type) {
  switch (type) {
    case Type::file:
      return '0';
    case Type::hardlink:
      return '1';
    case Type::symlink:
      return '2';
    case Type::character:
      return '3';
    case Type::block:
      return '4';
    case Type::directory:
      return '5';
    case Type::fifo:
      return '6';
  }
  return '0';
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

struct SplitName {
  std::string prefix, name;
};

// ustar joins prefix and name by a slash; nothing when no slash is in the right place.
std::optional<SplitName> split_name(const std::string& path) {
  if (!is_ascii(path)) return std::nullopt;
  if (path.size() <= kName.size) return SplitName{"", path};
  if (path.size() > kPrefix.size + 1 + kName.size) return std::nullopt;
  const std::size_t slash = path.find('/', path.size() - kName.size - 1);
  if (slash == std::string::npos || slash == 0 || slash > kPrefix.size || slash + 1 == path.size()) return std::nullopt;
  return SplitName{path.substr(0, slash), path.substr(slash + 1)};
}

void put(std::string& block, Field field, std::string_view text) {
  block.replace(field.offset, std::min(text.size(), field.size), text.substr(0, field.size));
}

void put_octal(std::string& block, Field field, std::uint64_t value) { put(block, field, fmt::format("{:0{}o}", value, field.size - 1)); }

std::string header_block(const Header& header, const SplitName& name, std::string_view link, std::uint64_t size, std::int64_t mtime,
                         char type) {
  std::string block(kBlock, '\0');
  put(block, kName, name.name);
  put(block, kPrefix, name.prefix);
  put(block, kLink, link);
  put_octal(block, kMode, header.mode & 07777);
  put_octal(block, kUid, header.uid > kMostId ? 0 : header.uid);
  put_octal(block, kGid, header.gid > kMostId ? 0 : header.gid);
  put_octal(block, kSize, size > kMostSize ? 0 : size);
  put_octal(block, kMtime, static_cast<std::uint64_t>(mtime));
  put_octal(block, kMajor, header.major);
  put_octal(block, kMinor, header.minor);
  block[kType.offset] = type;
  put(block, kMagic, std::string_view("ustar\00000", 8));
  put(block, kChecksum, fmt::format("{:06o}", checksum(block)) + std::string("\0 ", 2));
  return block;
}

// What the header block holds for programs that do not read PAX: the name as far as it goes, without what is not ASCII.
SplitName shortened(std::string_view path) {
  SplitName out;
  for (char c : path) {
    if (static_cast<unsigned char>(c) < 0x80 && out.name.size() < kName.size) out.name += c;
  }
  return out;
}

void check(const Header& header, const std::string& path) {
  const bool device = header.type == Type::character || header.type == Type::block;
  const auto refuse = [&](std::string_view reason) {
    throw Error(ErrorKind::internal, fmt::format("cannot write \"{}\" to a tar: {}", printable(path), reason));
  };
  if (header.path.empty() && header.type != Type::directory) refuse("it has no name");
  if (path.find('\0') != std::string::npos || header.link.find('\0') != std::string::npos) refuse("NUL in a name");
  if (header.path.starts_with('/') || header.path.starts_with("./") || header.path.ends_with('/')) refuse("the path is not clean");
  if (header.type != Type::file && header.size != 0) refuse("only files have content");
  if (device && (header.major > kMostId || header.minor > kMostId)) refuse("device number too large");
  for (const auto& [name, value] : header.xattrs) {
    if (name.empty() || name.find_first_of(std::string_view("=\0", 2)) != std::string::npos)
      refuse("an extended attribute with an impossible name");
  }
}

}  // namespace

void Writer::begin(const Header& original) {
  Header header = original;
  if (header.type != Type::character && header.type != Type::block) header.major = header.minor = 0;
  const bool links = header.type == Type::symlink || header.type == Type::hardlink;
  std::string path = header.path;
  if (header.type == Type::directory) path += path.empty() ? "./" : "/";
  check(header, path);

  PaxRecords pax;
  const auto name = split_name(path);
  if (!name) pax["path"] = path;
  std::string link = links ? header.link : std::string();
  if (!is_ascii(link) || link.size() > kLink.size) {
    pax["linkpath"] = link;
    link = shortened(link).name;
  }
  if (header.size > kMostSize) pax["size"] = std::to_string(header.size);
  if (header.uid > kMostId) pax["uid"] = std::to_string(header.uid);
  if (header.gid > kMostId) pax["gid"] = std::to_string(header.gid);
  std::int64_t mtime = header.mtime;
  if (mtime < 0 || static_cast<std::uint64_t>(mtime) > kMostSize) {
    pax["mtime"] = std::to_string(mtime);
    mtime = 0;
  }
  for (const auto& [key, value] : header.xattrs) pax["SCHILY.xattr." + key] = value;

  if (!pax.empty()) {
    std::string records;
    for (const auto& [key, value] : pax) records += pax_record(key, value);
    Header extended;
    extended.mode = 0644;
    sink_.write(header_block(extended, {"", "PaxHeader"}, "", records.size(), 0, 'x'));
    records.append(padding_of(records.size()), '\0');
    sink_.write(records);
  }
  sink_.write(header_block(header, name ? *name : shortened(path), link, header.size, mtime, type_flag(header.type)));
  size_ = left_ = header.size;
}

void Writer::write(std::string_view content) {
  if (content.size() > left_) throw Error(ErrorKind::internal, "more content was written to a tar member than its header says");
  sink_.write(content);
  left_ -= content.size();
}

void Writer::end() {
  if (left_ != 0) throw Error(ErrorKind::internal, "less content was written to a tar member than its header says");
  static constexpr char kPadding[kBlock] = {};
  if (const std::uint64_t count = padding_of(size_); count > 0) sink_.write({kPadding, count});
  size_ = 0;
}

void Writer::add(const Header& header, std::string_view content) {
  begin(header);
  write(content);
  end();
}

void Writer::add(const Header& header, Source& content) {
  begin(header);
  std::string buffer(256u << 10, '\0');
  while (const std::size_t count = content.read(buffer.data(), buffer.size())) write(std::string_view(buffer).substr(0, count));
  end();
}

void Writer::finish() { sink_.write(std::string(2 * kBlock, '\0')); }

}  // namespace resole::tar
