// SPDX-License-Identifier: Apache-2.0
// The members of an oci-archive as a table, so that any of them can be read without unpacking the rest.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "base/bytes.hpp"
#include "io/files.hpp"
#include "registry/file_window.hpp"

namespace resole::registry {

class TarMembers {
 public:
  // Uncompressed archives are read in place. Compressed ones are expanded once into an unlinked temporary file (bounded). Error(input) on
  // damage.
  explicit TarMembers(const io::Path& path);
  ~TarMembers();

  bool is_still_at(const io::Path& path) const { return file_->is_still_at(path); }
  bool has(const std::string& path) const { return members_.contains(path); }
  std::uint64_t size(const std::string& path) const { return members_.at(path).size; }
  std::unique_ptr<Source> open(const std::string& path) const;  // Error(input) when it is missing

 private:
  struct Extent {
    std::uint64_t offset = 0, size = 0;
  };
  std::unique_ptr<Source> range(std::uint64_t offset, std::uint64_t length) const;
  void expand();
  void scan();

  std::shared_ptr<const RegularFile> file_;
  std::unique_ptr<Spool> expanded_;  // set for a compressed archive
  std::uint64_t total_ = 0;
  std::map<std::string, Extent> members_;
};

}  // namespace resole::registry
