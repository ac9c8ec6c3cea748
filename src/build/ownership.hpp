// SPDX-License-Identifier: Apache-2.0
// Who should own a file. In the sandbox every file is root's; what scripts ask for with chown is written down here, by the file itself and not by its name,
// so that it stays with a file that is renamed afterwards (sed -i, install).
#pragma once
#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "build/system_calls.hpp"
#include "io/rooted_directory.hpp"

namespace resole::build {

// A file as long as it lives: numbers of inodes are given again, times of birth are not.
struct FileIdentity {
  std::uint64_t device = 0, inode = 0;
  std::int64_t born = 0, born_nanoseconds = 0;  // 0 where the file system does not tell
  auto operator<=>(const FileIdentity&) const = default;
};

struct FileFacts {
  FileIdentity identity;
  std::uint32_t mode = 0;  // with the type
  std::uint64_t size = 0, links = 0, blocks = 0;  // blocks of 512 bytes
  std::int64_t mtime = 0, ctime = 0;              // nanoseconds
  bool operator==(const FileFacts&) const = default;
};
std::optional<FileFacts> facts_of(int directory, const char* name);  // of the link itself; name "" with an open file: of that

struct GivenOwner {
  std::optional<std::uint32_t> user, group;  // nothing: as it was
};

class OwnerRecords {
 public:
  void record(const FileIdentity& file, const GivenOwner& owner);
  const GivenOwner* find(const FileIdentity& file) const;
  void clear() { given_.clear(); }

 private:
  std::map<FileIdentity, GivenOwner> given_;
};

// Answers the notifications of owner_filter for the processes of one sandbox whose root is `tree`. The names that they pass are looked up in the tree alone:
// whatever a process writes into its memory meanwhile, nothing outside is touched or recorded.
class ChownListener {
 public:
  ChownListener(const Machine& machine, const io::RootedDirectory& tree, OwnerRecords& records) : machine_(machine), tree_(tree), records_(records) {}
  // Answers one notification; call when the descriptor is readable.
  void answer(int listener);

 private:
  struct Call;
  int carry_out(const Call& call, int listener, std::uint64_t id);
  std::string path_of(const Call& call) const;

  const Machine machine_;
  const io::RootedDirectory& tree_;
  OwnerRecords& records_;
};

}  // namespace resole::build
