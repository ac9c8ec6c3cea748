// SPDX-License-Identifier: Apache-2.0
// The `ar` container of .deb files (deb(5)): common format, plain 16-byte names (a trailing '/' is dropped), no long-name table.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace resole::ar {

struct Member {
  std::string name;            // "debian-binary", "control.tar.xz", "data.tar.xz"
  std::uint64_t offset = 0;    // of the content in the file
  std::uint64_t size = 0;
};

// Members whose headers lie completely in `bytes` (which may be only the beginning of the file; then contents may lie beyond it).
// Error(input) on a bad magic, header or number, or more than 64 members.
std::vector<Member> read_members(std::string_view bytes, std::uint64_t file_size);
// Writes the same container (tests and fixtures): mtime 0, uid 0, gid 0, mode 100644.
std::string write_archive(const std::vector<std::pair<std::string, std::string>>& members);

}  // namespace resole::ar
