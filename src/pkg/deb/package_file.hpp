// SPDX-License-Identifier: Apache-2.0
// A .deb (deb(5)): an ar file of debian-binary, control.tar[.gz|.xz|.zst], data.tar[.*]. The control part is read whole, the data part as a
// stream.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

namespace resole::deb {

// A file of control.tar: "control", "postinst", "conffiles", "md5sums", ...
struct ControlMember {
  std::string name;
  std::uint32_t mode = 0;
  std::int64_t mtime = 0;
  std::string content;
};

// The control part of one package, in the order of its tar.
struct ControlArchive {
  std::vector<ControlMember> members;
  const ControlMember* find(std::string_view name) const;
  std::string_view text(std::string_view name) const;  // "" when there is no such member
};

class PackageFile {
 public:
  // `what` names the package in messages. Error(input) for anything that dpkg would not unpack, and for control parts beyond the bounds.
  static PackageFile open(Blob archive, std::string what);
  const ControlArchive& control() const { return control_; }
  std::unique_ptr<Source> data() const;  // data.tar, decompressed, from its beginning; may be asked for again
  const std::string& what() const { return what_; }

 private:
  Blob data_;  // keeps the whole file alive
  ControlArchive control_;
  std::string what_;
};

// The control part when only the first bytes of the file are at hand. nullopt: `needed` then says how many bytes from the beginning would
// do.
std::optional<ControlArchive> read_control(std::string_view prefix, std::uint64_t file_size, std::string_view what, std::uint64_t& needed);

}  // namespace resole::deb
