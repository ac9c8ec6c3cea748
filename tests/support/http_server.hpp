// SPDX-License-Identifier: Apache-2.0
// A small HTTP/1.1 server on loopback or a unix socket that misbehaves on request: cut bodies, wrong lengths, odd ranges, stalls,
// redirects, answers that come too early, twice or never. A thread per connection, keep-alive, TLS when asked. Tests give each path a body,
// a list of answers in turn, or a function.
//
//   HttpServer server;
//   server.script("/pool/a.deb", {{.status = 503}, {.body = deb}});
//   fetcher->fetch({.url = server.url("/pool/a.deb"), ...});
//   EXPECT_EQ(server.seen("/pool/a.deb").size(), 2);
//
// Request bodies: HttpSeen::body holds the first HttpServerOptions::keep_body bytes. For big ones, or to break off in the middle, a path is
// opened instead of handled: the function sees the head and says what becomes of the body.
//
//   server.open("/upload", [&](const HttpSeen&) { return HttpPlan{.sink = ..., .cut_after = 5000, .answer = ...}; });
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/certificates.hpp"

namespace resole::test {

struct HttpSeen {
  std::string method, path;                   // with the query
  std::map<std::string, std::string> fields;  // names in lower case; several of one name are joined by ", "
  std::string client_name;                    // subject of the client's certificate
  std::string body;                           // at most HttpServerOptions::keep_body; empty when a sink took it
  std::uint64_t body_size = 0;                // bytes of the body that came
  bool body_whole = false;                    // it came to its end
  int status = 0;                             // of the answer; 0 = none was sent
  std::uint64_t sent = 0;                     // bytes of the answer's body that were sent (or tried)
  std::uint64_t number = 0;                   // grows over all servers of the process
  bool has(const std::string& name) const { return fields.contains(name); }
  std::string field(const std::string& lower_case_name) const;  // "" when absent
};

// Bytes of an answer that are not kept as a string.
struct HttpContent {
  std::uint64_t size = 0;
  std::function<void(std::uint64_t offset, char* out, std::size_t count)> read;
};

struct HttpAnswer {
  int status = 200;
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> fields = {};
  std::string etag = {}, last_modified = {};           // If-None-Match and If-Modified-Since are answered by 304, If-Range is judged
  bool ranges = true;                                  // "Range: bytes=..." is answered by 206 (or 416), else ignored
  std::optional<std::size_t> cut_after = {};           // close the connection after that many bytes of the body
  std::optional<std::uint64_t> announced_length = {};  // Content-Length that is not the body's
  bool until_close = false;                            // no Content-Length: the body ends with the connection
  double delay = 0;                                    // seconds before the answer
  double stall = 0;                                    // seconds of silence where cut_after cuts
  std::optional<HttpContent> content = {};             // instead of `body`
  bool chunked = false;                                // Transfer-Encoding instead of Content-Length
  bool no_length = false;                              // for HEAD, 204 and the like: no Content-Length
  bool duplicate = false;                              // the whole answer is sent twice
  bool silent = false;                                 // the connection is closed, nothing is sent
  bool reset = false;                                  // where the connection ends early, it ends by a reset
  bool close = false;                                  // orderly end of the connection after this answer
};

// What becomes of a request whose head is known.
struct HttpPlan {
  std::function<HttpAnswer(const HttpSeen&)> answer;
  double delay = 0;                                  // seconds before the body is read
  std::function<bool(std::string_view)> sink = {};   // takes the body in pieces; false: the connection is cut, no answer
  std::optional<std::uint64_t> cut_after = {};       // the connection is reset after that many bytes of the body, no answer
  bool answer_first = false;                         // the answer is sent before the body is read; the body is then thrown away
  std::function<void(const HttpSeen&)> broken = {};  // called instead of `answer` when the body did not come whole
};

struct HttpTls {
  bool client_certificate = false;                              // clients must show one of the same authority
  std::vector<std::string> names = {"127.0.0.1", "localhost"};  // of the server's certificate
  int days = 1;                                                 // < 0: it has expired
  std::shared_ptr<CertificateAuthority> authority = {};         // null: one of its own
};

struct HttpServerOptions {
  std::optional<HttpTls> tls = {};
  std::string unix_socket = {};          // path: listens there instead of on loopback
  std::uint64_t keep_body = 1ull << 20;  // bytes of a request's body that HttpSeen holds
};

class HttpServer {
 public:
  using Handler = std::function<HttpAnswer(const HttpSeen&)>;  // called when the body is here
  using Opening = std::function<HttpPlan(const HttpSeen&)>;    // called with the head

  explicit HttpServer(HttpServerOptions options = {});
  ~HttpServer();
  std::uint16_t port() const;
  std::string host() const;                        // "127.0.0.1:PORT"; "localhost" on a unix socket
  std::string url(const std::string& path) const;  // "http://127.0.0.1:PORT/path", https with TLS

  // With TLS: PEM files.
  std::string ca_file() const;
  CertificateFiles client_certificate();  // a new one of the server's authority

  void file(const std::string& path, std::string body);
  void script(const std::string& path, std::vector<HttpAnswer> answers);  // in turn; the last one repeats
  void handle(const std::string& path, Handler handler);                  // other paths are 404
  void open(const std::string& path, Opening opening);
  void open_rest(Opening opening);  // every path that has nothing of its own

  std::vector<HttpSeen> seen() const;
  std::vector<HttpSeen> seen(const std::string& path) const;
  std::size_t connections() const;  // accepted so far
  unsigned most_at_once() const;    // answers being made or sent at the same time

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace resole::test
