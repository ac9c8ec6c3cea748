// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/tmpfiles.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "pkg/owners.hpp"

namespace resole::deb {
namespace {

constexpr std::string_view kOfOtherRuns = "rRxX";  // of --remove and --clean

struct Line {
  char type = 0;
  bool replaces = false;  // '+'
  std::string path, argument;
  std::optional<std::uint32_t> mode, uid, gid;
};

// Words, quoted or not; the seventh is the rest of the line.
std::vector<std::string> fields_of(std::string_view line) {
  std::vector<std::string> fields;
  while (fields.size() < 6 && !(line = trim(line)).empty()) {
    const char quote = line.front() == '"' || line.front() == '\'' ? line.front() : '\0';
    if (quote) line.remove_prefix(1);
    const std::size_t end = quote ? line.find(quote) : line.find_first_of(" \t");
    fields.emplace_back(line.substr(0, end));
    line = end == std::string_view::npos ? std::string_view() : line.substr(end + (quote ? 1 : 0));
  }
  if (!trim(line).empty()) fields.emplace_back(trim(line));
  return fields;
}

class Tmpfiles {
 public:
  Tmpfiles(std::string_view what, TreeEdit& edit)
      : what_(what),
        edit_(edit),
        owners_(pkg::Owners::parse(edit.content("/etc/passwd").value_or(""), edit.content("/etc/group").value_or(""))) {}

  std::vector<std::string> apply(std::string_view text) {
    std::vector<Line> all;
    for (std::string_view line : lines(text)) {
      line = trim(line);
      if (line.empty() || line.starts_with('#')) continue;
      if (auto read = read_line(line)) all.push_back(std::move(*read));
    }
    std::ranges::stable_sort(all, {}, &Line::path);  // as systemd-tmpfiles: what lies in a directory comes after it
    for (const Line& line : all) create(line);
    return std::move(notes_);
  }

 private:
  void leave(std::string_view path, std::string_view why) {
    notes_.push_back(fmt::format("{}: {} is left as it is: {}", what_, printable(path), why));
  }

  // nullopt: not below /etc or /var, only at boot, or not to be read here.
  std::optional<Line> read_line(std::string_view text) {
    std::vector<std::string> fields = fields_of(text);
    if (fields.size() < 2 || fields[0].empty()) return std::nullopt;
    fields.resize(7, "-");
    Line line{.type = fields[0][0], .path = fields[1], .argument = fields[6] == "-" ? "" : fields[6]};
    const std::string_view modifiers = std::string_view(fields[0]).substr(1);
    line.replaces = modifiers.find('+') != std::string_view::npos;
    if (!line.path.starts_with("/etc/") && !line.path.starts_with("/var/")) return std::nullopt;
    if (modifiers.find('!') != std::string_view::npos || kOfOtherRuns.find(line.type) != std::string_view::npos) return std::nullopt;
    while (line.path.ends_with('/')) line.path.pop_back();
    if (line.path.find_first_of("%*?[\\") != std::string::npos || line.argument.find('%') != std::string::npos) {
      leave(line.path, "its line has specifiers or patterns");
      return std::nullopt;
    }
    if (line.path.find("/../") != std::string::npos || line.path.ends_with("/..") || line.path.find("//") != std::string::npos)
      return std::nullopt;
    if (!read_owner(fields, line)) return std::nullopt;
    return line;
  }

  bool read_owner(const std::vector<std::string>& fields, Line& line) {
    const auto given = [](std::string_view field) { return field != "-" && !field.empty(); };
    if (given(fields[2])) {
      std::string_view digits = fields[2];
      while (digits.starts_with('~') || digits.starts_with(':')) digits.remove_prefix(1);
      const auto mode = parse_octal(digits);
      if (!mode || *mode > 07777) {
        leave(line.path, "its mode is not understood");
        return false;
      }
      line.mode = static_cast<std::uint32_t>(*mode);
    }
    const auto number = [](std::string_view text) { return parse_unsigned(text); };
    if (given(fields[3])) {
      const auto uid = number(fields[3]);
      line.uid = uid ? static_cast<std::uint32_t>(*uid) : owners_.find_user(fields[3]);
    }
    if (given(fields[4])) {
      const auto gid = number(fields[4]);
      line.gid = gid ? static_cast<std::uint32_t>(*gid) : owners_.find_group(fields[4]);
    }
    if ((given(fields[3]) && !line.uid) || (given(fields[4]) && !line.gid)) {
      leave(line.path, "its owner is not known to the image");
      return false;
    }
    return true;
  }

  void create(const Line& line) {
    switch (line.type) {
      case 'd':
      case 'D':
      case 'v':
      case 'q':
      case 'Q':
        return make(line, tar::Type::directory, 0755);
      case 'f':
      case 'F':
        if (line.replaces || line.type == 'F' || !line.argument.empty()) return leave_unless_there(line, "its content is not made here");
        return make(line, tar::Type::file, 0644);
      case 'L':
        return make_link(line);
      case 'e':
      case 'z':
        return set_attributes(line);
      case 'C':
        return leave_unless_there(line, "it is copied from elsewhere");
      default:
        return leave(line.path, fmt::format("entries of type {} are not made here", printable(std::string_view(&line.type, 1))));
    }
  }

  void leave_unless_there(const Line& line, std::string_view why) {
    if (!edit_.is_there(line.path)) leave(line.path, why);
  }

  void make(const Line& line, tar::Type type, std::uint32_t mode) {
    if (edit_.is_there(line.path)) return set_attributes(line);
    tar::Header header;
    header.type = type;
    header.mode = line.mode.value_or(mode);
    header.uid = line.uid.value_or(0);
    header.gid = line.gid.value_or(0);
    edit_.make_parents(line.path);
    edit_.put(line.path, std::move(header));
  }

  void make_link(const Line& line) {
    const std::string target = line.argument.empty() ? "/usr/share/factory" + line.path : line.argument;
    if (edit_.link(line.path) == target) return;
    if (edit_.is_there(line.path) && !line.replaces) return;
    if (edit_.is_directory(line.path) && !edit_.is_link(line.path)) return leave(line.path, "a directory stands in the place of the link");
    edit_.make_parents(line.path);
    edit_.put_link(line.path, target);
  }

  // Only of directories: a file put again with other attributes needs its bytes.
  void set_attributes(const Line& line) {
    auto header = edit_.header(line.path);
    if (!header || header->type == tar::Type::symlink) return;
    tar::Header wanted = *header;
    wanted.mode = line.mode.value_or(header->mode);
    wanted.uid = line.uid.value_or(header->uid);
    wanted.gid = line.gid.value_or(header->gid);
    if (wanted.mode == header->mode && wanted.uid == header->uid && wanted.gid == header->gid) return;
    if (header->type != tar::Type::directory) return leave(line.path, "it has another mode or owner");
    edit_.put(line.path, std::move(wanted));
  }

  std::string_view what_;
  TreeEdit& edit_;
  const pkg::Owners owners_;
  std::vector<std::string> notes_;
};

}  // namespace

std::vector<std::string> apply_tmpfiles(std::string_view text, std::string_view what, TreeEdit& edit) {
  return Tmpfiles(what, edit).apply(text);
}

}  // namespace resole::deb
