// SPDX-License-Identifier: Apache-2.0
#include "archive/input.hpp"

#include <cstring>

namespace resole::archive {

namespace {
constexpr std::size_t kBuffer = 256u << 10;
}

std::string_view Input::window() {
  if (window_.empty()) refill();
  return window_;
}

std::string_view Input::peek(std::size_t count) {
  while (window_.size() < count && refill()) {
  }
  return window_.substr(0, count);
}

void Input::consume(std::size_t count) {
  window_.remove_prefix(count);
  consumed_ += count;
}

bool Input::refill() {
  if (!source_) return false;
  if (buffer_.empty()) buffer_.resize(kBuffer);
  const std::size_t kept = window_.size();
  if (kept == buffer_.size()) return false;
  if (kept > 0) std::memmove(buffer_.data(), window_.data(), kept);
  const std::size_t count = source_->read(buffer_.data() + kept, buffer_.size() - kept);
  window_ = {buffer_.data(), kept + count};
  return count > 0;
}

}  // namespace resole::archive
