// SPDX-License-Identifier: Apache-2.0
#include "io/leftover.hpp"

#include <fcntl.h>
#include <sys/socket.h>

namespace resole::io {

namespace {

constexpr std::size_t kMost = 64u << 10;

}  // namespace

void Leftover::watch(int socket) {
  if (watching_) return;
  watching_ = true;
  socket_.reset(fcntl(socket, F_DUPFD_CLOEXEC, 0));
}

std::string Leftover::take() const {
  std::string bytes(kMost, '\0');
  std::size_t size = 0;
  while (socket_ && size < kMost) {
    const ssize_t count = recv(socket_.get(), bytes.data() + size, kMost - size, MSG_DONTWAIT);
    if (count <= 0) break;
    size += static_cast<std::size_t>(count);
  }
  bytes.resize(size);
  return bytes;
}

}  // namespace resole::io
