// SPDX-License-Identifier: Apache-2.0
// Reading the dynamic section of an ELF file from the pieces of it that are at hand (System V gABI, chapters 4 and 5).
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "rootfs/layer_index.hpp"

namespace resole::rootfs {

// Parts of a file's content by offset. Nothing in an ELF header is trusted: every read is checked against what is there.
class ElfPieces {
 public:
  struct Piece {
    std::uint64_t offset = 0;
    std::string_view bytes;
  };
  explicit ElfPieces(std::vector<Piece> pieces) : pieces_(std::move(pieces)) {}
  // Exactly `size` bytes at `offset`; nullopt when they are not (all) at hand in one piece.
  std::optional<std::string_view> at(std::uint64_t offset, std::uint64_t size) const;
  // From `offset` to the end of its piece, at most `most` bytes; empty when not at hand.
  std::string_view from(std::uint64_t offset, std::uint64_t most) const;

 private:
  std::vector<Piece> pieces_;
};

struct ElfRange {
  std::uint64_t offset = 0, size = 0;  // in the file
};

inline constexpr std::string_view kElfMagic = "\177ELF";

// Where the program headers (in `pieces`) say that the dynamic section lies; nullopt when it is static or not ELF.
std::optional<ElfRange> dynamic_section(const ElfPieces& pieces);
std::optional<ElfFacts> elf_facts(const ElfPieces& pieces);

}  // namespace resole::rootfs
