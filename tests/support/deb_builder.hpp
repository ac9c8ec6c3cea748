// SPDX-License-Identifier: Apache-2.0
// .deb files in memory, as dpkg-deb would write them, and as an attacker would.
//
//   std::string deb = DebBuilder("curl", "1.0").depends("libc6").file("usr/bin/curl", "ELF", 0755).conffile("etc/curlrc", "x\n").build();
//
// Parents are added as directories before what lies in them, as dpkg-deb's tar has them.
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "archive/compression.hpp"

namespace resole::test {

class DebBuilder {
 public:
  explicit DebBuilder(std::string name, std::string version, std::string arch = "amd64");

  DebBuilder& field(std::string name, std::string value);                                 // a further field of the control file
  DebBuilder& control(std::string name, std::string content, std::uint32_t mode = 0644);  // a further member of control.tar

  DebBuilder& dir(const std::string& path, std::uint32_t mode = 0755, std::uint32_t uid = 0, std::uint32_t gid = 0);
  DebBuilder& file(const std::string& path, std::string content, std::uint32_t mode = 0644, std::uint32_t uid = 0, std::uint32_t gid = 0);
  DebBuilder& symlink(const std::string& path, const std::string& target);
  DebBuilder& hardlink(const std::string& path, const std::string& target);
  DebBuilder& conffile(const std::string& path, std::string content, std::uint32_t mode = 0644);
  DebBuilder& conffile_line(std::string line);             // in conffiles only: "remove-on-upgrade /etc/x"
  DebBuilder& owner(std::string user, std::string group);  // names of the members that follow; numbers stay as given
  DebBuilder& md5sums();                                   // ship md5sums, as debhelper does
  DebBuilder& at(std::int64_t mtime);                      // of everything that follows
  DebBuilder& raw_data(std::string_view blocks);           // bytes in the middle of data.tar
  DebBuilder& compression(archive::Compression compression);

  std::string control_text() const;
  std::string build() const;

 private:
  void add(const std::string& path, char type, std::string_view content, const std::string& link, std::uint32_t mode, std::uint32_t uid,
           std::uint32_t gid);
  void add_parents(const std::string& path);

  std::string name_, version_, arch_;
  std::vector<std::pair<std::string, std::string>> fields_;
  struct Member {
    std::string name, content;
    std::uint32_t mode;
  };
  std::vector<Member> control_;
  std::string conffiles_, sums_, data_, user_ = "root", group_ = "root";
  std::set<std::string> directories_;
  std::map<std::string, std::uint32_t> modes_;  // of files: links repeat them
  bool ships_sums_ = false;
  std::int64_t mtime_ = 1700000000;
  archive::Compression compression_ = archive::Compression::none;
};

}  // namespace resole::test
