// SPDX-License-Identifier: Apache-2.0
// One thread that runs all transfers of a process: connections, TLS sessions, resolved names and the CA store are kept between requests
// from any thread, and HTTP/2 requests to one host share a connection. Callers block; the callbacks of their transfer run on the loop's
// thread.
#pragma once
#include <curl/curl.h>

#include <future>
#include <mutex>
#include <thread>
#include <vector>

namespace resole::io {

class CurlLoop {
 public:
  CurlLoop();
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;
  ~CurlLoop();

  CURLcode perform(CURL* transfer);  // from any thread; returns when the transfer ended

 private:
  struct Job {
    CURL* transfer;
    std::promise<CURLcode> ended;
  };
  void run(const std::stop_token& stopping);
  void admit_arrivals(std::vector<Job*>& running);
  void release_finished(std::vector<Job*>& running);
  static void finish(Job& job, CURLcode code);

  CURLM* multi_;
  std::mutex mutex_;
  std::vector<Job*> arriving_;
  std::jthread thread_;
};

}  // namespace resole::io
