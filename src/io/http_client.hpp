// SPDX-License-Identifier: Apache-2.0
// http and https: one request, its redirects, and the rules of trust (addresses, downgrades, credentials). No retries, no cache, no digests:
// those are download.hpp, fetcher.cpp and registry/remote. curl does not leave exchange.hpp and curl_loop.hpp.
#pragma once
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/url.hpp"
#include "io/http_fields.hpp"
#include "io/proxy.hpp"

namespace resole::io {

struct HttpClientOptions {
  double connect_timeout = 15, stall_timeout = 30;  // seconds
  std::string user_agent;
  std::vector<std::string> allowed_private_hosts;
  // Transfers at once; more wait. Not counted are streams and requests with a body: they go at the pace of their callers, and one caller
  // may need several of them to get on with any.
  unsigned connections = 8;
  Environment environment = process_environment();  // for proxies
  std::string system_authorities;                   // PEM file; empty = what libcurl was built for
};

// Which addresses a request may reach (address.hpp).
enum class Reach {
  public_only,   // no private address, unless HttpClientOptions allows the host
  named,         // any: the operator named this host. A redirect to another host (ports do not matter) is followed as `beside_named`
  beside_named,  // told by a host that the operator named (a token server, a storage host): private addresses behind a name, but no private
                 // literal, and never loopback, link-local or a cloud's metadata service; unless HttpClientOptions allows the host
};

struct TlsOptions {
  bool verify = true;
  std::string authorities;              // PEM text; trusted besides the system's, as podman, docker and containerd do
  std::string client_cert, client_key;  // PEM files
  bool operator==(const TlsOptions&) const = default;
};

// Bytes to send. open() is called for every exchange; it is called and read on the thread that called send(),
// and may use the same client. The server is told the body is complete only after the Source came to its end.
struct HttpBody {
  SourceOpener open;
  std::uint64_t size = 0;  // exactly
};

struct HttpRequest {
  Url url;                                       // userinfo becomes Basic credentials for this origin only
  std::vector<std::string> fields;               // "Range: bytes=5-"
  const std::atomic<bool>* cancelled = nullptr;  // set by another thread: the transfer ends soon
  std::string method = "GET";                    // GET and HEAD follow redirects, others hand a 3xx to the receiver
  std::string authorization;                     // value of the Authorization field, for this origin only
  std::optional<HttpBody> body;                  // POST, PUT, PATCH; without one they send Content-Length: 0
  TlsOptions tls;                                // for this host only; redirects elsewhere use the system's
  Reach reach = Reach::public_only;
  std::string unix_socket;                       // path: the connection goes there, the URL gives path and Host only; never redirected
  double stall_timeout = 0;                      // seconds, for a server that thinks long; 0 = the client's
};

// Takes the response that is not a redirect; called on a thread of the client, which it must not keep waiting. What it throws leaves
// send(). False: stop here, the rest is not wanted.
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
  std::string trouble;       // for interrupted and failed; printable
  bool tls_trouble = false;  // no TLS came about: a certificate is not trusted, or the other side speaks none
};

// A response whose body is pulled. Destroying it breaks the transfer off.
class HttpStream : public Source {
 public:
  virtual const HttpHead& head() const = 0;  // status 0: no response came; then read() returns 0 at once
  // 0 at the end of the body, however it ended: ask outcome().
  std::size_t read(char* buffer, std::size_t capacity) override = 0;
  virtual HttpOutcome outcome() = 0;  // before read() returned 0 this breaks the transfer off: Ending::stopped
};

struct ClientCore;

class HttpClient {
 public:
  explicit HttpClient(HttpClientOptions options);
  ~HttpClient();
  // Blocks until the response ended. Error(refused) for private addresses, Error(network) for redirects that may not be followed,
  // Error(verification) when the body has another size than it says; what the receiver or the body's Source throws. An answer of 400 and
  // more that comes before the body is sent is an answer like others.
  HttpOutcome send(const HttpRequest& request, HttpReceiver& receiver);
  // Returns when the head of the response (behind its redirects) is here, or no response came; the body is read from the result at the
  // reader's pace (a bounded buffer, then the transfer pauses), by one thread at a time. Throws as send() does. `request` is copied (what
  // `cancelled` points to is not); its body is not allowed. The stream may outlive the client.
  std::unique_ptr<HttpStream> stream(const HttpRequest& request);
  HttpOutcome get(const HttpRequest& request, HttpReceiver& receiver) { return send(request, receiver); }

 private:
  std::shared_ptr<ClientCore> core_;
};

}  // namespace resole::io
