// SPDX-License-Identifier: Apache-2.0
// What arrived on a connection and was not read when sending on it failed.
//
// A server that refuses an upload answers and closes; on Linux the bytes of its answer stay readable after the reset that follows, but curl
// gives the connection up as soon as sending fails. A second descriptor of the socket, made while the connection was good, still has them.
#pragma once
#include <string>

#include "io/descriptor.hpp"

namespace resole::io {

class Leftover {
 public:
  void watch(int socket);    // the first call counts
  std::string take() const;  // does not wait; at most 64 KiB

 private:
  Descriptor socket_;
  bool watching_ = false;
};

}  // namespace resole::io
