// SPDX-License-Identifier: Apache-2.0
// A Source that is read on a thread of its own, a few buffers ahead of whoever reads from here: decompression and the diff_id hash on one
// core, parsing and file hashes on another.
#pragma once
#include <array>
#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>

#include "base/bytes.hpp"

namespace resole {

class ReadAhead : public Source {
 public:
  // `source` must outlive this and is used by nobody else meanwhile. `seen` is given all bytes in order, on the reading thread; it has
  // returned for the last of them before read() returns 0.
  explicit ReadAhead(Source& source, std::function<void(std::string_view)> seen = {});
  ~ReadAhead() override;  // stops reading ahead; waits for a read that is under way
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  std::size_t read(char* buffer, std::size_t capacity) override;  // rethrows what the source threw

 private:
  // Small enough that a buffer is still in the cache when it is hashed and parsed, big enough that handing over costs nothing.
  static constexpr std::size_t kBuffer = 256u << 10;
  static constexpr std::size_t kBuffers = 8;
  struct Slot {
    std::unique_ptr<char[]> bytes;  // made when first needed: most layers are small
    std::size_t size = 0;
  };

  void run();
  Slot* slot_to_fill();
  void publish_slot();
  void publish_end(std::exception_ptr error);
  bool wait_for_slot();

  Source& source_;
  const std::function<void(std::string_view)> seen_;
  std::array<Slot, kBuffers> slots_;
  std::size_t position_ = 0;  // in the slot that is being read; the reader's only
  bool reading_ = false;      // a slot is held by the reader

  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t filled_ = 0, emptied_ = 0;  // slots ever; the ring holds filled_ - emptied_
  bool ended_ = false, stop_ = false;
  std::exception_ptr error_;
  std::thread thread_;
};

}  // namespace resole
