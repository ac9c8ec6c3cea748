// SPDX-License-Identifier: Apache-2.0
// Keeps what ELF facts need while a file's content streams by, in bounded memory.
//
// The headers stand first and say where .dynamic lies, usually near the end of the file; .dynamic says where the string table lies, usually
// near the beginning, but one cannot go back. So: the first kElfWindow bytes are kept (the whole of nearly every library), and of bigger
// files the surroundings of .dynamic too, because patchelf moves .dynamic and .dynstr together into a new segment at the end. A string
// table anywhere else yields no names.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "rootfs/layer_index.hpp"
#include "rootfs/library_marks.hpp"

namespace resole::rootfs {

class ElfWindow {
 public:
  void begin(std::uint64_t file_size, bool with_marks = true);  // `with_marks`: look for libraries that are linked in
  void update(std::string_view bytes);  // the content in order; does nothing once it is clear that the file is not ELF
  std::optional<ElfFacts> finish();     // nullopt when not an ELF executable or shared object

 private:
  void find_dynamic();

  enum class State { unknown, not_elf, head, tail };
  State state_ = State::not_elf;
  std::uint64_t size_ = 0, seen_ = 0;
  std::uint64_t tail_begin_ = 0, tail_end_ = 0;  // of the surroundings of .dynamic in a big file
  std::string head_, tail_;
  bool with_marks_ = false;
  LibraryMarks marks_;
};

}  // namespace resole::rootfs
