// SPDX-License-Identifier: Apache-2.0
#include "rootfs/elf_window.hpp"

#include <algorithm>

#include "rootfs/elf.hpp"

namespace resole::rootfs {
namespace {

constexpr std::uint64_t kAround = 2u << 20;  // bytes kept before and after the beginning of .dynamic

void release_if_big(std::string& buffer) {
  buffer.clear();
  if (buffer.capacity() > (4u << 20)) buffer.shrink_to_fit();
}

}  // namespace

void ElfWindow::begin(std::uint64_t file_size, bool with_marks) {
  state_ = file_size < 52 ? State::not_elf : State::unknown;  // 52: the smallest ELF header
  size_ = file_size;
  seen_ = tail_begin_ = tail_end_ = 0;
  release_if_big(head_);
  release_if_big(tail_);
  with_marks_ = with_marks;
  marks_.clear();
}

void ElfWindow::update(std::string_view bytes) {
  if (state_ == State::not_elf) return;
  if (state_ == State::unknown) {
    const std::string_view part = bytes.substr(0, kElfMagic.size() - head_.size());
    head_.append(part);
    seen_ += part.size();
    bytes.remove_prefix(part.size());
    if (head_.size() < kElfMagic.size()) return;
    if (head_ != kElfMagic) {
      state_ = State::not_elf;
      return;
    }
    state_ = State::head;
    head_.reserve(std::min<std::uint64_t>(size_, kElfWindow));
  }
  if (with_marks_) marks_.update(bytes);
  if (state_ == State::head) {
    const std::string_view part = bytes.substr(0, kElfWindow - head_.size());
    head_.append(part);
    seen_ += part.size();
    bytes.remove_prefix(part.size());
    if (head_.size() < kElfWindow) return;
    find_dynamic();
    state_ = State::tail;
  }
  const std::uint64_t begin = std::clamp(tail_begin_, seen_, seen_ + bytes.size());
  const std::uint64_t end = std::clamp(tail_end_, begin, seen_ + bytes.size());
  tail_.append(bytes.substr(begin - seen_, end - begin));
  seen_ += bytes.size();
}

void ElfWindow::find_dynamic() {
  const auto dynamic = dynamic_section(ElfPieces({{0, head_}}));
  if (!dynamic || dynamic->offset < kElfWindow || dynamic->offset >= size_) return;
  tail_begin_ = std::max<std::uint64_t>(kElfWindow, dynamic->offset - kAround);
  tail_end_ = std::min(size_, dynamic->offset + kAround);
}

std::optional<ElfFacts> ElfWindow::finish() {
  if (state_ != State::head && state_ != State::tail) return std::nullopt;
  auto facts = elf_facts(ElfPieces({{0, head_}, {tail_begin_, tail_}}));
  if (facts) facts->embedded = marks_.finish();
  return facts;
}

}  // namespace resole::rootfs
