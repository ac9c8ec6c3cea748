// SPDX-License-Identifier: Apache-2.0
#include "support/http_server.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <list>
#include <mutex>
#include <stdexcept>
#include <string_view>
#include <thread>

#include "base/text.hpp"

namespace resole::test {

namespace {

// Bytes from a socket, with what was read beyond the wanted part kept for the next request.
bool read_head(int socket, std::string& pending, std::string& head) {
  for (;;) {
    if (const std::size_t end = pending.find("\r\n\r\n"); end != std::string::npos) {
      head = pending.substr(0, end + 2);
      pending.erase(0, end + 4);
      return true;
    }
    char buffer[4096];
    const ssize_t count = recv(socket, buffer, sizeof buffer, 0);
    if (count <= 0 || pending.size() > 100000) return false;
    pending.append(buffer, static_cast<std::size_t>(count));
  }
}

HttpSeen parse_request(const std::string& head) {
  HttpSeen request;
  bool first = true;
  for (std::string_view line : lines(head)) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (first) {
      const auto words = split_words(line);
      if (words.size() == 3) {
        request.method = words[0];
        request.path = words[1];
      }
      first = false;
    } else if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
      request.fields[lower(line.substr(0, colon))] = trim(line.substr(colon + 1));
    }
  }
  return request;
}

bool send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::string field_or(const HttpSeen& request, const std::string& name) {
  const auto found = request.fields.find(name);
  return found == request.fields.end() ? std::string() : found->second;
}

bool is_unchanged(const HttpSeen& request, const HttpAnswer& answer) {
  if (!answer.etag.empty() && request.has("if-none-match")) return field_or(request, "if-none-match") == answer.etag;
  return !answer.last_modified.empty() && field_or(request, "if-modified-since") == answer.last_modified;
}

bool range_applies(const HttpSeen& request, const HttpAnswer& answer) {
  if (!answer.ranges || answer.status != 200 || !request.has("range")) return false;
  const std::string condition = field_or(request, "if-range");
  return condition.empty() || condition == answer.etag || condition == answer.last_modified;
}

// Turns a 200 answer into what conditions and Range ask for.
HttpAnswer adapted(const HttpSeen& request, HttpAnswer answer) {
  if (!answer.etag.empty()) answer.fields.emplace_back("ETag", answer.etag);
  if (!answer.last_modified.empty()) answer.fields.emplace_back("Last-Modified", answer.last_modified);
  if (answer.status == 200 && is_unchanged(request, answer)) {
    answer.status = 304;
    answer.body.clear();
    return answer;
  }
  if (!range_applies(request, answer)) return answer;
  const std::string range = field_or(request, "range").substr(6);  // after "bytes="
  const std::uint64_t first = std::stoull(range), total = answer.body.size();
  if (first >= total) {
    answer.status = 416;
    answer.fields.emplace_back("Content-Range", fmt::format("bytes */{}", total));
    answer.body.clear();
    return answer;
  }
  const std::string_view last_text = std::string_view(range).substr(range.find('-') + 1);
  const std::uint64_t last = std::min(parse_unsigned(last_text).value_or(total - 1), total - 1);
  answer.status = 206;
  answer.fields.emplace_back("Content-Range", fmt::format("bytes {}-{}/{}", first, last, total));
  answer.body = answer.body.substr(first, last - first + 1);
  return answer;
}

}  // namespace

struct HttpServer::State {
  int listener = -1;
  std::uint16_t port = 0;
  mutable std::mutex mutex;
  std::condition_variable stopped;
  bool stopping = false;
  std::map<std::string, Handler> handlers;
  std::vector<HttpSeen> seen;
  std::list<int> sockets;
  std::vector<std::thread> threads;
  std::size_t connections = 0;
  unsigned at_once = 0, most_at_once = 0;
  std::thread acceptor;

  // False when the server stops meanwhile.
  bool pause(double seconds) {
    std::unique_lock lock(mutex);
    return !stopped.wait_for(lock, std::chrono::duration<double>(seconds), [this] { return stopping; });
  }

  void accept_all() {
    for (;;) {
      const int socket = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
      const std::lock_guard lock(mutex);
      if (socket < 0 || stopping) {
        if (socket >= 0) close(socket);
        return;
      }
      ++connections;
      sockets.push_back(socket);
      threads.emplace_back([this, socket] { converse(socket); });
    }
  }

  void converse(int socket) {
    std::string pending, head;
    while (read_head(socket, pending, head)) {
      const HttpSeen request = parse_request(head);
      if (!answer(socket, request)) break;
    }
    const std::lock_guard lock(mutex);
    sockets.remove(socket);
    close(socket);
  }

  Handler handler_for(const HttpSeen& request) {
    const std::lock_guard lock(mutex);
    seen.push_back(request);
    most_at_once = std::max(most_at_once, ++at_once);
    const auto found = handlers.find(request.path.substr(0, request.path.find('?')));
    return found == handlers.end() ? Handler([](const HttpSeen&) { return HttpAnswer{.status = 404, .body = "no such path\n"}; })
                                   : found->second;
  }

  bool answer(int socket, const HttpSeen& request) {
    const HttpAnswer reply = adapted(request, handler_for(request)(request));
    const bool keep = send_answer(socket, reply);
    const std::lock_guard lock(mutex);
    --at_once;
    return keep && !stopping;
  }

  bool send_answer(int socket, const HttpAnswer& reply) {
    if (reply.delay > 0 && !pause(reply.delay)) return false;
    std::string head = fmt::format("HTTP/1.1 {} Scripted\r\n", reply.status);
    for (const auto& [name, value] : reply.fields) head += fmt::format("{}: {}\r\n", name, value);
    if (!reply.until_close && reply.status != 304)
      head += fmt::format("Content-Length: {}\r\n", reply.announced_length.value_or(reply.body.size()));
    if (reply.until_close) head += "Connection: close\r\n";
    const bool cut = reply.cut_after && *reply.cut_after < reply.body.size();
    const std::string_view body = cut ? std::string_view(reply.body).substr(0, *reply.cut_after) : std::string_view(reply.body);
    // In one go: a head and a small body sent apart would wait for the delayed acknowledgement, 40 ms each.
    if (!send_all(socket, head.append("\r\n").append(body))) return false;
    if (reply.stall > 0) pause(reply.stall);
    return !cut && !reply.until_close && !reply.announced_length;
  }
};

HttpServer::HttpServer() : state_(std::make_unique<State>()) {
  state_->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(state_->listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(state_->listener, 64) != 0 ||
      getsockname(state_->listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("the test server cannot listen on loopback");
  }
  state_->port = ntohs(address.sin_port);
  state_->acceptor = std::thread([state = state_.get()] { state->accept_all(); });
}

HttpServer::~HttpServer() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
    for (const int socket : state_->sockets) shutdown(socket, SHUT_RDWR);
    state_->stopped.notify_all();
  }
  shutdown(state_->listener, SHUT_RDWR);
  state_->acceptor.join();
  close(state_->listener);
  for (std::thread& thread : state_->threads) thread.join();
}

std::uint16_t HttpServer::port() const { return state_->port; }
std::string HttpServer::host() const { return fmt::format("127.0.0.1:{}", state_->port); }
std::string HttpServer::url(const std::string& path) const { return fmt::format("http://{}{}", host(), path); }

void HttpServer::file(const std::string& path, std::string body) { script(path, {HttpAnswer{.body = std::move(body)}}); }

void HttpServer::script(const std::string& path, std::vector<HttpAnswer> answers) {
  auto next = std::make_shared<std::size_t>(0);
  handle(path, [this, answers = std::move(answers), next](const HttpSeen&) {
    const std::lock_guard lock(state_->mutex);
    return answers[std::min((*next)++, answers.size() - 1)];
  });
}

void HttpServer::handle(const std::string& path, Handler handler) {
  const std::lock_guard lock(state_->mutex);
  state_->handlers[path] = std::move(handler);
}

std::vector<HttpSeen> HttpServer::seen() const {
  const std::lock_guard lock(state_->mutex);
  return state_->seen;
}

std::vector<HttpSeen> HttpServer::seen(const std::string& path) const {
  std::vector<HttpSeen> matching;
  for (HttpSeen& request : seen()) {
    if (request.path == path) matching.push_back(std::move(request));
  }
  return matching;
}

std::size_t HttpServer::connections() const {
  const std::lock_guard lock(state_->mutex);
  return state_->connections;
}

unsigned HttpServer::most_at_once() const {
  const std::lock_guard lock(state_->mutex);
  return state_->most_at_once;
}

}  // namespace resole::test
