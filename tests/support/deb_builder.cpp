// SPDX-License-Identifier: Apache-2.0
#include "support/deb_builder.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "archive/ar.hpp"
#include "base/digest.hpp"
#include "support/tar_builder.hpp"

namespace resole::test {
namespace {

constexpr std::size_t kEndBlocks = 1024;

std::string_view suffix(archive::Compression compression) {
  switch (compression) {
    case archive::Compression::gzip:
      return ".gz";
    case archive::Compression::zstd:
      return ".zst";
    case archive::Compression::xz:
      return ".xz";
    default:
      return "";
  }
}

std::string packed(archive::Compression compression, std::string tar) {
  tar.append(kEndBlocks, '\0');
  return compression == archive::Compression::none ? tar : compress(compression, tar);
}

void place(std::string& block, std::size_t at, std::string_view text) { block.replace(at, text.size(), text); }

// POSIX ustar header; longer names go before it as a PAX record.
std::string member(std::string name, char type, std::string_view content, const std::string& link, std::uint32_t mode, std::uint32_t uid,
                   std::uint32_t gid, std::int64_t mtime, const std::string& user, const std::string& group) {
  std::string records;
  if (name.size() > 100) {
    records = pax_member({{"path", name}});
    name.resize(100);
  }
  std::string block(512, '\0');
  place(block, 0, name);
  place(block, 100, octal(mode, 7));
  place(block, 108, octal(uid, 7));
  place(block, 116, octal(gid, 7));
  place(block, 124, octal(content.size(), 11));
  place(block, 136, octal(static_cast<std::uint64_t>(mtime), 11));
  place(block, 148, "        ");
  place(block, 156, std::string(1, type));
  place(block, 157, link);
  place(block, 257, std::string_view("ustar\00000", 8));
  place(block, 265, user);
  place(block, 297, group);
  unsigned sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  place(block, 148, octal(sum, 6) + std::string("\0 ", 2));
  return records + block + padded(content);
}

}  // namespace

DebBuilder::DebBuilder(std::string name, std::string version, std::string arch)
    : name_(std::move(name)), version_(std::move(version)), arch_(std::move(arch)) {}

DebBuilder& DebBuilder::field(std::string name, std::string value) {
  fields_.emplace_back(std::move(name), std::move(value));
  return *this;
}

DebBuilder& DebBuilder::control(std::string name, std::string content, std::uint32_t mode) {
  control_.push_back({std::move(name), std::move(content), mode});
  return *this;
}

void DebBuilder::add(const std::string& path, char type, std::string_view content, const std::string& link, std::uint32_t mode,
                     std::uint32_t uid, std::uint32_t gid) {
  add_parents(path);
  data_ += member("./" + path, type, content, link, mode, uid, gid, mtime_, user_, group_);
}

void DebBuilder::add_parents(const std::string& path) {
  if (directories_.insert("").second) data_ += member("./", '5', {}, {}, 0755, 0, 0, mtime_, "root", "root");
  for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    const std::string parent = path.substr(0, slash);
    if (directories_.insert(parent).second) data_ += member("./" + parent + "/", '5', {}, {}, 0755, 0, 0, mtime_, "root", "root");
  }
}

DebBuilder& DebBuilder::dir(const std::string& path, std::uint32_t mode, std::uint32_t uid, std::uint32_t gid) {
  add_parents(path);
  if (directories_.insert(path).second) data_ += member("./" + path + "/", '5', {}, {}, mode, uid, gid, mtime_, user_, group_);
  return *this;
}

DebBuilder& DebBuilder::file(const std::string& path, std::string content, std::uint32_t mode, std::uint32_t uid, std::uint32_t gid) {
  modes_[path] = mode;
  add(path, '0', content, {}, mode, uid, gid);
  sums_ += fmt::format("{}  {}\n", to_hex(md5_of(content)), path);
  return *this;
}

DebBuilder& DebBuilder::symlink(const std::string& path, const std::string& target) {
  add(path, '2', {}, target, 0777, 0, 0);
  return *this;
}

DebBuilder& DebBuilder::hardlink(const std::string& path, const std::string& target) {
  modes_[path] = modes_[target];
  add(path, '1', {}, "./" + target, modes_[target], 0, 0);
  return *this;
}

DebBuilder& DebBuilder::conffile(const std::string& path, std::string content, std::uint32_t mode) {
  conffiles_ += "/" + path + "\n";
  add(path, '0', content, {}, mode, 0, 0);
  return *this;
}

DebBuilder& DebBuilder::conffile_line(std::string line) {
  conffiles_ += line + "\n";
  return *this;
}

DebBuilder& DebBuilder::owner(std::string user, std::string group) {
  user_ = std::move(user);
  group_ = std::move(group);
  return *this;
}

DebBuilder& DebBuilder::md5sums() {
  ships_sums_ = true;
  return *this;
}

DebBuilder& DebBuilder::at(std::int64_t mtime) {
  mtime_ = mtime;
  return *this;
}

DebBuilder& DebBuilder::raw_data(std::string_view blocks) {
  data_ += blocks;
  return *this;
}

DebBuilder& DebBuilder::compression(archive::Compression compression) {
  compression_ = compression;
  return *this;
}

std::string DebBuilder::control_text() const {
  std::string text = fmt::format("Package: {}\nVersion: {}\nArchitecture: {}\n", name_, version_, arch_);
  const bool maintained = std::ranges::any_of(fields_, [](const auto& field) { return field.first == "Maintainer"; });
  if (!maintained) text += "Maintainer: A Maintainer <a@example.org>\n";
  for (const auto& [field, value] : fields_) text += fmt::format("{}: {}\n", field, value);
  return text + "Description: made for a test\n with a second line\n";
}

std::string DebBuilder::build() const {
  std::vector<Member> members = control_;
  if (!conffiles_.empty()) members.push_back({"conffiles", conffiles_, 0644});
  members.push_back({"control", control_text(), 0644});
  if (ships_sums_) members.push_back({"md5sums", sums_, 0644});
  std::string control = member("./", '5', {}, {}, 0755, 0, 0, mtime_, "root", "root");
  for (const Member& each : members) control += member("./" + each.name, '0', each.content, {}, each.mode, 0, 0, mtime_, "root", "root");
  std::string data = data_.empty() ? member("./", '5', {}, {}, 0755, 0, 0, mtime_, "root", "root") : data_;
  return ar::write_archive({{"debian-binary", "2.0\n"},
                            {fmt::format("control.tar{}", suffix(compression_)), packed(compression_, control)},
                            {fmt::format("data.tar{}", suffix(compression_)), packed(compression_, data)}});
}

}  // namespace resole::test
