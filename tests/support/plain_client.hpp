// SPDX-License-Identifier: Apache-2.0
// One HTTP request over a socket, byte for byte what the test says: the client for tests of servers.
#pragma once
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.hpp"

namespace resole::test {

struct PlainAnswer {
  int status = 0;  // 0: no answer came
  std::string head, body;
  bool reset = false;
  std::string field(const std::string& name) const {
    for (const std::string_view line : lines(head)) {
      const std::size_t colon = line.find(':');
      if (colon != std::string_view::npos && lower(line.substr(0, colon)) == lower(name)) return std::string(trim(line.substr(colon + 1)));
    }
    return {};
  }
};

// Sends and reads to the end of the connection.
inline PlainAnswer exchange(int socket, std::string_view request) {
  PlainAnswer out;
  const timeval patience{.tv_sec = 10, .tv_usec = 0};  // a server that is wrong must not stop the tests
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  while (!request.empty()) {
    const ssize_t sent = send(socket, request.data(), request.size(), MSG_NOSIGNAL);
    if (sent < 0) out.reset = errno == ECONNRESET || errno == EPIPE;  // told once, here or below
    if (sent <= 0) break;
    request.remove_prefix(static_cast<std::size_t>(sent));
  }
  std::string all;
  char buffer[65536];
  ssize_t count = 0;
  while ((count = recv(socket, buffer, sizeof buffer, 0)) > 0) all.append(buffer, static_cast<std::size_t>(count));
  out.reset = out.reset || count < 0;
  close(socket);
  const std::string interim = "HTTP/1.1 100 Continue\r\n\r\n";
  if (all.starts_with(interim)) all.erase(0, interim.size());
  const std::size_t end = all.find("\r\n\r\n");
  if (end == std::string::npos) return out;
  out.head = all.substr(0, end + 2);
  out.body = all.substr(end + 4);
  out.status = static_cast<int>(parse_unsigned(all.substr(9, 3)).value_or(0));
  return out;
}

inline int connected_to(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address);
  return socket;
}

inline int connected_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address);
  return socket;
}

struct PlainRequest {
  std::string method = "GET", target = "/";
  std::vector<std::string> fields = {};
  std::string body = {};
};

inline std::string text_of(const PlainRequest& request, const std::string& host) {
  std::string text = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", request.method, request.target, host);
  for (const std::string& field : request.fields) text += field + "\r\n";
  return text + fmt::format("Content-Length: {}\r\n\r\n", request.body.size()) + request.body;
}

}  // namespace resole::test
