// SPDX-License-Identifier: Apache-2.0
// Trying again: when, after how long, and what is thrown in the end.
#pragma once
#include <functional>
#include <optional>

#include "base/error.hpp"
#include "io/http_client.hpp"

namespace resole::io {

// Why an attempt did not succeed.
struct Trouble {
  Error error;              // thrown when there is no further attempt
  bool again = false;       // another attempt may succeed
  double retry_after = -1;  // seconds the server asked for; negative = none
  bool progressed = false;  // a good part arrived: the count of attempts starts anew
};

// Whatever a response without wanted bytes means: 404 and 410 are final, 408, 429, 5xx and broken connections are worth another try.
// Nothing for 200, 206 and 304 that came to their end. `what` and `url` are for the message.
std::optional<Trouble> trouble_of(const HttpOutcome& outcome, std::string_view what, const Url& url, std::int64_t now);

// For callers who read statuses themselves (a registry's 202, 401, 404, 416): only what another attempt may mend (408, 429, 499, 5xx but
// 501 and 505, a broken connection), and connections that will fail again (`again` is false).
std::optional<Trouble> passing_trouble_of(const HttpOutcome& outcome, std::string_view what, const Url& url, std::int64_t now);

struct RetryOptions {
  unsigned tries = 4;
  std::function<void(double seconds)> sleep;             // waits; tests only count
  std::function<double()> random;                        // [0, 1)
  std::function<void(const Error&, double delay)> tell;  // before each wait
};

// Runs `attempt` until it returns nothing; throws its last error. What `attempt` throws by itself is final.
void with_retries(const RetryOptions& options, const std::function<std::optional<Trouble>()>& attempt);

}  // namespace resole::io
