// SPDX-License-Identifier: Apache-2.0
// GET over http and https: one request, its redirects, and the rules of trust (addresses, downgrades, credentials). No retries, no cache,
// no digests: those are download.hpp and fetcher.cpp. curl does not leave this file and curl_loop.
#pragma once
#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/url.hpp"
#include "io/http_fields.hpp"
#include "io/proxy.hpp"

namespace resole::io {

struct HttpClientOptions {
  double connect_timeout = 15, stall_timeout = 30;  // seconds
  std::string user_agent;
  std::vector<std::string> allowed_private_hosts;
  unsigned connections = 8;                         // transfers at once; more wait
  Environment environment = process_environment();  // for proxies
};

struct HttpRequest {
  Url url;                                       // userinfo becomes Basic credentials for this origin only
  std::vector<std::string> fields;               // "Range: bytes=5-"
  const std::atomic<bool>* cancelled = nullptr;  // set by another thread: the transfer ends soon
};

// Takes the response that is not a redirect; called on a thread of the client. What it throws leaves get(). False: stop here, the rest is
// not wanted.
class HttpReceiver {
 public:
  virtual ~HttpReceiver() = default;
  virtual bool head(const HttpHead& head) = 0;
  virtual bool body(std::string_view bytes) = 0;
};

enum class Ending {
  complete,     // the whole message came, as far as its framing tells
  stopped,      // the receiver or the cancelling thread did not want more
  interrupted,  // no connection, or it broke, or stalled: worth another try
  failed,       // will fail again: certificate, protocol
};

struct HttpOutcome {
  Ending ending = Ending::complete;
  HttpHead head;        // status 0 when no response came
  std::string trouble;  // for interrupted and failed; printable
};

class HttpClient {
 public:
  explicit HttpClient(HttpClientOptions options);
  ~HttpClient();
  // Error(refused) for private addresses, Error(network) for redirects that may not be followed.
  HttpOutcome get(const HttpRequest& request, HttpReceiver& receiver);

 private:
  struct Machinery;
  std::unique_ptr<Machinery> machinery_;
};

}  // namespace resole::io
