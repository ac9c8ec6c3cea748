// SPDX-License-Identifier: Apache-2.0
#include "io/http_client.hpp"

#include "base/error.hpp"
#include "io/client_core.hpp"
#include "io/exchange.hpp"
#include "io/route.hpp"

namespace resole::io {

namespace {

constexpr unsigned kMostDeadConnections = 3;

class ToReceiver : public Intake {
 public:
  explicit ToReceiver(HttpReceiver& receiver) : receiver_(receiver) {}
  bool head(const HttpHead& head) override { return receiver_.head(head); }
  Flow body(std::string_view bytes) override { return receiver_.body(bytes) ? Flow::on : Flow::stop; }

 private:
  HttpReceiver& receiver_;
};

// A place among the transfers at once. Requests with a body take none (HttpClientOptions::connections).
class Slot {
 public:
  Slot(ClientCore& core, bool counted) : slots_(counted ? &core.slots : nullptr) {
    if (slots_ != nullptr) slots_->acquire();
  }
  ~Slot() {
    if (slots_ != nullptr) slots_->release();
  }
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;

 private:
  std::counting_semaphore<64>* slots_;
};

HttpOutcome exchanged(ClientCore& core, const HttpRequest& request, const Hops& hops, HttpReceiver& receiver) {
  ToReceiver intake(receiver);
  const Slot slot(core, !request.body);
  for (unsigned dead = 0;; ++dead) {
    Exchange exchange(core.loop,
                      {.options = core.options,
                       .policy = core.policy,
                       .sockets = core.sockets,
                       .request = request,
                       .route = hops.route(),
                       .keeps_redirects = hops.follows(),
                       .fresh_connection = dead > 0},
                      intake);
    HttpOutcome outcome = exchange.run();
    if (!exchange.must_start_again() || dead == kMostDeadConnections) return outcome;
  }
}

}  // namespace

HttpClient::HttpClient(HttpClientOptions options) : core_(std::make_shared<ClientCore>(std::move(options))) {}
HttpClient::~HttpClient() = default;

HttpOutcome HttpClient::send(const HttpRequest& request, HttpReceiver& receiver) {
  Hops hops(request);
  for (;;) {
    HttpOutcome outcome = exchanged(*core_, request, hops, receiver);
    if (!hops.follow(outcome)) return outcome;
  }
}

std::unique_ptr<HttpStream> HttpClient::stream(const HttpRequest& request) {
  if (request.body) throw Error(ErrorKind::internal, "a request whose response is pulled cannot have a body");
  return open_stream(core_, request);
}

}  // namespace resole::io
