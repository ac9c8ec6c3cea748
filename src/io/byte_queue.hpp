// SPDX-License-Identifier: Apache-2.0
// A bounded buffer between a thread that may wait and one that may not (the loop of curl_loop.hpp, which serves everybody). The one that
// may not is turned away instead, and woken when it is worth coming back.
#pragma once
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

namespace resole::io {

class ByteQueue {
 public:
  // `wake` is called by the side that waits, on its thread.
  ByteQueue(std::size_t capacity, std::function<void()> wake) : capacity_(capacity), wake_(std::move(wake)) {}

  // The side that never waits.
  bool offer(std::string_view bytes);                    // all or nothing; false: full
  std::size_t take(char* buffer, std::size_t capacity);  // 0: nothing here now
  bool turned_away() const;                              // and not woken since

  // The side that waits.
  bool put(std::string_view bytes);                     // false: closed, nobody wants it
  std::size_t get(char* buffer, std::size_t capacity);  // 0: closed, and all was handed out

  void close();  // from any thread

 private:
  bool fits(std::size_t size) const { return held() == 0 || held() + size <= capacity_; }
  std::size_t held() const { return bytes_.size() - begin_; }
  std::size_t pop(char* buffer, std::size_t capacity);
  void push(std::string_view bytes);

  const std::size_t capacity_;
  const std::function<void()> wake_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::string bytes_;  // those before begin_ are gone
  std::size_t begin_ = 0;
  bool turned_away_ = false, closed_ = false;
};

}  // namespace resole::io
