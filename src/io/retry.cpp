// SPDX-License-Identifier: Apache-2.0
#include "io/retry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "io/fetcher.hpp"

namespace resole::io {

namespace {

constexpr double kFirstDelay = 0.5, kLongestBackoff = 30, kLongestRetryAfter = 60;

// 499 is what nginx says when it believes that we went away.
bool is_worth_another_try(int status) {
  return status == 408 || status == 429 || status == 499 || (status >= 500 && status != 501 && status != 505);
}

std::string_view hint_for(int status) {
  switch (status) {
    case 401:
    case 403:
      return "check the credentials for this server, and that its terms allow the download";
    case 404:
    case 410:
      return "repositories drop old files within days: plan again, or build from a bundle made by `resole fetch`";
    case 407:
      return "put the credentials into the proxy's URL (http_proxy, https_proxy)";
    case 429:
      return "wait a while and try again, or use another mirror";
    default:
      return status >= 500   ? "the server has a problem: try again later, or use another mirror"
             : status >= 400 ? "the server does not hand this out: ask its operator, or use another mirror"
                             : "";
  }
}

// "404 not found", and for 410 too the words that callers look for.
std::string status_text(int status) {
  if (status == 410) return "410 gone, not found any more";
  const std::string_view reason = status_reason(status);
  return reason.empty() ? fmt::format("HTTP status {}", status) : fmt::format("{} {}", status, reason);
}

std::string described(std::string_view what, std::string_view problem, const Url& url) {
  return what.empty() ? fmt::format("{}: {}", url.shown(), problem) : fmt::format("{}: {} ({})", printable(what), problem, url.shown());
}

Trouble status_trouble(const HttpHead& head, std::string_view what, const Url& url, std::int64_t now) {
  const ErrorKind kind = head.status == 429 ? ErrorKind::throttled : ErrorKind::network;
  return {Error(kind, described(what, status_text(head.status), url), std::string(hint_for(head.status))),
          is_worth_another_try(head.status), retry_after_seconds(head, now)};
}

std::optional<Trouble> connection_trouble(const HttpOutcome& outcome, std::string_view what, const Url& url) {
  if (outcome.ending != Ending::interrupted && outcome.ending != Ending::failed) return std::nullopt;
  return Trouble{
      Error(ErrorKind::network, described(what, outcome.trouble, url), "check the network, the proxy settings and the name of the server"),
      outcome.ending == Ending::interrupted};
}

}  // namespace

double retry_delay(unsigned attempt, double retry_after, double random) {
  // Those who were sent away together must not come back together, hence the random part.
  if (retry_after >= 0) return std::min(retry_after + random, kLongestRetryAfter);
  const double backoff = std::min(kFirstDelay * std::exp2(std::min(attempt, 16u) - 1.0), kLongestBackoff);
  return backoff * (0.5 + random / 2);
}

std::optional<Trouble> trouble_of(const HttpOutcome& outcome, std::string_view what, const Url& url, std::int64_t now) {
  const int status = outcome.head.status;
  const bool wanted = status == 200 || status == 206 || status == 304;
  if (status != 0 && !wanted) return status_trouble(outcome.head, what, url, now);
  return connection_trouble(outcome, what, url);
}

std::optional<Trouble> passing_trouble_of(const HttpOutcome& outcome, std::string_view what, const Url& url, std::int64_t now) {
  if (is_worth_another_try(outcome.head.status)) return status_trouble(outcome.head, what, url, now);
  return connection_trouble(outcome, what, url);
}

void with_retries(const RetryOptions& options, const std::function<std::optional<Trouble>()>& attempt) {
  for (unsigned failures = 0;;) {
    const std::optional<Trouble> trouble = attempt();
    if (!trouble) return;
    if (trouble->progressed) failures = 0;
    ++failures;
    if (!trouble->again || failures >= options.tries) throw trouble->error;
    const double delay = retry_delay(failures, trouble->retry_after, options.random());
    if (options.tell) options.tell(trouble->error, delay);
    options.sleep(delay);
  }
}

}  // namespace resole::io
