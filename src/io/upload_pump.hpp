// SPDX-License-Identifier: Apache-2.0
// The body of a request on its way from its Source, read by the thread that sends, to curl, which asks on the loop's thread. The Source
// may be slow, or be fed by another transfer of the same loop, so the loop never waits for it.
//
// The last bytes are handed over only after the Source came to its end: a server never takes a body for complete that turns out too long,
// or whose digest (base/bytes.hpp verified) is wrong.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "io/byte_queue.hpp"
#include "io/http_client.hpp"

namespace resole::io {

class UploadPump {
 public:
  // `wake` as in byte_queue.hpp; `what` is for messages.
  UploadPump(const HttpBody& body, std::string what, std::function<void()> wake);

  // The sending thread. Both throw what the Source throws, and Error(verification) when it has not `size` bytes.
  void open();
  void run();  // returns when all is handed over, or close() was called

  // The loop's thread.
  std::size_t take(char* buffer, std::size_t capacity);  // 0: nothing here now
  bool complete() const { return taken_ == body_.size; }
  bool begun() const { return taken_ > 0; }
  bool waits_for_source() const { return queue_.turned_away(); }
  void close() { queue_.close(); }

 private:
  void require_end();
  [[noreturn]] void fail(const std::string& problem) const;

  const HttpBody& body_;
  std::string what_;
  ByteQueue queue_;
  std::unique_ptr<Source> source_;
  std::uint64_t taken_ = 0;
};

}  // namespace resole::io
