// SPDX-License-Identifier: Apache-2.0
#include "io/upload_pump.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"

namespace resole::io {

namespace {

constexpr std::size_t kBuffered = 1u << 20, kChunk = 128u << 10;

}  // namespace

UploadPump::UploadPump(const HttpBody& body, std::string what, std::function<void()> wake)
    : body_(body), what_(std::move(what)), queue_(kBuffered, std::move(wake)) {}

void UploadPump::open() {
  source_ = body_.open();
  if (body_.size == 0) require_end();
}

void UploadPump::run() {
  const auto chunk = std::make_unique<char[]>(kChunk);
  for (std::uint64_t left = body_.size; left > 0;) {
    const std::size_t count = source_->read(chunk.get(), static_cast<std::size_t>(std::min<std::uint64_t>(left, kChunk)));
    if (count == 0) fail(fmt::format("ended after {} of {} bytes", body_.size - left, body_.size));
    left -= count;
    if (left == 0) require_end();
    if (!queue_.put({chunk.get(), count})) return;
  }
}

std::size_t UploadPump::take(char* buffer, std::size_t capacity) {
  const std::size_t count = queue_.take(buffer, capacity);
  taken_ += count;
  return count;
}

void UploadPump::require_end() {
  char excess = 0;
  if (source_->read(&excess, 1) > 0) fail(fmt::format("is longer than {} bytes", body_.size));
}

void UploadPump::fail(const std::string& problem) const {
  throw Error(ErrorKind::verification, fmt::format("what was to be sent to {} {}", what_, problem));
}

}  // namespace resole::io
