// SPDX-License-Identifier: Apache-2.0
#include "registry/remote/token.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <map>
#include <mutex>
#include <optional>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace resole::registry {

namespace {

constexpr const char* kTryLater = "try again later; the registry names this server for its tokens, and its operator knows what is wrong";
constexpr std::size_t kLargestAnswer = 64u << 10;
constexpr std::int64_t kUsualLifetime = 60;  // token.md: "defaults to 60 seconds"
constexpr std::int64_t kLongestLifetime = 24 * 3600;
constexpr std::int64_t kRenewBefore = 10;
constexpr std::string_view kClient = "resole";

// application/x-www-form-urlencoded, which is also right for a query.
std::string encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain =
        (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == '_' || c == '~';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

class Form {
 public:
  void add(std::string_view name, std::string_view value) {
    if (!value.empty()) text_ += fmt::format("{}{}={}", text_.empty() ? "" : "&", name, encode(value));
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string parameter(const Challenge& challenge, const std::string& name) {
  const auto found = challenge.parameters.find(name);
  return found == challenge.parameters.end() ? std::string() : found->second;
}

Url realm_of(const Challenge& challenge, bool secure) {
  const std::string realm = parameter(challenge, "realm");
  if (realm.empty()) throw Error(ErrorKind::network, "the registry asks for a token and does not say where to get one");
  const auto url = Url::try_parse(realm);
  if (!url || (url->scheme() != "https" && url->scheme() != "http")) {
    throw Error(ErrorKind::refused, "the registry sends us for a token to something that is no http or https URL");
  }
  const std::string_view authority = std::string_view(realm).substr(0, realm.find_first_of("/?#", url->scheme().size() + 3));
  if (authority.find('@') != std::string_view::npos) {
    throw Error(ErrorKind::refused, fmt::format("the registry sends us for a token to {} with credentials of its own", url->shown()));
  }
  if (secure && url->scheme() == "http") {
    throw Error(ErrorKind::refused, fmt::format("the registry speaks https, but sends us for a token to {}", url->shown()),
                "a login would be readable on its way there; the registry's configuration names the token server");
  }
  return *url;
}

Url with_query(const Url& url, const std::string& query) {
  std::string text = url.text().substr(0, url.text().find('#'));
  if (!query.empty()) text += (text.find('?') == std::string::npos ? "?" : text.ends_with('?') ? "" : "&") + query;
  return Url::parse(text);
}

std::string basic(std::string_view user, std::string_view password) {
  return "Basic " + base64_encode(fmt::format("{}:{}", user, password));
}

// A refresh token as a password is what Azure's and JFrog's registries take where they know no OAuth2.
std::string authorization_of(const Login& login) {
  if (login.identity_token.empty()) return login.user.empty() && login.password.empty() ? std::string() : basic(login.user, login.password);
  return basic(login.user.empty() ? "<token>" : login.user, login.password.empty() ? login.identity_token : login.password);
}

bool knows_no_oauth(int status) { return status == 400 || status == 401 || status == 404 || status == 405; }

// A time of the server's clock counts only when it makes sense on ours.
std::int64_t expiry(const Json& answer, std::int64_t now) {
  const auto in = answer.find("expires_in");
  std::int64_t lifetime = in != answer.end() && in->is_number() ? static_cast<std::int64_t>(std::clamp(in->get<double>(), -1.0, 1e9)) : 0;
  lifetime = lifetime <= 0 ? kUsualLifetime : std::min(lifetime, kLongestLifetime);
  const auto at = answer.find("issued_at");
  const auto issued = at != answer.end() && at->is_string() ? parse_time(at->get_ref<const std::string&>()) : std::nullopt;
  const std::int64_t age = issued ? now - *issued : 0;
  return now + (age > 0 && age < lifetime ? lifetime - age : lifetime);
}

std::string text_in(const Json& answer, const char* key) {
  const auto found = answer.find(key);
  return found != answer.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// "https://auth.example.org", as the registry wrote it.
std::string server_of(const Url& url) {
  const std::string& text = url.text();
  return text.substr(0, text.find_first_of("/?#", url.scheme().size() + 3));
}

std::string name_in_hints(const std::string& host) { return host == "registry-1.docker.io" ? "docker.io" : host; }

[[noreturn]] void refuse_login(const TokenRequest& request, const std::string& host, const std::vector<std::string>& scopes,
                               const Login& login) {
  const std::string server = server_of(request.url), registry = name_in_hints(host);
  const std::string wanted = printable(join(scopes, " "));
  const std::string again = fmt::format("skopeo login {} (or podman login, docker login), or name a file with logins", registry);
  if (login.empty()) {
    const std::string reason = login.origin.empty() ? std::string() : login.origin + "; ";
    throw Error(ErrorKind::network, fmt::format("{} gives no token for {} to someone who is not logged in", server, wanted),
                fmt::format("{}log in: {}", reason, again));
  }
  const std::string origin = login.origin.empty() ? std::string() : fmt::format(" (from {})", login.origin);
  throw Error(ErrorKind::network,
              fmt::format("{} does not accept the login to {}{}, or it may not do {}", server, registry, origin, wanted),
              fmt::format("log in again: {}", again));
}

void check_status(int status, const TokenRequest& request, const std::string& host, const std::vector<std::string>& scopes,
                  const Login& login) {
  if (status >= 200 && status < 300) return;
  if (status == 401 || status == 403) refuse_login(request, host, scopes, login);
  const std::string server = server_of(request.url);
  if (status == 429)
    throw Error(ErrorKind::throttled, fmt::format("{} wants no more requests for tokens for now (429)", server), "try again later");
  if (status == 0) throw Error(ErrorKind::network, fmt::format("{}, the token server of {}, did not answer", server, host), kTryLater);
  throw Error(ErrorKind::network, fmt::format("{}, the token server of {}, answered with status {}", server, host, status), kTryLater);
}

}  // namespace

std::vector<TokenRequest> token_requests(const Challenge& challenge, const std::vector<std::string>& scopes, const Login& login,
                                         bool secure) {
  const Url realm = realm_of(challenge, secure);
  std::vector<std::string> wanted = scopes;
  if (wanted.empty()) {
    const std::string told = parameter(challenge, "scope");
    for (std::string_view scope : split_words(told)) wanted.emplace_back(scope);
  }
  std::vector<TokenRequest> requests;
  if (!login.identity_token.empty()) {
    Form form;
    form.add("grant_type", "refresh_token");
    form.add("service", parameter(challenge, "service"));
    form.add("client_id", kClient);
    form.add("scope", join(wanted, " "));
    form.add("refresh_token", login.identity_token);
    requests.push_back({.url = with_query(realm, ""),
                        .method = "POST",
                        .fields = {"Content-Type: application/x-www-form-urlencoded"},
                        .authorization = {},
                        .body = form.text()});
  }
  Form query;
  query.add("account", login.user);
  query.add("service", parameter(challenge, "service"));
  for (const std::string& scope : wanted) query.add("scope", scope);
  requests.push_back(
      {.url = with_query(realm, query.text()), .method = "GET", .fields = {}, .authorization = authorization_of(login), .body = {}});
  return requests;
}

Token parse_token(std::string_view body, std::string_view server, std::int64_t now) {
  const auto fail = [&](std::string_view reason) {
    throw Error(ErrorKind::network, fmt::format("{} was asked for a token and {}", server, reason), kTryLater);
  };
  if (body.size() > kLargestAnswer) fail(fmt::format("answered with more than {}", human_size(kLargestAnswer)));
  Json answer;
  try {
    answer = parse_json(body, "token", {.bytes = kLargestAnswer, .depth = 20});
  } catch (const Error&) {  // its message quotes the text
    fail("did not answer in JSON");
  }
  if (!answer.is_object()) fail("did not answer with an object");
  Token token{.text = text_in(answer, "token"), .refresh_token = text_in(answer, "refresh_token"), .expires = expiry(answer, now)};
  if (token.text.empty()) token.text = text_in(answer, "access_token");
  if (token.text.empty()) fail("answered without one");
  if (!std::ranges::all_of(token.text, [](char c) { return c > 0x20 && c < 0x7f; }))
    fail("answered with one that has blanks or control characters in it");
  return token;
}

struct Tokens::State {
  struct Kept {
    std::string text;
    std::int64_t renew = 0;
  };
  using Key = std::pair<std::string, std::vector<std::string>>;

  TokenCall call;
  const Clock& clock;
  std::mutex mutex;
  std::map<Key, Kept> kept;
  std::map<Key, std::shared_future<Kept>> under_way;
  std::map<std::string, std::string> rotated;  // identity token of a login -> the one that the server gave instead

  Login current(Login login) {
    const std::lock_guard lock(mutex);
    const auto newer = rotated.find(login.identity_token);
    if (!login.identity_token.empty() && newer != rotated.end()) login.identity_token = newer->second;
    return login;
  }

  Kept ask(const Challenge& challenge, const std::string& host, const std::vector<std::string>& scopes, const Login& given, bool secure) {
    const Login login = current(given);
    const std::vector<TokenRequest> requests = token_requests(challenge, scopes, login, secure);
    for (std::size_t i = 0;; ++i) {
      const TokenRequest& request = requests[i];
      const std::int64_t now = clock.now();
      const TokenAnswer answer = call(request.url, request.method, request.fields, request.authorization, request.body);
      if (i + 1 < requests.size() && knows_no_oauth(answer.status)) continue;
      check_status(answer.status, request, host, scopes, login);
      const Token token = parse_token(answer.body, server_of(request.url), now);
      if (!given.identity_token.empty() && !token.refresh_token.empty()) {
        const std::lock_guard lock(mutex);
        rotated[given.identity_token] = token.refresh_token;
      }
      // Of a short life the second half is the margin.
      return {token.text, token.expires - std::min(kRenewBefore, (token.expires - now) / 2)};
    }
  }
};

Tokens::Tokens(TokenCall call, const Clock& clock) : state_(new State{std::move(call), clock, {}, {}, {}, {}}) {}

Tokens::~Tokens() = default;

std::string Tokens::bearer(const Challenge& challenge, const std::string& host, const std::vector<std::string>& scopes, const Login& login,
                           bool secure) {
  const State::Key key(host, scopes);
  std::promise<State::Kept> promise;
  std::shared_future<State::Kept> others;
  {
    const std::lock_guard lock(state_->mutex);
    const auto known = state_->kept.find(key);
    if (known != state_->kept.end() && state_->clock.now() < known->second.renew) return known->second.text;
    const auto [flight, ours] = state_->under_way.try_emplace(key);
    if (ours) {
      flight->second = promise.get_future().share();
    } else {
      others = flight->second;
    }
  }
  if (others.valid()) {
    try {
      return others.get().text;
    } catch (const Error& error) {
      throw Error(error);  // each thread adds its own context
    }
  }
  const auto land = [&](const State::Kept* token) {
    const std::lock_guard lock(state_->mutex);
    if (token != nullptr) state_->kept[key] = *token;
    state_->under_way.erase(key);
  };
  try {
    const State::Kept token = state_->ask(challenge, host, scopes, login, secure);
    land(&token);
    promise.set_value(token);
    return token.text;
  } catch (const Error& error) {
    land(nullptr);
    promise.set_exception(std::make_exception_ptr(Error(error)));
    throw;
  } catch (...) {
    land(nullptr);
    promise.set_exception(std::current_exception());
    throw;
  }
}

void Tokens::forget(const std::string& host, const std::vector<std::string>& scopes) {
  const std::lock_guard lock(state_->mutex);
  state_->kept.erase(State::Key(host, scopes));
}

}  // namespace resole::registry
