// SPDX-License-Identifier: Apache-2.0
#include "pkg/apk/package_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <unordered_map>

#include "archive/compression.hpp"
#include "archive/tar.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "rootfs/elf_window.hpp"
#include "rootfs/path.hpp"

namespace resole::apk {

namespace {

constexpr std::uint64_t kControlPart = 16u << 20, kPackageInfo = 4u << 20, kScript = 1u << 20;
constexpr std::uint64_t kCapturedFile = 16ull << 20, kCapturedTotal = 128ull << 20;
constexpr std::string_view kChecksumRecord = "APK-TOOLS.checksum.SHA1";
constexpr std::string_view kGetAgain = "get it again, or from another mirror";

std::string quoted_sha1(std::string_view bytes) {
  const Sha1 sum = sha1_of(bytes);
  return {sum.begin(), sum.end()};
}

std::optional<std::string> bytes_from_hex(std::string_view hex) {
  std::string out;
  if (hex.size() % 2 != 0) return std::nullopt;
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; };
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const int high = digit(hex[i]), low = digit(hex[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<char>(high << 4 | low));
  }
  return out;
}

// .PKGINFO: "pkgname = busybox"; lines of one name add up where they are lists.
class InfoReader {
 public:
  InfoReader(PackageControl& out, std::string_view what) : out_(out), what_(what) {}

  void read(std::string_view text) {
    for (const std::string_view line : lines(text)) {
      if (line.empty() || line.front() == '#') continue;
      const std::size_t sign = line.find(" = ");
      if (sign != std::string_view::npos) add(line.substr(0, sign), line.substr(sign + 3));
    }
  }

 private:
  void add(std::string_view name, std::string_view value) {
    static constexpr std::pair<std::string_view, char> kFields[] = {{"pkgname", 'P'}, {"pkgver", 'V'},   {"pkgdesc", 'T'},    {"url", 'U'},
                                                                    {"size", 'I'},    {"license", 'L'},  {"arch", 'A'},       {"origin", 'o'},
                                                                    {"maintainer", 'm'}, {"builddate", 't'}, {"commit", 'c'}, {"provider_priority", 'k'}};
    const auto field = std::ranges::find(kFields, name, &std::pair<std::string_view, char>::first);
    if (field != std::end(kFields)) {
      read_field(out_.description, field->second, value, what_);
    } else if (name == "depend") {
      append(out_.description.depends, value);
    } else if (name == "provides") {
      append(out_.description.provides, value);
    } else if (name == "install_if") {
      append(out_.description.install_if, value);
    } else if (name == "replaces") {
      append(out_.replaces, value);
    } else if (name == "replaces_priority") {
      out_.replaces_priority = parse_unsigned(value).value_or(0);
    } else if (name == "triggers") {
      out_.triggers.clear();
      for (const std::string_view word : split_words(value)) out_.triggers.emplace_back(word);
    } else if (name == "datahash") {
      if (!out_.datahash.empty()) throw Error(ErrorKind::input, fmt::format("{}: datahash stands there twice", printable(what_)));
      out_.datahash = value;
    }
  }

  void append(std::vector<Wish>& list, std::string_view value) const {
    for (Wish& wish : parse_wishes(value, what_)) list.push_back(std::move(wish));
  }

  PackageControl& out_;
  std::string_view what_;
};

PackageControl read_control(const std::string& tar_bytes, std::string_view what) {
  PackageControl control;
  const auto source = source_of(std::string_view(tar_bytes));
  tar::Reader reader(*source);
  tar::Header header;
  bool informed = false;
  while (reader.next(header)) {
    if (header.type != tar::Type::file) continue;
    if (header.path == ".PKGINFO") {
      if (informed) throw Error(ErrorKind::input, fmt::format("{} has two .PKGINFO", printable(what)));
      informed = true;
      InfoReader(control, what).read(reader.read_content(kPackageInfo));
    } else if (header.path.starts_with('.') && std::ranges::find(kScriptKinds, std::string_view(header.path).substr(1)) != kScriptKinds.end()) {
      control.scripts[header.path.substr(1)] = reader.read_content(kScript);
    }
  }
  if (!informed) throw Error(ErrorKind::input, fmt::format("{} is no package: it has no .PKGINFO", printable(what)));
  return control;
}

class DataReader {
 public:
  DataReader(const PackageFile& file, DataVisitor* visitor) : file_(file), visitor_(visitor) {}

  PackageFacts read() {
    const auto source = file_.data();
    tar::Reader reader(*source);
    tar::Header header;
    while (reader.next(header)) {
      if (is_installed(header)) add(reader, header);
    }
    reader.drain();
    return std::move(facts_);
  }

 private:
  [[noreturn]] void refuse(const tar::Header& header, std::string_view problem, ErrorKind kind = ErrorKind::input) const {
    throw Error(kind, fmt::format("{}: member \"{}\" {}", printable(file_.what()), printable(header.path), problem),
                "the package is damaged or hostile; it was not unpacked");
  }

  static bool is_installed(const tar::Header& header) {
    constexpr std::string_view kKeep = ".keep_";
    const std::string_view name = rootfs::name_of(header.path);
    if (header.path.empty() || (header.path.front() == '.' && !header.path.starts_with(".."))) return false;
    return header.type == tar::Type::directory || !name.starts_with(kKeep) || name.size() == kKeep.size();
  }

  void check(const tar::Header& header) {
    if (!tar::is_safe_path(header.path)) refuse(header, "leaves the root of the image");
    if (std::ranges::any_of(header.path, [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; })) refuse(header, "has a control character in its name");
    for (const std::string_view part : split(header.path, '/')) {
      if (part.starts_with(rootfs::kWhiteoutPrefix)) refuse(header, "has a name that deletes files in a layer");
    }
    const std::string parent(rootfs::parent_of(header.path));
    if (header.type != tar::Type::directory && !parent.empty() && !directories_.contains(parent)) refuse(header, "lies in a directory that the package does not have");
    if (header.type == tar::Type::hardlink && !files_.contains(header.link)) refuse(header, "is a hard link to no earlier file of the package");
    if (header.type == tar::Type::symlink && header.link.empty()) refuse(header, "is a symbolic link to nothing");
    if (header.type != tar::Type::directory && !names_.insert(header.path).second) refuse(header, "stands there twice");
  }

  void add(tar::Reader& reader, const tar::Header& header) {
    check(header);
    rootfs::Entry entry;
    entry.path = header.path;
    entry.type = header.type;
    entry.mode = header.mode & 07777;
    entry.uid = header.uid;
    entry.gid = header.gid;
    entry.mtime = header.mtime;
    entry.size = header.type == tar::Type::file ? header.size : 0;
    entry.link = header.type == tar::Type::hardlink ? facts_.data.entries[files_.at(header.link)].path : header.link;
    entry.major = header.major;
    entry.minor = header.minor;
    entry.xattrs = header.xattrs;
    if (visitor_) visitor_->begin(entry);
    facts_.checksums.push_back(checksum(reader, header, entry));
    if (visitor_) visitor_->end();
    facts_.owners.push_back({header.user, header.group});
    const std::size_t number = facts_.data.entries.size();
    if (entry.type == tar::Type::directory) directories_.insert(entry.path);
    if (entry.type == tar::Type::file) files_[entry.path] = number;
    if (entry.type == tar::Type::hardlink) files_[entry.path] = files_.at(header.link);
    facts_.data.entries.push_back(std::move(entry));
  }

  std::string checksum(tar::Reader& reader, const tar::Header& header, rootfs::Entry& entry) {
    if (entry.type == tar::Type::directory) return {};
    if (entry.type == tar::Type::hardlink) return facts_.checksums[files_.at(header.link)];
    const bool plain = entry.type == tar::Type::file || entry.type == tar::Type::symlink;
    if (!plain) return {};
    const std::string actual = entry.type == tar::Type::file ? content(reader, entry) : quoted_sha1(entry.link);
    const auto record = header.pax.find(std::string(kChecksumRecord));
    const auto wanted = record == header.pax.end() ? std::nullopt : bytes_from_hex(record->second);
    if (!wanted) refuse(header, "has no checksum, which apk-tools 3 does not take either");
    if (*wanted != actual) refuse(header, "does not have the content that its checksum says", ErrorKind::verification);
    return actual;
  }

  std::string content(tar::Reader& reader, rootfs::Entry& entry) {
    const bool capture = rootfs::is_captured(entry.path, entry.size);
    if (capture && (entry.size > kCapturedFile || (captured_ += entry.size) > kCapturedTotal))
      throw Error(ErrorKind::input, fmt::format("{}: configuration file \"{}\" is too large", printable(file_.what()), printable(entry.path)));
    std::string kept;
    elf_.begin(entry.size, false);
    while (const std::size_t got = reader.read(buffer_.data(), buffer_.size())) {
      const std::string_view bytes(buffer_.data(), got);
      sha256_.update(bytes);
      sha1_.update(bytes);
      if (capture) kept.append(bytes);
      elf_.update(bytes);
      if (visitor_) visitor_->content(bytes);
    }
    entry.sha256 = sha256_.finish_sha256();
    entry.sha1 = sha1_.finish_sha1();
    if (capture) facts_.data.captured[entry.path] = std::move(kept);
    if (auto elf = elf_.finish()) facts_.data.elf[entry.path] = std::move(*elf);
    return {entry.sha1->begin(), entry.sha1->end()};
  }

  const PackageFile& file_;
  DataVisitor* visitor_;
  PackageFacts facts_;
  std::set<std::string> directories_, names_;
  std::unordered_map<std::string, std::size_t> files_;  // every name of a regular file -> the member with its content
  std::uint64_t captured_ = 0;
  Hasher sha256_{Algorithm::sha256}, sha1_{Algorithm::sha1};
  rootfs::ElfWindow elf_;
  std::array<char, 1u << 16> buffer_;
};

}  // namespace

PackageFile PackageFile::open(Blob bytes, std::string what) {
  PackageFile file;
  file.bytes_ = std::move(bytes);
  file.what_ = std::move(what);
  const std::string_view all = file.bytes_.bytes();
  file.signed_ = read_signatures(all, file.what_);
  with_context([&] { return fmt::format("reading the control part of {}", printable(file.what_)); }, [&] {
    archive::GzipMember member = archive::read_gzip_member(all.substr(file.signed_.begin), kControlPart);
    file.data_begin_ = file.signed_.begin + member.size;
    file.control_ = read_control(member.content, file.what_);
  });
  file.control_.description.checksum = checksum_of(quoted_sha1(all.substr(file.signed_.begin, file.data_begin_ - file.signed_.begin)));
  require_complete(file.control_.description, file.what_);
  return file;
}

void PackageFile::verify(std::string_view checksum, const std::vector<PublicKey>& keys) const {
  const auto fail = [&](std::string_view problem) { throw Error(ErrorKind::verification, fmt::format("{}: {}", printable(what_), problem), std::string(kGetAgain)); };
  if (control_.description.checksum != checksum) fail(fmt::format("the index has {}, its control part is {}", printable(checksum, 60), control_.description.checksum));
  if (control_.datahash.empty()) fail("it does not say what its data is (datahash): nothing proves it");
  if (sha256_hex_of(bytes_.bytes().substr(data_begin_)) != control_.datahash) fail("its data is not what the control part says");
  const bool known = std::ranges::any_of(signed_.signatures, [&](const FileSignature& signature) {
    return std::ranges::any_of(keys, [&](const PublicKey& key) { return key.name == signature.key; });
  });
  if (known) verify_signed(signed_, bytes_.bytes().substr(signed_.begin, data_begin_ - signed_.begin), keys, what_);
}

std::unique_ptr<Source> PackageFile::data() const { return archive::decompress(Blob(std::make_shared<Blob>(bytes_), bytes_.bytes().substr(data_begin_))); }

PackageFacts read_data(const PackageFile& file, DataVisitor* visitor) {
  return with_context([&] { return fmt::format("unpacking {}", printable(file.what())); }, [&] { return DataReader(file, visitor).read(); });
}

}  // namespace resole::apk
