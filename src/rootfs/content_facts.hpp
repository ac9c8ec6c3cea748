// SPDX-License-Identifier: Apache-2.0
// What the index keeps of one file's content, gathered while it streams by once: hashes, captured bytes, ELF facts.
// Used alike for layers that are read and for drafts that are written, so that both give the same index.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/digest.hpp"
#include "rootfs/elf_window.hpp"
#include "rootfs/layer_index.hpp"

namespace resole::rootfs {

class ContentFacts {
 public:
  explicit ContentFacts(const IndexLimits& limits) : limits_(limits) {}
  void begin(const std::string& path, std::uint64_t size);  // Error(input): a captured file beyond the limits
  void update(std::string_view bytes);
  // Completes `entry` and adds captured bytes and ELF facts of its path to `index`, replacing those of an earlier file of the same path.
  void finish(Entry& entry, LayerIndex& index);

 private:
  IndexLimits limits_;
  Hasher sha256_{Algorithm::sha256}, md5_{Algorithm::md5}, sha1_{Algorithm::sha1};
  ElfWindow elf_;
  bool with_md5_ = false, with_sha1_ = false, capture_ = false;
  std::string captured_;
  std::uint64_t captured_total_ = 0;
};

}  // namespace resole::rootfs
