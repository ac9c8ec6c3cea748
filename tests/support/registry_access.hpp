// SPDX-License-Identifier: Apache-2.0
// Who may do what in the fake registry: Basic, or Bearer with tokens as docker's token server gives them (distribution "token
// authentication" and its OAuth2 form). Tokens hold repositories and actions and end; nothing is signed.
#pragma once
#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "support/http_server.hpp"
#include "support/registry_request.hpp"

namespace resole::test {

enum class Auth { none, basic, bearer };

struct AccessRules {
  Auth auth = Auth::none;
  std::string user = "user", password = "secret", service = "fake registry";
  std::string identity_token = "identity";  // a refresh token of the user; also his password in GET, as ACR has it
  std::map<std::string, std::string> grants = {{"*", "pull,push,delete"}};  // glob of repositories -> actions of the user
  std::map<std::string, std::string> anonymous = {};                        // of everybody: {{"public/*", "pull"}}

  // The values of WWW-Authenticate, one field each; {realm}, {service}, {scope} and {error} are filled in. Empty: one plain challenge.
  std::vector<std::string> challenges = {};

  bool token_server_apart = false;                      // its own server (another port) instead of /token on the registry's
  int announced_life = 300;                             // expires_in, seconds; 0: the field is missing, which means 60
  double real_life = 300;                               // seconds
  unsigned token_uses = 0;                              // requests that one token is good for; 0: any number
  bool field_token = true, field_access_token = false;  // the names under which it is handed out
};

struct Need {
  std::string repository;
  std::set<std::string> actions;
};

class RegistryAccess {
 public:
  explicit RegistryAccess(AccessRules rules) : rules_(std::move(rules)) {}

  enum class Verdict { allowed, unknown_caller, not_enough };
  // Counts a use of the token.
  Verdict judge(const HttpSeen& request, const std::vector<Need>& needs);
  // The same for one more need, without counting.
  bool also_may(const HttpSeen& request, const Need& need) const;
  std::vector<std::pair<std::string, std::string>> challenge(const std::string& realm, const std::vector<Need>& needs,
                                                             Verdict verdict) const;

  // GET and POST of the token server. `post_status`: what POST answers instead of a token; 0 = it works.
  HttpAnswer token(const HttpSeen& request, int post_status, std::vector<std::string>& violations);
  std::string issue(const std::vector<std::string>& scopes);  // "repository:team/app:pull,push": a token as if the user had asked
  void expire_tokens();
  const AccessRules& rules() const { return rules_; }

 private:
  using Clock = std::chrono::steady_clock;
  struct Token {
    std::vector<Need> grants;
    Clock::time_point end;
    unsigned uses = 0;
  };
  struct Asking {
    bool is_user = false, wants_refresh_token = false;
    std::vector<std::string> scopes;
  };
  enum class Login { none, right, wrong };
  Login basic_login(const HttpSeen& request) const;
  std::optional<HttpAnswer> ask_by_get(const HttpSeen& request, Asking& asking, std::vector<std::string>& violations) const;
  std::optional<HttpAnswer> ask_by_post(const HttpSeen& request, Asking& asking, std::vector<std::string>& violations) const;
  std::string new_token(const Asking& asking);
  std::set<std::string> granted(bool is_user, const std::string& repository) const;
  bool grants(const std::vector<Need>& granted, const Need& need) const;
  const Token* token_of(const HttpSeen& request) const;

  AccessRules rules_;
  mutable std::mutex mutex_;
  std::map<std::string, Token> tokens_;
  unsigned issued_ = 0;
};

}  // namespace resole::test
