// SPDX-License-Identifier: Apache-2.0
#include "io/open_sockets.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>

namespace resole::io {

namespace {

using AskName = int (*)(int, sockaddr*, socklen_t*);

// -1: not a socket any more, or not one with ports.
int port_of(int socket, AskName ask) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (ask(socket, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return -1;
  if (storage.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in&>(storage).sin_port);
  if (storage.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6&>(storage).sin6_port);
  return -1;
}

}  // namespace

void OpenSockets::add(int socket) {
  std::erase_if(sockets_, [&](int other) { return other == socket || port_of(other, getsockname) < 0; });
  sockets_.push_back(socket);
}

// The number of a socket that curl closed may mean another one by now; the pair of ports tells.
int OpenSockets::find(int local_port, int remote_port) const {
  const auto found = std::find_if(sockets_.begin(), sockets_.end(), [&](int socket) {
    return port_of(socket, getsockname) == local_port && port_of(socket, getpeername) == remote_port;
  });
  return found == sockets_.end() ? -1 : *found;
}

}  // namespace resole::io
