// SPDX-License-Identifier: Apache-2.0
#include "archive/tar_stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "archive/tar_format.hpp"
#include "base/text.hpp"

namespace resole::tar {

namespace {
constexpr std::size_t kBuffer = 256u << 10;
}

Stream::Stream(Source& source, std::uint64_t limit) : source_(source), limit_(limit), buffer_(kBuffer) {}

std::string_view Stream::block() {
  if (end_ - at_ < kBlock) fill();
  if (at_ == end_) return {};
  if (end_ - at_ < kBlock) throw_bad(offset_, "it ends within a header");
  const std::string_view block(buffer_.data() + at_, kBlock);
  advance(kBlock);
  return block;
}

std::size_t Stream::read(char* out, std::size_t capacity) {
  if (capacity == 0) return 0;
  if (at_ == end_) {
    if (capacity >= kBuffer) return read_directly(out, capacity);
    fill();
  }
  const std::size_t count = std::min(capacity, end_ - at_);
  if (count > 0) std::memcpy(out, buffer_.data() + at_, count);
  advance(count);
  return count;
}

bool Stream::skip(std::uint64_t count) {
  while (count > 0) {
    if (at_ == end_) fill();
    if (at_ == end_) return false;
    const auto step = static_cast<std::size_t>(std::min<std::uint64_t>(count, end_ - at_));
    advance(step);
    count -= step;
  }
  return true;
}

void Stream::advance(std::size_t count) {
  at_ += count;
  offset_ += count;
  check_limit();
}

std::size_t Stream::read_directly(char* out, std::size_t capacity) {
  const std::size_t count = source_.read(out, capacity);
  offset_ += count;
  check_limit();
  return count;
}

void Stream::check_limit() const {
  if (offset_ > limit_) throw_bad(limit_, fmt::format("it is larger than the {} accepted", human_size(limit_)));
}

void Stream::fill() {
  if (at_ > 0 && end_ > at_) std::memmove(buffer_.data(), buffer_.data() + at_, end_ - at_);
  end_ -= at_;
  at_ = 0;
  do {
    const std::size_t count = source_.read(buffer_.data() + end_, buffer_.size() - end_);
    if (count == 0) return;
    end_ += count;
  } while (end_ < kBlock);
}

}  // namespace resole::tar
