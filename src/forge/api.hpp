// SPDX-License-Identifier: Apache-2.0
// JSON over HTTP to one forge: bounded answers, retries, the forges' ways to say "too many requests", and what a refusal means.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/effects.hpp"
#include "base/error.hpp"
#include "base/json_fwd.hpp"
#include "io/http_client.hpp"
#include "io/retry.hpp"

namespace resole::forge {

struct ApiAccess {
  io::HttpClient& client;
  const Clock& clock;
  io::RetryOptions retries;
  std::string name;           // for messages: "GitHub"
  Url base;                   // "https://api.github.com"
  std::string authorization;  // value of that field; "" = none
  io::TlsOptions tls;
  std::vector<std::string> fields = {};  // of every request
};

struct ApiCall {
  std::string method, path;             // below the base; or a whole URL of the same host
  std::string body = {};                // JSON
  bool repeatable = true;               // false: doing it twice would show (a comment)
};

struct ApiAnswer {
  int status = 0;
  std::string body;
  bool good() const { return status >= 200 && status < 300; }
};

class Api {
 public:
  explicit Api(ApiAccess access) : access_(std::move(access)) {}
  // The forge's last word, whatever it is. Error(network) for none, Error(throttled) for a limit that lasts.
  ApiAnswer call(const ApiCall& call);
  // Its JSON when it is good, else refusal().
  Json ask(const ApiCall& call, std::string_view wanted);
  Error refusal(const ApiAnswer& answer, std::string_view wanted) const;
  const ApiAccess& access() const { return access_; }

 private:
  std::optional<io::Trouble> attempt(const ApiCall& call, ApiAnswer& answer);
  ApiAccess access_;
};

// What a refusal says in words ("message", "error", "errors"), "" when nothing.
std::string message_of(std::string_view body);

}  // namespace resole::forge
