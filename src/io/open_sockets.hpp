// SPDX-License-Identifier: Apache-2.0
// Which socket a transfer uses: curl tells its ports when it starts a request, also on a kept connection, but not the descriptor.
// The loop's thread only.
#pragma once
#include <vector>

namespace resole::io {

class OpenSockets {
 public:
  void add(int socket);                             // just opened for curl, which closes it
  int find(int local_port, int remote_port) const;  // -1: none

 private:
  std::vector<int> sockets_;
};

}  // namespace resole::io
