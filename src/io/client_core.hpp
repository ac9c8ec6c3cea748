// SPDX-License-Identifier: Apache-2.0
// What all requests of a client share.
#pragma once
#include <algorithm>
#include <memory>
#include <semaphore>

#include "io/address.hpp"
#include "io/curl_loop.hpp"
#include "io/http_client.hpp"
#include "io/open_sockets.hpp"

namespace resole::io {

struct ClientCore {
  explicit ClientCore(HttpClientOptions given)
      : options(std::move(given)),
        policy(options.allowed_private_hosts),
        slots(static_cast<std::ptrdiff_t>(std::clamp(options.connections, 1u, 64u))) {}

  HttpClientOptions options;
  HostPolicy policy;
  std::counting_semaphore<64> slots;
  OpenSockets sockets;
  CurlLoop loop;  // its thread ends first
};

std::unique_ptr<HttpStream> open_stream(std::shared_ptr<ClientCore> core, const HttpRequest& request);

}  // namespace resole::io
