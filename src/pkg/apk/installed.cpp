// SPDX-License-Identifier: Apache-2.0
#include "pkg/apk/installed.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "archive/tar.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "rootfs/path.hpp"

namespace resole::apk {

namespace {

constexpr std::size_t kMostStanzas = 100000, kMostFiles = 5'000'000;
constexpr std::string_view kInstalled = "installed";
constexpr AclFields kUsualDirectory{0, 0, 0755}, kUsualFile{0, 0, 0644};

AclFields parse_acl(std::string_view text, const AclFields& usual) {
  if (text.empty()) return usual;
  const auto parts = split(text, ':');
  if (parts.size() < 3) return usual;
  const auto uid = parse_unsigned(parts[0]), gid = parse_unsigned(parts[1]), mode = parse_octal(parts[2]);
  if (!uid || !gid || !mode || *uid > UINT32_MAX || *gid > UINT32_MAX || *mode > 07777) return usual;
  return {static_cast<std::uint32_t>(*uid), static_cast<std::uint32_t>(*gid), static_cast<std::uint32_t>(*mode)};
}

std::string place_of(std::string_view what, std::size_t line) { return fmt::format("{}, line {}", what, line); }

class InstalledParser {
 public:
  explicit InstalledParser(std::string_view what) : what_(what) {}

  std::vector<InstalledStanza> run(std::string_view text) {
    std::size_t begin = 0;
    while (begin < text.size()) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      ++line_;
      if (end == begin)
        finish(text, begin);
      else
        add(text.substr(begin, end - begin), begin);
      begin = end + 1;
    }
    finish(text, text.size());
    return std::move(stanzas_);
  }

 private:
  [[noreturn]] void refuse(std::string_view problem) const {
    throw Error(ErrorKind::input, fmt::format("{}: {}", printable(place_of(what_, line_)), problem), "the package database of the image is damaged");
  }

  void add(std::string_view line, std::size_t offset) {
    if (!open_) {
      open_ = true;
      begun_ = offset;
      header_end_ = std::string_view::npos;
      current_ = {};
    }
    const std::string where = place_of(what_, line_);
    const FieldLine field = split_field(line, where);
    switch (field.letter) {
      case 'F':
        if (header_end_ == std::string_view::npos) header_end_ = offset;
        add_directory(field.value);
        return;
      case 'M':
        if (current_.directories.empty()) refuse("M: without a directory");
        current_.directories.back().acl = field.value;
        return;
      case 'R':
        add_file(field.value);
        return;
      case 'a':
        file("a:").acl = field.value;
        return;
      case 'Z':
        raw_checksum(field.value, where);
        file("Z:").checksum = field.value;
        return;
      case 'r':
        current_.replaces = parse_wishes(field.value, where);
        return;
      case 'q':
        current_.replaces_priority = parse_unsigned(field.value).value_or(0);
        return;
      case 's':
        current_.tag = field.value;
        return;
      default:
        break;
    }
    if (!current_.directories.empty()) {
      auto& directory = current_.directories.back();
      (directory.files.empty() ? directory.unknown : directory.files.back().unknown).append(line).push_back('\n');
    } else {
      read_field(current_.description, field.letter, field.value, where);
    }
  }

  void add_directory(std::string_view path) {
    if (path != tar::clean_path(path) || !tar::is_safe_path(path)) refuse("a directory that is no path below the root");
    current_.directories.push_back({.path = std::string(path), .acl = {}, .files = {}});
  }

  void add_file(std::string_view name) {
    if (current_.directories.empty()) refuse("R: without a directory");
    if (name.empty() || name == "." || name == ".." || name.find('/') != std::string_view::npos || name.find('\0') != std::string_view::npos)
      refuse("a file that is no name");
    if (++files_ > kMostFiles) refuse("too many files");
    current_.directories.back().files.push_back({.name = std::string(name), .acl = {}, .checksum = {}});
  }

  InstalledFile& file(std::string_view line) {
    if (current_.directories.empty() || current_.directories.back().files.empty()) refuse(fmt::format("{} without a file", line));
    return current_.directories.back().files.back();
  }

  void finish(std::string_view text, std::size_t end) {
    if (!open_) return;
    open_ = false;
    require_complete(current_.description, place_of(what_, line_));
    if (!names_.insert(current_.description.name).second) refuse(fmt::format("{} is there twice", printable(current_.description.name, 80)));
    if (stanzas_.size() == kMostStanzas) refuse("too many packages");
    current_.raw = text.substr(begun_, end - begun_);
    if (!current_.raw.ends_with('\n')) current_.raw.push_back('\n');
    current_.header = current_.raw.substr(0, header_end_ == std::string_view::npos ? current_.raw.size() : header_end_ - begun_);
    stanzas_.push_back(std::move(current_));
  }

  std::string_view what_;
  std::size_t line_ = 0, begun_ = 0, header_end_ = 0, files_ = 0;
  bool open_ = false;
  InstalledStanza current_;
  std::set<std::string> names_;
  std::vector<InstalledStanza> stanzas_;
};

}  // namespace

AclFields acl_of_directory(const InstalledDirectory& directory) { return parse_acl(directory.acl, kUsualDirectory); }
AclFields acl_of_file(const InstalledFile& file) { return parse_acl(file.acl, kUsualFile); }

std::string acl_text(const AclFields& acl, const AclFields& usual) {
  if (acl.uid == usual.uid && acl.gid == usual.gid && acl.mode == usual.mode) return {};
  return fmt::format("{}:{}:{:o}", acl.uid, acl.gid, acl.mode);
}

std::string InstalledStanza::text() const {
  if (!raw.empty()) return raw;
  std::string out = header;
  if (out.empty()) {
    out = description.text();
    if (!replaces.empty()) out += fmt::format("r:{}\n", text_of(replaces));
    if (replaces_priority != 0) out += fmt::format("q:{}\n", replaces_priority);
    if (!tag.empty()) out += fmt::format("s:{}\n", tag);
  }
  for (const InstalledDirectory& directory : directories) {
    out += fmt::format("F:{}\n", directory.path);
    if (!directory.acl.empty()) out += fmt::format("M:{}\n", directory.acl);
    out += directory.unknown;
    for (const InstalledFile& file : directory.files) {
      out += fmt::format("R:{}\n", file.name);
      if (!file.acl.empty()) out += fmt::format("a:{}\n", file.acl);
      if (!file.checksum.empty()) out += fmt::format("Z:{}\n", file.checksum);
      out += file.unknown;
    }
  }
  return out;
}

std::vector<InstalledStanza> parse_installed(std::string_view text, std::string_view what) { return InstalledParser(what).run(text); }

std::string write_installed(std::vector<InstalledStanza> stanzas) {
  std::ranges::sort(stanzas, {}, [](const InstalledStanza& stanza) -> const std::string& { return stanza.description.name; });
  std::string out;
  for (const InstalledStanza& stanza : stanzas) out.append(stanza.text()).push_back('\n');
  return out;
}

std::string database_directory(const rootfs::Tree& tree) {
  for (const std::string_view directory : {"lib/apk/db", "usr/lib/apk/db"}) {
    const rootfs::Resolved found = tree.resolve(rootfs::join_path(directory, kInstalled), true);
    if (found.node && found.node->entry.type == tar::Type::file) return std::string(rootfs::parent_of(found.path));
  }
  return {};
}

InstalledDatabase InstalledDatabase::read(const rootfs::Tree& tree) {
  InstalledDatabase database;
  database.directory = database_directory(tree);
  if (database.directory.empty()) return database;
  const std::string path = rootfs::join_path(database.directory, kInstalled);
  const auto text = tree.content(path);
  if (!text) throw Error(ErrorKind::input, fmt::format("{} cannot be read", path));
  database.stanzas = parse_installed(*text, path);
  return database;
}

const InstalledStanza* InstalledDatabase::find(std::string_view name) const {
  const auto found = std::ranges::find_if(stanzas, [&](const InstalledStanza& stanza) { return stanza.description.name == name; });
  return found == stanzas.end() ? nullptr : &*found;
}

}  // namespace resole::apk
