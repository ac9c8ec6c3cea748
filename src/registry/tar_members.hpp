// SPDX-License-Identifier: Apache-2.0
// The members of an archive of images as a table, so that any of them can be read without unpacking the rest.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "base/bytes.hpp"
#include "io/files.hpp"
#include "registry/file_window.hpp"

namespace resole::tar {
struct Header;
}

namespace resole::registry {

// Two members of one name: an error, or the later one counts, as for tar itself.
enum class Repeats : std::uint8_t { refused, last_counts };

class TarMembers {
 public:
  // Uncompressed archives are read in place. Compressed ones are expanded once into an unlinked temporary file (bounded). Error(input) on
  // damage.
  explicit TarMembers(const io::Path& path, Repeats repeats = Repeats::refused);
  // An uncompressed archive that came from elsewhere; `name` is for messages.
  TarMembers(std::unique_ptr<Spool> bytes, std::string name, Repeats repeats);
  ~TarMembers();

  bool is_still_at(const io::Path& path) const { return file_ && file_->is_still_at(path); }
  bool has(const std::string& path) const { return members_.contains(path); }
  bool is_repeated(const std::string& path) const { return repeated_.contains(path); }
  // The member that holds the bytes of `path`, behind symbolic and hard links to other members; nullopt when they lead nowhere.
  std::optional<std::string> file_behind(const std::string& path) const;
  std::uint64_t size(const std::string& path) const { return members_.at(path).size; }
  std::unique_ptr<Source> open(const std::string& path) const;  // Error(input) when it is missing

 private:
  struct Extent {
    std::uint64_t offset = 0, size = 0;
  };
  std::unique_ptr<Source> range(std::uint64_t offset, std::uint64_t length) const;
  void expand();
  void scan(Repeats repeats);
  void enter(const tar::Header& header, Extent extent, Repeats repeats);

  std::string name_;                         // for messages
  std::shared_ptr<const RegularFile> file_;  // nullptr when the archive came as a spool
  std::unique_ptr<Spool> expanded_;          // set for a compressed archive, and one that came as a spool
  std::uint64_t total_ = 0;
  std::map<std::string, Extent> members_;
  std::map<std::string, std::string> links_;  // to the path of another member
  std::set<std::string> repeated_;
};

}  // namespace resole::registry
