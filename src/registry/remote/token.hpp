// SPDX-License-Identifier: Apache-2.0
// Bearer tokens (distribution's docs/spec/auth/token.md and oauth.md): from a challenge, a login and scopes to a request of the token
// server, and from its answer to a token that is kept until it expires. Knows no HTTP but what it is handed.
//
//   401 WWW-Authenticate: Bearer realm="https://auth.example.org/token",service="registry.example.org"
//   GET https://auth.example.org/token?account=me&service=registry.example.org&scope=repository%3Ateam%2Fapp%3Apull   (Basic me:...)
//   200 {"token": "eyJ...", "expires_in": 300}
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/effects.hpp"
#include "base/url.hpp"
#include "registry/remote/challenge.hpp"
#include "registry/remote/credentials.hpp"

namespace resole::registry {

struct TokenAnswer {
  int status = 0;
  std::string body;
};
// Asks the token server; what it throws leaves bearer(). Answers are not retried here.
using TokenCall = std::function<TokenAnswer(const Url& url, const std::string& method, const std::vector<std::string>& fields,
                                            const std::string& authorization, const std::string& body)>;

struct TokenRequest {
  Url url;
  std::string method;
  std::vector<std::string> fields;
  std::string authorization;  // "Basic ..." or ""
  std::string body;
};
// The requests to make in turn: the second is for a server that answers the first with 400, 401, 404 or 405 (it knows no OAuth2).
// No scopes: those of the challenge. `secure`: the registry is spoken to by https; then a realm by http is Error(refused), as is one that
// is no http(s) URL or holds credentials. No realm at all is Error(network).
std::vector<TokenRequest> token_requests(const Challenge& challenge, const std::vector<std::string>& scopes, const Login& login,
                                         bool secure);

struct Token {
  std::string text;
  std::string refresh_token;  // "" = none given
  std::int64_t expires = 0;   // seconds since the epoch
};
// Error(network) for what is no token. `now` is when it was asked for. The message names `server` and nothing of the body.
Token parse_token(std::string_view body, std::string_view server, std::int64_t now);

// Thread-safe. Tokens are kept per host and scopes until shortly before they expire; threads that need the same one wait for one request,
// and share its failure: a wrong password is not tried eight times.
class Tokens {
 public:
  Tokens(TokenCall call, const Clock& clock);
  ~Tokens();
  // The token, without "Bearer ". A login that the server does not accept is Error(refused) with the way to log in.
  std::string bearer(const Challenge& challenge, const std::string& host, const std::vector<std::string>& scopes, const Login& login,
                     bool secure = true);
  // The registry did not take it (401): the next call asks again.
  void forget(const std::string& host, const std::vector<std::string>& scopes);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace resole::registry
