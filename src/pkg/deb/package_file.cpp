// SPDX-License-Identifier: Apache-2.0
// deb(5): the first member is "debian-binary" and says 2.x; then comes control.tar, then data.tar. Members whose names start with '_' may
// stand between and are ignored; anything else is refused, as dpkg-deb does (dpkg-deb/extract.c).
#include "pkg/deb/package_file.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "archive/ar.hpp"
#include "archive/compression.hpp"
#include "archive/tar.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::deb {
namespace {

constexpr std::uint64_t kControlTotal = 16ull << 20;  // the biggest md5sums of Debian are about 2 MB
constexpr std::uint64_t kControlFiles = 1000;

struct Layout {
  ar::Member format, control;
  std::optional<ar::Member> data;  // absent when its header lies beyond the bytes at hand
};

[[noreturn]] void refuse(std::string_view what, const std::string& problem) {
  throw Error(ErrorKind::input, fmt::format("{} is not a package that can be unpacked: {}", printable(what), problem));
}

bool is_compressed_tar(std::string_view name, std::string_view stem) {
  if (!name.starts_with(stem)) return false;
  name.remove_prefix(stem.size());
  return name.empty() || name == ".gz" || name == ".xz" || name == ".zst";
}

std::uint64_t end_of(const ar::Member& member) { return member.offset + member.size; }

// Finds the three parts; nullopt when the prefix ends before the control part's header.
std::optional<Layout> find_parts(std::string_view prefix, std::uint64_t file_size, std::string_view what) {
  const std::vector<ar::Member> members = ar::read_members(prefix, file_size);
  if (members.empty()) return std::nullopt;
  Layout layout;
  layout.format = members.front();
  if (layout.format.name != "debian-binary") refuse(what, fmt::format("its first member is \"{}\"", printable(layout.format.name)));
  bool has_control = false;
  for (std::size_t i = 1; i < members.size() && !layout.data; ++i) {
    const ar::Member& member = members[i];
    if (end_of(member) > file_size) refuse(what, fmt::format("member {} is cut off", printable(member.name)));
    if (member.name.starts_with('_')) continue;
    if (!has_control && is_compressed_tar(member.name, "control.tar")) {
      layout.control = member;
      has_control = true;
    } else if (has_control && is_compressed_tar(member.name, "data.tar")) {
      layout.data = member;
    } else {
      refuse(what, fmt::format("member \"{}\" is not understood", printable(member.name)));
    }
  }
  return has_control ? std::optional(layout) : std::nullopt;
}

void check_format(std::string_view text, std::string_view what) {
  if (!text.starts_with("2.")) refuse(what, fmt::format("its format is \"{}\", known is 2.x", printable(text.substr(0, 16))));
}

// A control file's name as dpkg files it below info/: plain, because it becomes part of a path there.
bool is_plain_name(std::string_view name) {
  return !name.empty() && name.size() <= 100 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '+';
  }) && name.front() != '.';
}

ControlArchive read_control_tar(std::string_view bytes, std::string_view what) {
  const auto source = archive::decompress(Blob({}, bytes), {.output = kControlTotal});
  tar::Reader reader(*source, {.members = kControlFiles, .total = kControlTotal});
  ControlArchive control;
  tar::Header header;
  while (reader.next(header)) {
    if (header.type == tar::Type::directory) continue;
    if (header.type != tar::Type::file || !is_plain_name(header.path)) {
      refuse(what, fmt::format("its control part holds \"{}\", which is not a plain file", printable(header.path)));
    }
    if (control.find(header.path)) refuse(what, fmt::format("its control part holds {} twice", header.path));
    control.members.push_back({header.path, header.mode & 0777, header.mtime, reader.read_content(kControlTotal)});
  }
  reader.drain();
  if (!control.find("control")) refuse(what, "its control part holds no control file");
  return control;
}

}  // namespace

const ControlMember* ControlArchive::find(std::string_view name) const {
  const auto found = std::ranges::find(members, name, &ControlMember::name);
  return found == members.end() ? nullptr : &*found;
}

std::string_view ControlArchive::text(std::string_view name) const {
  const ControlMember* member = find(name);
  return member ? std::string_view(member->content) : std::string_view();
}

PackageFile PackageFile::open(Blob archive, std::string what) {
  return with_context([&] { return fmt::format("reading package {}", printable(what)); },
                      [&] {
                        const std::string_view bytes = archive.bytes();
                        const auto layout = find_parts(bytes, bytes.size(), what);
                        if (!layout) refuse(what, "it has no control part");
                        if (!layout->data) refuse(what, "it has no data part");
                        check_format(bytes.substr(layout->format.offset, layout->format.size), what);
                        PackageFile file;
                        file.control_ = read_control_tar(bytes.substr(layout->control.offset, layout->control.size), what);
                        const std::string_view data = bytes.substr(layout->data->offset, layout->data->size);
                        file.data_ = Blob(std::make_shared<const Blob>(std::move(archive)), data);
                        file.what_ = std::move(what);
                        return file;
                      });
}

std::unique_ptr<Source> PackageFile::data() const { return archive::decompress(data_); }

std::optional<ControlArchive> read_control(std::string_view prefix, std::uint64_t file_size, std::string_view what, std::uint64_t& needed) {
  return with_context([&] { return fmt::format("reading the control part of {}", printable(what)); },
                      [&]() -> std::optional<ControlArchive> {
                        const auto layout = find_parts(prefix, file_size, what);
                        needed = layout ? end_of(layout->control) : prefix.size() + 4096;
                        if (needed > kControlTotal) refuse(what, "its control part is larger than 16 MiB");
                        if (prefix.size() < needed) {
                          if (prefix.size() >= file_size) refuse(what, "it ends before its control part does");
                          return std::nullopt;
                        }
                        check_format(prefix.substr(layout->format.offset, layout->format.size), what);
                        return read_control_tar(prefix.substr(layout->control.offset, layout->control.size), what);
                      });
}

}  // namespace resole::deb
