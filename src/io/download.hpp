// SPDX-License-Identifier: Apache-2.0
// One download with its retries: into a Landing, resumed after a break, bounded in size.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/effects.hpp"
#include "io/http_client.hpp"
#include "io/retry.hpp"

namespace resole::io {

// Where the bytes of a download go. After restart() everything written before is forgotten.
class Landing {
 public:
  virtual ~Landing() = default;
  virtual void restart() = 0;
  virtual void write(std::string_view bytes) = 0;
};

struct DownloadRequest {
  Url url;
  std::string what;
  std::vector<std::string> fields;  // for conditional requests
  std::int64_t size = -1;           // exactly, when known
  std::uint64_t limit = 0;          // at most, when not
  const std::atomic<bool>* cancelled = nullptr;
  std::function<void(std::uint64_t bytes)> progress;  // bytes here so far; may fall back after a restart
  TlsOptions tls = {};
};

struct DownloadResult {
  bool not_modified = false;  // 304: nothing was written
  bool resumed = false;       // the bytes come from more than one response
  HttpHead head;
};

class Downloader {
 public:
  Downloader(HttpClient& client, RetryOptions retries, const Clock& clock) : client_(client), retries_(std::move(retries)), clock_(clock) {}

  // Error(verification) when the server's file has another size than `size`, or more than `limit`.
  DownloadResult download(const DownloadRequest& request, Landing& landing) const;
  // Bytes [offset, offset + length), fewer when the file ends before.
  std::string range(const DownloadRequest& request, std::uint64_t offset, std::uint64_t length) const;

 private:
  HttpClient& client_;
  RetryOptions retries_;
  const Clock& clock_;
};

}  // namespace resole::io
