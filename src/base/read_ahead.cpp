// SPDX-License-Identifier: Apache-2.0
#include "base/read_ahead.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace resole {

ReadAhead::ReadAhead(Source& source, std::function<void(std::string_view)> seen) : source_(source), seen_(std::move(seen)) {
  thread_ = std::thread([this] { run(); });
}

ReadAhead::~ReadAhead() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void ReadAhead::run() {
  try {
    while (Slot* slot = slot_to_fill()) {
      if (!slot->bytes) slot->bytes = std::make_unique_for_overwrite<char[]>(kBuffer);
      slot->size = 0;
      // Filled up: many small reads (a decompressor's) become one handing over.
      while (slot->size < kBuffer) {
        const std::size_t count = source_.read(slot->bytes.get() + slot->size, kBuffer - slot->size);
        if (count == 0) break;
        slot->size += count;
      }
      if (slot->size == 0) break;
      if (seen_) seen_({slot->bytes.get(), slot->size});
      publish_slot();
    }
    publish_end(nullptr);
  } catch (...) {
    publish_end(std::current_exception());
  }
}

ReadAhead::Slot* ReadAhead::slot_to_fill() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return stop_ || filled_ - emptied_ < kBuffers; });
  return stop_ ? nullptr : &slots_[filled_ % kBuffers];
}

void ReadAhead::publish_slot() {
  {
    const std::lock_guard lock(mutex_);
    ++filled_;
  }
  changed_.notify_all();
}

void ReadAhead::publish_end(std::exception_ptr error) {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    error_ = std::move(error);
  }
  changed_.notify_all();
}

bool ReadAhead::wait_for_slot() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return ended_ || filled_ > emptied_; });
  if (filled_ > emptied_) return true;
  if (error_) std::rethrow_exception(error_);
  return false;
}

std::size_t ReadAhead::read(char* buffer, std::size_t capacity) {
  if (!reading_) {
    if (capacity == 0 || !wait_for_slot()) return 0;
    reading_ = true;
    position_ = 0;
  }
  const Slot& slot = slots_[emptied_ % kBuffers];
  const std::size_t count = std::min(capacity, slot.size - position_);
  std::memcpy(buffer, slot.bytes.get() + position_, count);
  position_ += count;
  if (position_ == slot.size) {
    reading_ = false;
    {
      const std::lock_guard lock(mutex_);
      ++emptied_;
    }
    changed_.notify_all();
  }
  return count;
}

}  // namespace resole
