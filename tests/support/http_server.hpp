// SPDX-License-Identifier: Apache-2.0
// A small HTTP/1.1 server on loopback that misbehaves on request: cut bodies, wrong lengths, odd ranges, stalls, redirects. A thread per
// connection, keep-alive, no TLS. Tests give each path a body, a list of answers in turn, or a function.
//
//   HttpServer server;
//   server.script("/pool/a.deb", {{.status = 503}, {.body = deb}});
//   fetcher->fetch({.url = server.url("/pool/a.deb"), ...});
//   EXPECT_EQ(server.seen("/pool/a.deb").size(), 2);
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace resole::test {

struct HttpSeen {
  std::string method, path;                   // with the query
  std::map<std::string, std::string> fields;  // names in lower case
  bool has(const std::string& name) const { return fields.contains(name); }
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
};

class HttpServer {
 public:
  using Handler = std::function<HttpAnswer(const HttpSeen&)>;

  HttpServer();
  ~HttpServer();
  std::uint16_t port() const;
  std::string host() const;                        // "127.0.0.1:PORT"
  std::string url(const std::string& path) const;  // "http://127.0.0.1:PORT/path"

  void file(const std::string& path, std::string body);
  void script(const std::string& path, std::vector<HttpAnswer> answers);  // in turn; the last one repeats
  void handle(const std::string& path, Handler handler);                  // other paths are 404

  std::vector<HttpSeen> seen() const;
  std::vector<HttpSeen> seen(const std::string& path) const;
  std::size_t connections() const;  // accepted so far
  unsigned most_at_once() const;    // answers being made or sent at the same time

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace resole::test
