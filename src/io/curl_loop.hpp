// SPDX-License-Identifier: Apache-2.0
// One thread that runs all transfers of a process: connections, TLS sessions, resolved names and the CA store are kept between requests
// from any thread, and HTTP/2 requests to one host share a connection. The callbacks of a transfer run on the loop's thread and must not
// block: a transfer whose other end is slow is paused by its callback and resumed from outside.
#pragma once
#include <curl/curl.h>

#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace resole::io {

class CurlLoop {
 public:
  class Transfer;
  using Handle = std::shared_ptr<Transfer>;

  CurlLoop();
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;
  ~CurlLoop();  // ends what still runs

  // `easy` stays the caller's, who touches it again only after wait(). `ended` is called on the loop's thread before wait() returns; there
  // are no callbacks after it.
  static Handle prepare(CURL* easy, std::function<void()> ended);
  // From any thread, the loop's too (but for wait).
  void start(const Handle& transfer);
  static CURLcode wait(Transfer& transfer);  // once
  void resume(const Handle& transfer);
  void stop(const Handle& transfer);  // ends it soon, with CURLE_ABORTED_BY_CALLBACK; nothing when it has ended

 private:
  enum class Wish { start, resume, stop };
  struct Order {
    Wish wish;
    Handle transfer;
  };
  using Transfers = std::vector<Handle>;

  void order(Wish wish, const Handle& transfer);
  void run(const std::stop_token& stopping);
  void carry_out_orders();
  void admit(const Handle& transfer);
  void release_finished();
  void end(Transfers::iterator transfer, CURLcode code);
  Transfers::iterator find(const CURL* easy);

  CURLM* multi_;
  Transfers running_;  // the loop's thread only
  std::mutex mutex_;
  std::vector<Order> orders_;
  std::jthread thread_;
};

class CurlLoop::Transfer {
 private:
  friend class CurlLoop;
  CURL* easy = nullptr;  // null once it has ended
  std::function<void()> ended;
  std::promise<CURLcode> code;
};

}  // namespace resole::io
