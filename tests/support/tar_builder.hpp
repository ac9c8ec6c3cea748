// SPDX-License-Identifier: Apache-2.0
// Archives in memory from values, for tests: small trees by our own writer, and archives as other programs or attackers would write them.
//
//   std::string layer = TarBuilder().dir("etc").file("etc/motd", "hi\n").symlink("etc/link", "motd").gzip();
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "archive/compression.hpp"
#include "archive/tar.hpp"

namespace resole::test {

class TarBuilder {
 public:
  // Mode 0644, 0755, 0777; owner 0:0; mtime as set by at().
  TarBuilder& file(std::string path, std::string_view content = {}, std::uint32_t mode = 0644);
  TarBuilder& dir(std::string path, std::uint32_t mode = 0755);
  TarBuilder& symlink(std::string path, std::string target);
  TarBuilder& hardlink(std::string path, std::string target);
  TarBuilder& whiteout(std::string path);     // "etc/motd" -> an empty file "etc/.wh.motd"
  TarBuilder& opaque(std::string directory);  // "etc" -> an empty file "etc/.wh..wh..opq"
  TarBuilder& add(const tar::Header& header, std::string_view content = {});
  TarBuilder& raw(std::string_view bytes);  // as they are: broken blocks, other programs' headers
  TarBuilder& at(std::int64_t mtime);       // of the members that follow

  std::string bytes() const;                        // with the two zero blocks
  std::string unfinished() const { return body_; }  // without them
  std::string gzip() const;
  std::string compressed(archive::Compression compression) const;

 private:
  std::string body_;
  std::int64_t mtime_ = 1700000000;
};

// A header block with a right checksum and nothing checked: names, numbers and flags as given.
struct RawBlock {
  std::string name = "file";
  char type = '0';
  std::string size = "00000000000";  // the field's bytes
  std::string mode = "0000644";
  std::string uid = "0000000";
  std::string gid = "0000000";
  std::string mtime = "00000000000";
  std::string link;
  std::string magic = std::string("ustar\00000", 8);
  std::string prefix;
  std::string bytes() const;
};
std::string octal(std::uint64_t value, std::size_t digits);
std::string padded(std::string_view content);  // to the next multiple of 512
// A PAX header member ('x', or 'g' for a global one) with these records.
std::string pax_member(const std::vector<std::pair<std::string, std::string>>& records, char type = 'x');

std::string gzip(std::string_view bytes);                                           // as we publish it
std::string compress(archive::Compression compression, std::string_view bytes);     // as we publish it
std::vector<std::pair<tar::Header, std::string>> read_tar(std::string_view bytes);  // every member with its content; decompresses

}  // namespace resole::test
