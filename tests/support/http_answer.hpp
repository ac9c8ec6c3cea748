// SPDX-License-Identifier: Apache-2.0
// From a scripted answer to the bytes on the wire.
#pragma once
#include <functional>

#include "support/http_server.hpp"
#include "support/http_wire.hpp"

namespace resole::test {

HttpSeen parse_request(const std::string& head);

// Turns a 200 answer into what conditions and Range of the request ask for.
HttpAnswer adapted(const HttpSeen& request, HttpAnswer answer);

struct Sending {
  Wire& wire;
  std::function<bool(double)> pause;               // seconds; false: the server stops
  std::function<void(std::uint64_t bytes)> count;  // called before bytes of the body are sent
};

// False: the connection cannot go on.
bool send_answer(const Sending& sending, const HttpSeen& request, const HttpAnswer& answer);

}  // namespace resole::test
