// SPDX-License-Identifier: Apache-2.0
#include "support/http_server.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <list>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "base/text.hpp"
#include "support/http_answer.hpp"
#include "support/http_wire.hpp"

namespace resole::test {

namespace {

int listen_on(const sockaddr* address, socklen_t size) {
  const int listener = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(listener, address, size) == 0 && listen(listener, 64) == 0) return listener;
  close(listener);
  throw std::runtime_error("the test server cannot listen");
}

int listen_on_loopback(std::uint16_t& port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int listener = listen_on(reinterpret_cast<sockaddr*>(&address), sizeof address);
  socklen_t size = sizeof address;
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  port = ntohs(address.sin_port);
  return listener;
}

int listen_on_path(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throw std::runtime_error("the path of a unix socket is too long: " + path);
  path.copy(address.sun_path, path.size());
  return listen_on(reinterpret_cast<sockaddr*>(&address), sizeof address);
}

// OpenSSL writes without MSG_NOSIGNAL.
void block_sigpipe() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

HttpPlan no_such_path(const HttpSeen&) {
  return {.answer = [](const HttpSeen&) { return HttpAnswer{.status = 404, .body = "no such path\n"}; }};
}

}  // namespace

struct HttpServer::State {
  HttpServerOptions options;
  std::shared_ptr<CertificateAuthority> authority;
  std::unique_ptr<TlsContext> tls;
  int listener = -1;
  std::uint16_t port = 0;
  mutable std::mutex mutex;
  std::condition_variable stopped;
  bool stopping = false;
  std::map<std::string, Opening> openings;
  Opening rest = no_such_path;
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
    block_sigpipe();
    {
      Wire wire(socket);
      std::string head;
      if (!tls || wire.secure(*tls)) {
        while (wire.read_head(head) && exchange(wire, head)) continue;
      }
    }
    const std::lock_guard lock(mutex);
    sockets.remove(socket);
    close(socket);
  }

  bool exchange(Wire& wire, const std::string& head) {
    HttpSeen request = parse_request(head);
    request.client_name = wire.client_name();
    static std::atomic<std::uint64_t> all_requests = 0;
    request.number = ++all_requests;
    const std::size_t number = note(request);
    const bool wants_end = lower(request.field("connection")) == "close";
    const bool whole = carry_out(wire, number, request, opening_for(request)(request)), keep = whole && !wants_end;
    if (whole && wants_end) wire.end();
    const std::lock_guard lock(mutex);
    --at_once;
    return keep && !stopping;
  }

  std::size_t note(const HttpSeen& request) {
    const std::lock_guard lock(mutex);
    seen.push_back(request);
    most_at_once = std::max(most_at_once, ++at_once);
    return seen.size() - 1;
  }

  void note_body(std::size_t number, const HttpSeen& request) {
    const std::lock_guard lock(mutex);
    seen[number].body = request.body;
    seen[number].body_size = request.body_size;
    seen[number].body_whole = request.body_whole;
  }

  Opening opening_for(const HttpSeen& request) {
    const std::lock_guard lock(mutex);
    const auto found = openings.find(request.path.substr(0, request.path.find('?')));
    return found == openings.end() ? rest : found->second;
  }

  bool carry_out(Wire& wire, std::size_t number, HttpSeen& request, const HttpPlan& plan) {
    if (plan.delay > 0 && !pause(plan.delay)) return false;
    const bool waits = lower(request.field("expect")) == "100-continue";
    if (plan.answer_first) {
      // A client that waits for leave to send will not send now, and need not say so: the connection cannot be used again.
      return answer(wire, number, request, plan) && !waits && read_body(wire, request, {});
    }
    if (waits && !wire.send_all("HTTP/1.1 100 Continue\r\n\r\n")) return false;
    const bool whole = read_body(wire, request, plan);
    note_body(number, request);
    if (whole) return answer(wire, number, request, plan);
    if (plan.broken) plan.broken(request);
    if (plan.cut_after) wire.reset();
    return false;
  }

  bool read_body(Wire& wire, HttpSeen& request, const HttpPlan& plan) {
    const auto take = [&](std::string_view piece) {
      const std::uint64_t room = plan.cut_after ? *plan.cut_after - request.body_size : piece.size();
      const bool cut = room < piece.size();
      if (cut) piece = piece.substr(0, room);
      request.body_size += piece.size();
      if (plan.sink && !plan.sink(piece)) return false;
      if (!plan.sink) request.body += piece.substr(0, options.keep_body - request.body.size());
      return !cut;
    };
    const std::uint64_t length = parse_unsigned(request.field("content-length")).value_or(0);
    request.body_whole = wire.read_body(lower(request.field("transfer-encoding")) == "chunked", length, take);
    return request.body_whole;
  }

  bool answer(Wire& wire, std::size_t number, const HttpSeen& request, const HttpPlan& plan) {
    const HttpAnswer reply = adapted(request, plan.answer(request));
    {
      const std::lock_guard lock(mutex);
      seen[number].status = reply.silent ? 0 : reply.status;
    }
    const auto count = [this, number](std::uint64_t bytes) {
      const std::lock_guard lock(mutex);
      seen[number].sent += bytes;
    };
    return send_answer({wire, [this](double seconds) { return pause(seconds); }, count}, request, reply);
  }
};

HttpServer::HttpServer(HttpServerOptions options) : state_(std::make_unique<State>()) {
  State& state = *state_;
  state.options = std::move(options);
  if (state.options.tls) {
    const HttpTls& wanted = *state.options.tls;
    state.authority = wanted.authority ? wanted.authority : std::make_shared<CertificateAuthority>();
    const CertificateFiles own = state.authority->issue(wanted.names, wanted.days);
    state.tls = std::make_unique<TlsContext>(own.certificate, own.key, wanted.client_certificate ? state.authority->ca_file() : "");
  }
  state.listener = state.options.unix_socket.empty() ? listen_on_loopback(state.port) : listen_on_path(state.options.unix_socket);
  state.acceptor = std::thread([&state] { state.accept_all(); });
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
  if (!state_->options.unix_socket.empty()) unlink(state_->options.unix_socket.c_str());
  for (std::thread& thread : state_->threads) thread.join();
}

std::uint16_t HttpServer::port() const { return state_->port; }
std::string HttpServer::host() const {
  return state_->options.unix_socket.empty() ? fmt::format("127.0.0.1:{}", state_->port) : std::string("localhost");
}
std::string HttpServer::url(const std::string& path) const {
  return fmt::format("{}://{}{}", state_->tls ? "https" : "http", host(), path);
}
std::string HttpServer::ca_file() const { return state_->authority->ca_file(); }
CertificateFiles HttpServer::client_certificate() { return state_->authority->issue({"client"}); }

void HttpServer::file(const std::string& path, std::string body) { script(path, {HttpAnswer{.body = std::move(body)}}); }

void HttpServer::script(const std::string& path, std::vector<HttpAnswer> answers) {
  auto next = std::make_shared<std::size_t>(0);
  handle(path, [this, answers = std::move(answers), next](const HttpSeen&) {
    const std::lock_guard lock(state_->mutex);
    return answers[std::min((*next)++, answers.size() - 1)];
  });
}

void HttpServer::handle(const std::string& path, Handler handler) {
  open(path, [handler = std::move(handler)](const HttpSeen&) { return HttpPlan{.answer = handler}; });
}

void HttpServer::open(const std::string& path, Opening opening) {
  const std::lock_guard lock(state_->mutex);
  state_->openings[path] = std::move(opening);
}

void HttpServer::open_rest(Opening opening) {
  const std::lock_guard lock(state_->mutex);
  state_->rest = std::move(opening);
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
