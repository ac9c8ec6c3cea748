// SPDX-License-Identifier: Apache-2.0
// Who owns a file of the tree. On disk all files are ours; the image's owners, and what scripts ask for with chown, are written down here, by the file itself
// and not by its name, so that an owner stays with a file that is renamed (sed -i, install).
#pragma once
#include <compare>
#include <cstdint>
#include <map>
#include <optional>

namespace resole::build {

// A file as long as it lives: numbers of inodes are given again, times of birth are not.
struct FileIdentity {
  std::uint64_t device = 0, inode = 0;
  std::int64_t born = 0, born_nanoseconds = 0;  // 0 where the file system does not tell
  auto operator<=>(const FileIdentity&) const = default;
};

struct FileFacts {
  FileIdentity identity;
  std::uint32_t mode = 0;                         // with the type
  std::uint64_t size = 0, links = 0, blocks = 0;  // blocks of 512 bytes
  std::int64_t mtime = 0, ctime = 0;              // nanoseconds
  bool operator==(const FileFacts&) const = default;
};
std::optional<FileFacts> facts_of(int directory, const char* name);  // of the link itself; name "" with an open file: of that

struct Owner {
  std::uint32_t user = 0, group = 0;
  bool operator==(const Owner&) const = default;
};

struct GivenOwner {
  std::optional<std::uint32_t> user, group;  // nothing: as it was
};

class OwnerRecords {
 public:
  void know(const FileIdentity& file, const Owner& owner);         // as the image has it
  void record(const FileIdentity& file, const GivenOwner& owner);  // by a chown
  const GivenOwner* given(const FileIdentity& file) const;
  Owner owner(const FileIdentity& file) const;                     // now; a file that nobody knows is root's
  void clear();

 private:
  std::map<FileIdentity, Owner> known_;  // those that are not root's
  std::map<FileIdentity, GivenOwner> given_;
};

}  // namespace resole::build
