// SPDX-License-Identifier: Apache-2.0
#include "archive/ar.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::ar {

namespace {

constexpr std::string_view kMagic = "!<arch>\n";
constexpr std::size_t kHeaderSize = 60;
constexpr std::size_t kMostMembers = 64;  // a .deb has three, some have a signature more

// deb(5), ar(5): name 16, mtime 12, uid 6, gid 6, mode 8, size 10, "`\n".
constexpr std::size_t kNameSize = 16, kSizeAt = 48, kSizeSize = 10, kEndAt = 58;

[[noreturn]] void fail(std::uint64_t offset, std::string_view reason) {
  throw Error(ErrorKind::input, fmt::format("bad ar archive at byte {}: {}", offset, reason), "the file is damaged or no .deb");
}

std::string_view strip_blanks(std::string_view text) {
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

Member parse_header(std::string_view header, std::uint64_t offset) {
  if (header.substr(kEndAt) != "`\n") fail(offset, "a member header has no end mark");
  std::string_view name = strip_blanks(header.substr(0, kNameSize));
  if (name.ends_with('/')) name.remove_suffix(1);
  // "/" and "//" are symbol and name tables, "#1/" a BSD long name: none belongs into a .deb, and readers disagree about them.
  if (name.empty() || name.find('/') != std::string_view::npos) fail(offset, "a member name that deb(5) does not allow");
  for (char c : name) {
    if (c <= ' ' || c > '~') fail(offset, "a member name that deb(5) does not allow");
  }
  const auto size = parse_unsigned(strip_blanks(header.substr(kSizeAt, kSizeSize)));
  if (!size) fail(offset, "a member size that is no number");
  return {std::string(name), offset + kHeaderSize, *size};
}

}  // namespace

std::vector<Member> read_members(std::string_view bytes, std::uint64_t file_size) {
  if (!bytes.starts_with(kMagic)) fail(0, "it does not begin with \"!<arch>\"");
  std::vector<Member> members;
  std::uint64_t at = kMagic.size();
  while (at + kHeaderSize <= bytes.size()) {
    if (members.size() == kMostMembers) fail(at, fmt::format("more than {} members", kMostMembers));
    Member member = parse_header(bytes.substr(at, kHeaderSize), at);
    if (member.offset > file_size || member.size > file_size - member.offset) fail(at, "a member is longer than the file");
    at = member.offset + member.size + member.size % 2;
    members.push_back(std::move(member));
  }
  // All headers are here when the bytes are the whole file; then nothing but the padding of an odd member may be left.
  if (bytes.size() >= file_size && at < file_size) fail(at, "a member header is cut off");
  return members;
}

std::string write_archive(const std::vector<std::pair<std::string, std::string>>& members) {
  std::string out(kMagic);
  for (const auto& [name, content] : members) {
    if (name.empty() || name.size() > kNameSize)
      throw Error(ErrorKind::internal, fmt::format("\"{}\" does not fit into an ar header", name));
    out += fmt::format("{:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", name, 0, 0, 0, "100644", content.size());
    out += content;
    if (content.size() % 2 != 0) out += '\n';
  }
  return out;
}

}  // namespace resole::ar
