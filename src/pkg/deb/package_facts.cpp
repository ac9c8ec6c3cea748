// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/package_facts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <unordered_map>

#include "archive/tar.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "rootfs/binary.hpp"
#include "rootfs/elf_window.hpp"
#include "rootfs/path.hpp"

namespace resole::deb {
namespace {

constexpr std::uint32_t kFactsVersion = 1;
constexpr std::uint64_t kCapturedFile = 16ull << 20, kCapturedTotal = 128ull << 20;

// elf/cache.c of glibc builds the text at compile time: it stands in the binary as it will stand in the cache.
class GeneratorSearch {
 public:
  void begin(std::string_view path) {
    wanted_ = rootfs::name_of(path) == "ldconfig" || rootfs::name_of(path) == "ldconfig.real";
    tail_.clear();
  }
  // Every beginning in the bytes at hand is looked at, so that what is kept for the next call stays shorter than one text.
  void update(std::string_view bytes, std::string& found) {
    if (!wanted_ || !found.empty()) return;
    tail_.append(bytes);
    std::size_t at = tail_.find(kStart);
    for (; at != std::string::npos; at = tail_.find(kStart, at + 1)) {
      const std::string_view rest = std::string_view(tail_).substr(at, kLongest + 1);
      const std::size_t end = rest.find('\0');
      if (end == std::string_view::npos && rest.size() <= kLongest) break;  // it may end in the next bytes
      if (end == std::string_view::npos || rest.substr(0, end).find(" release version ") == std::string_view::npos) continue;
      found = rest.substr(0, end);
      return;
    }
    tail_.erase(0, at != std::string::npos ? at : tail_.size() - std::min(tail_.size(), kStart.size() - 1));
  }

 private:
  static constexpr std::string_view kStart = "ldconfig (";
  static constexpr std::size_t kLongest = 200;
  bool wanted_ = false;
  std::string tail_;
};

class DataReader {
 public:
  DataReader(const PackageFile& file, MemberVisitor& visitor) : file_(file), visitor_(visitor) {
    facts_.control = file.control();
    all_md5_ = !facts_.control.find("md5sums");
    for (const ConffileLine& line : conffile_lines(facts_.control.text("conffiles"))) conffiles_.insert(tar::clean_path(line.path));
  }

  PackageFacts read() {
    const auto source = file_.data();
    tar::Reader reader(*source);
    tar::Header header;
    while (reader.next(header)) add(reader, header);
    reader.drain();
    return std::move(facts_);
  }

 private:
  [[noreturn]] void refuse(const tar::Header& header, std::string_view problem) const {
    throw Error(ErrorKind::input, fmt::format("{}: member \"{}\" {}", printable(file_.what()), printable(header.path), problem),
                "the package is damaged or hostile; it was not unpacked");
  }

  void check(const tar::Header& header) {
    if (!tar::is_safe_path(header.path)) refuse(header, "leaves the root of the image");
    for (const std::string_view part : split(header.path, '/')) {
      if (part.starts_with(rootfs::kWhiteoutPrefix)) refuse(header, "has a name that deletes files in a layer");
    }
    for (std::size_t slash = header.path.find('/'); !links_.empty() && slash != std::string::npos; slash = header.path.find('/', slash + 1)) {
      if (links_.contains(std::string_view(header.path).substr(0, slash))) refuse(header, "lies below a symbolic link of the same package");
    }
    if (header.type == tar::Type::hardlink && !files_.contains(header.link))
      refuse(header, "is a hard link to no earlier file of the package");
    if (header.type == tar::Type::symlink && header.link.empty()) refuse(header, "is a symbolic link to nothing");
    if (header.path.empty() && header.type != tar::Type::directory) refuse(header, "is the root but no directory");
    if (conffiles_.contains(header.path) && header.type != tar::Type::file) refuse(header, "is a conffile but no regular file");
  }

  rootfs::Entry entry_of(const tar::Header& header) {
    rootfs::Entry entry;
    entry.path = header.path;
    entry.type = header.type;
    entry.mode = header.mode & 07777;
    entry.uid = header.uid;
    entry.gid = header.gid;
    entry.mtime = header.mtime;
    entry.size = header.type == tar::Type::file ? header.size : 0;
    entry.link = header.type == tar::Type::hardlink ? files_.at(header.link) : header.link;
    entry.major = header.major;
    entry.minor = header.minor;
    entry.xattrs = header.xattrs;
    return entry;
  }

  void add(tar::Reader& reader, const tar::Header& header) {
    check(header);
    rootfs::Entry entry = entry_of(header);
    facts_.owners.push_back({header.user, header.group});
    visitor_.begin(entry, facts_.owners.back());
    if (entry.type == tar::Type::file) read_content(reader, entry);
    visitor_.end(entry);
    // A later member of the same name replaces the earlier; links to it then mean the new one.
    if (entry.type == tar::Type::file) files_[entry.path] = entry.path;
    if (entry.type == tar::Type::hardlink) files_[entry.path] = entry.link;
    if (entry.type == tar::Type::symlink) links_.insert(entry.path);
    facts_.data.entries.push_back(std::move(entry));
  }

  void read_content(tar::Reader& reader, rootfs::Entry& entry) {
    const bool conffile = conffiles_.contains(entry.path);
    const bool with_md5 = all_md5_ || conffile;
    const bool capture = conffile || rootfs::is_captured(entry.path, entry.size);
    if (capture && (entry.size > kCapturedFile || (captured_ += entry.size) > kCapturedTotal)) {
      throw Error(ErrorKind::input,
                  fmt::format("{}: configuration file \"{}\" is too large", printable(file_.what()), printable(entry.path)));
    }
    std::string kept;
    elf_.begin(entry.size, false);  // a package's own file is no copy
    generator_.begin(entry.path);
    while (const std::size_t got = reader.read(buffer_.data(), buffer_.size())) {
      const std::string_view bytes(buffer_.data(), got);
      sha256_.update(bytes);
      if (with_md5) md5_.update(bytes);
      if (capture) kept.append(bytes);
      elf_.update(bytes);
      generator_.update(bytes, facts_.ldconfig);
      visitor_.content(bytes);
    }
    entry.sha256 = sha256_.finish_sha256();
    if (with_md5) entry.md5 = md5_.finish_md5();
    if (capture) facts_.data.captured[entry.path] = std::move(kept);
    if (auto elf = elf_.finish()) facts_.data.elf[entry.path] = std::move(*elf);
  }

  const PackageFile& file_;
  MemberVisitor& visitor_;
  PackageFacts facts_;
  bool all_md5_ = false;
  std::set<std::string, std::less<>> conffiles_;
  std::set<std::string, std::less<>> links_;
  std::unordered_map<std::string, std::string> files_;  // every name of a regular file -> the first name
  std::uint64_t captured_ = 0;
  Hasher sha256_{Algorithm::sha256}, md5_{Algorithm::md5};
  rootfs::ElfWindow elf_;
  GeneratorSearch generator_;
  std::array<char, 1u << 16> buffer_;
};

}  // namespace

PackageFacts read_package(const PackageFile& file, MemberVisitor& visitor) {
  return with_context([&] { return fmt::format("unpacking {}", printable(file.what())); },
                      [&] { return DataReader(file, visitor).read(); });
}

std::vector<ConffileLine> conffile_lines(std::string_view conffiles) {
  std::vector<ConffileLine> found;
  for (std::string_view line : lines(conffiles)) {
    line = trim(line);
    constexpr std::string_view kRemove = "remove-on-upgrade ";
    const bool remove = line.starts_with(kRemove);
    if (remove) line = trim(line.substr(kRemove.size()));
    if (line.empty()) continue;
    if (!line.starts_with('/') || !tar::is_safe_path(tar::clean_path(line))) {
      throw Error(ErrorKind::input, fmt::format("conffiles: \"{}\" is no absolute path", printable(line)));
    }
    found.push_back({std::string(line), remove});
  }
  return found;
}

std::string package_facts_key(const Digest& sha256) {
  return fmt::format("facts-{}-{}-{}", kFactsVersion, rootfs::kLayerIndexVersion, sha256.hex());
}

std::string serialise(const PackageFacts& facts) {
  std::string out;
  rootfs::BinaryWriter writer(out);
  writer.number(kFactsVersion);
  writer.text(rootfs::serialise(facts.data));
  writer.number(facts.control.members.size());
  for (const ControlMember& member : facts.control.members) {
    writer.text(member.name);
    writer.number(member.mode);
    writer.signed_number(member.mtime);
    writer.text(member.content);
  }
  for (const auto& [user, group] : facts.owners) {
    writer.text(user);
    writer.text(group);
  }
  writer.text(facts.ldconfig);
  return out;
}

std::optional<PackageFacts> parse_package_facts(std::string_view bytes) {
  rootfs::BinaryReader reader(bytes);
  if (reader.number() != kFactsVersion) return std::nullopt;
  auto data = rootfs::parse_layer_index(reader.text());
  if (!data) return std::nullopt;
  PackageFacts facts;
  facts.data = std::move(*data);
  facts.control.members.resize(reader.count());
  for (ControlMember& member : facts.control.members) {
    member.name = reader.text();
    member.mode = reader.small_number();
    member.mtime = reader.signed_number();
    member.content = reader.text();
  }
  facts.owners.resize(facts.data.entries.size());
  for (auto& [user, group] : facts.owners) {
    user = reader.text();
    group = reader.text();
  }
  facts.ldconfig = reader.text();
  return reader.good() && reader.at_end() ? std::optional(std::move(facts)) : std::nullopt;
}

}  // namespace resole::deb
