// SPDX-License-Identifier: Apache-2.0
// Requests to one repository of one registry, by the distribution-spec: address, credentials and tokens, retries, and what a refusal means.
//
// Nothing is asked beforehand (no "GET /v2/"): the first 401 tells how to authenticate, and everything after it does so at once. Every
// answer is bounded; a body that matters is verified by whoever asked for it.
#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/effects.hpp"
#include "io/http_client.hpp"
#include "io/retry.hpp"
#include "registry/remote/challenge.hpp"
#include "registry/remote/credentials.hpp"
#include "registry/remote/hosts.hpp"
#include "registry/remote/token.hpp"

namespace resole::registry {

// What all sessions of a side (reading, writing) share.
struct Connection {
  io::HttpClient& client;
  const Clock& clock;
  Reporter& reporter;
  Credentials& credentials;
  io::RetryOptions retries;
};

struct Call {
  std::string method = "GET";
  std::string path;  // below the repository: "/manifests/latest", "/blobs/uploads/?mount=..."; or a whole URL (an upload's Location)
  std::vector<std::string> fields;
  std::optional<io::HttpBody> body;
  std::size_t limit = 64u << 10;        // of the answer's body
  std::vector<std::string> scopes = {};  // beyond the session's own ("repository:other/app:pull" of a mount's source)
};

struct Answer {
  io::HttpHead head;
  std::string body;
  Url url = Url::parse("http://localhost/");  // that was asked
  int status() const { return head.status; }
};

class Session {
 public:
  // `registry` is the name in references ("docker.io"); `push`: tokens are asked for pull and push.
  Session(Connection& connection, std::string registry, Endpoint endpoint, bool push);
  ~Session();

  // Any answer that is the registry's last word: 2xx, 3xx, 4xx but 401, 408, 429, 499; 501, 505. Error(network) for no answer, a server that keeps failing
  // and refused credentials; Error(throttled) for 429.
  Answer call(const Call& call);
  // The same once, for callers that know better how to go on after a broken connection, 429 or 5xx: those are returned, with the wait that was asked
  // for, and `answer` has their status (0: none came).
  std::optional<io::Trouble> attempt(const Call& call, Answer& answer);
  // GET of a body to be read at leisure; `offset` > 0 asks for the rest (the head says whether that is what comes). Not retried.
  std::unique_ptr<io::HttpStream> open(const std::string& path, std::uint64_t offset);

  // What a refusal means, with what to do next. `what` is the thing that was wanted: "manifest 1.4 of example.org/team/app".
  Error refusal(const Answer& answer, std::string_view what) const;
  const Endpoint& endpoint() const { return endpoint_; }
  const std::string& registry() const { return registry_; }
  bool writes() const { return push_; }
  // An upload's Location: relative or whole, with its query kept; another host is allowed, but gets no credentials (Error(network) for a
  // scheme that is not http or https, or https that becomes http).
  std::string resolve_location(const Answer& answer, std::string_view location) const;

 private:
  class Exchange;
  std::string scheme_of_now() const;
  Url url_of(const std::string& path) const;
  io::HttpRequest request_for(const Call& call, const Url& url);
  std::string authorization(const std::vector<std::string>& scopes);
  bool learn(const io::HttpHead& head, const std::vector<std::string>& scopes, const std::string& sent);
  std::vector<std::string> scopes_of(const Call& call) const;
  bool fall_back_to_http(const io::HttpOutcome& outcome);
  bool turn_to_https(const io::HttpOutcome& outcome);
  TokenAnswer ask_for_token(const Url& url, const std::string& method, const std::vector<std::string>& fields, const std::string& authorization,
                            const std::string& body);

  Connection& connection_;
  const std::string registry_;
  Endpoint endpoint_;
  const bool push_;
  Tokens tokens_;
  mutable std::mutex mutex_;
  std::string scheme_;                  // "https" or "http"
  std::optional<Challenge> challenge_;  // how this registry wants it, once it said so
  std::optional<Login> login_;
  bool answered_ = false;               // anything, ever
};

}  // namespace resole::registry
