// SPDX-License-Identifier: Apache-2.0
#include "io/byte_queue.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace resole::io {

bool ByteQueue::offer(std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  turned_away_ = !fits(bytes.size());
  if (turned_away_) return false;
  push(bytes);
  changed_.notify_one();
  return true;
}

std::size_t ByteQueue::take(char* buffer, std::size_t capacity) {
  const std::lock_guard lock(mutex_);
  turned_away_ = held() == 0;
  const std::size_t count = pop(buffer, capacity);
  if (count > 0) changed_.notify_one();
  return count;
}

bool ByteQueue::turned_away() const {
  const std::lock_guard lock(mutex_);
  return turned_away_;
}

bool ByteQueue::put(std::string_view bytes) {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || fits(bytes.size()); });
    if (closed_) return false;
    push(bytes);
    if (!std::exchange(turned_away_, false)) return true;
  }
  wake_();
  return true;
}

std::size_t ByteQueue::get(char* buffer, std::size_t capacity) {
  std::size_t count = 0;
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || held() > 0; });
    count = pop(buffer, capacity);
    // Not for every few bytes that were taken: each waking costs the loop a round.
    if (!turned_away_ || held() > capacity_ / 2) return count;
    turned_away_ = false;
  }
  wake_();
  return count;
}

void ByteQueue::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  turned_away_ = false;
  changed_.notify_all();
}

std::size_t ByteQueue::pop(char* buffer, std::size_t capacity) {
  const std::size_t count = std::min(capacity, held());
  if (count > 0) std::memcpy(buffer, bytes_.data() + begin_, count);
  begin_ += count;
  if (begin_ == bytes_.size()) {
    bytes_.clear();
    begin_ = 0;
  }
  return count;
}

void ByteQueue::push(std::string_view bytes) {
  if (begin_ > capacity_ / 2) {
    bytes_.erase(0, begin_);
    begin_ = 0;
  }
  bytes_.append(bytes);
}

}  // namespace resole::io
