// SPDX-License-Identifier: Apache-2.0
// Requests of an HTTP client to a server on loopback, and sources that behave as slow, short or broken files do.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <thread>

#include "io/fetching.hpp"
#include "io/http_client.hpp"

namespace resole::test {

// Keeps what comes; stops after `most` bytes.
class Collector : public io::HttpReceiver {
 public:
  bool head(const io::HttpHead& head) override {
    head_ = head;
    return true;
  }
  bool body(std::string_view bytes) override {
    body_ += bytes;
    return body_.size() < most;
  }
  std::size_t most = SIZE_MAX;
  io::HttpHead head_;
  std::string body_;
};

struct Answer {
  io::HttpOutcome outcome;
  std::string body;
  int status() const { return outcome.head.status; }
};

inline Answer sent(io::HttpClient& client, const io::HttpRequest& request) {
  Collector collector;
  io::HttpOutcome outcome = client.send(request, collector);
  return {std::move(outcome), std::move(collector.body_)};
}

inline io::HttpRequest request_to(const std::string& url, const std::string& method = "GET") {
  return {.url = Url::parse(url), .method = method, .reach = io::Reach::named};
}

// `bytes` must outlive what is made of it.
inline io::HttpBody body_of(std::string_view bytes) { return {opener_of(bytes), bytes.size()}; }

inline io::HttpRequest upload_to(const std::string& url, std::string_view bytes, const std::string& method = "PUT") {
  io::HttpRequest request = request_to(url, method);
  request.body = body_of(bytes);
  return request;
}

// Hands out at most `piece` bytes at a time; before each one `step` is called with what was handed out so far.
class SteppingSource : public Source {
 public:
  SteppingSource(std::string_view bytes, std::size_t piece, std::function<void(std::size_t)> step = {})
      : bytes_(bytes), piece_(piece), step_(std::move(step)) {}
  std::size_t read(char* buffer, std::size_t capacity) override {
    if (step_) step_(done_);
    const std::size_t count = std::min({capacity, piece_, bytes_.size() - done_});
    bytes_.copy(buffer, count, done_);
    done_ += count;
    return count;
  }

 private:
  std::string_view bytes_;
  std::size_t piece_, done_ = 0;
  std::function<void(std::size_t)> step_;
};

inline void pause(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

class RequestTest : public testing::Test {
 protected:
  io::HttpClient& client() {
    if (!client_) client_.emplace(options);
    return *client_;
  }
  static std::string rest_of(io::HttpStream& stream) { return read_all(stream, 1u << 30, "response"); }

  HttpServer server{HttpServerOptions{.keep_body = 64u << 20}};
  io::HttpClientOptions options{.environment = [](const char*) { return std::string(); }};

 private:
  std::optional<io::HttpClient> client_;
};

}  // namespace resole::test
