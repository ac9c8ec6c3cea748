// SPDX-License-Identifier: Apache-2.0
#include "registry/remote/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace resole::registry {

namespace {

constexpr std::size_t kMostMessage = 400;
constexpr unsigned kMostLogins = 2;

// Keeps at most `limit` bytes of the body. More is cut off for refusals (an HTML page), and an error for anything else.
class BoundedBody : public io::HttpReceiver {
 public:
  explicit BoundedBody(std::size_t limit) : limit_(limit) {}
  bool head(const io::HttpHead& head) override {
    bytes_.clear();
    refusal_ = head.status >= 300;
    return true;
  }
  bool body(std::string_view bytes) override {
    if (bytes_.size() + bytes.size() <= limit_) {
      bytes_.append(bytes);
      return true;
    }
    if (!refusal_) throw Error(ErrorKind::network, fmt::format("the registry answered with more than {}", human_size(limit_)));
    return false;
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::size_t limit_;
  std::string bytes_;
  bool refusal_ = false;
};

// {"errors":[{"code":"DENIED","message":"..."}]} (distribution-spec "Error Codes"); anything else says nothing.
std::string registry_message(const std::string& body) {
  if (body.empty() || body.front() != '{') return {};
  try {
    const Json json = parse_json(body, "answer", {.bytes = 64u << 10, .depth = 20});
    const auto errors = json.find("errors");
    if (errors == json.end() || !errors->is_array()) return {};
    std::vector<std::string> parts;
    for (const Json& error : *errors) {
      if (!error.is_object() || parts.size() == 3) continue;
      const std::string code = string_or(error, "code", ""), message = string_or(error, "message", "");
      parts.push_back(message.empty() ? code : code.empty() ? message : fmt::format("{}: {}", code, message));
    }
    return printable(join(parts, "; "), kMostMessage);
  } catch (const Error&) {
    return {};
  }
}

std::string hint_for(int status, const std::string& registry) {
  switch (status) {
    case 401:
      return fmt::format("log in: skopeo login {} (or docker login, podman login), or name the file with --src-authfile or --dest-authfile", registry);
    case 403:
      return "the account may not do this there: check its rights on the repository, and that you are logged in to the right one";
    case 404:
      return "check the name of the repository and the tag";
    case 405:
    case 501:
      return "the registry does not offer this; is it read-only, or a mirror?";
    case 412:
      return "the registry's own policy stands against it (Harbor: images with vulnerabilities or without a signature are not handed out); allow it there for "
             "the account that patches";
    case 413:
      return "the registry, or a proxy before it, limits the size of a request: raise the limit there";
    case 429:
      return "wait and try again, or log in: accounts have a higher limit";
    default:
      return status >= 500   ? "the registry has a problem: try again later"
             : status >= 400 ? "the reason is the registry's own: ask its operator"
                             : "that is no answer to this request: something between here and the registry mixes answers up; try again";
  }
}

bool is_basic(const Challenge& challenge) { return challenge.scheme == "basic"; }

std::string basic_authorization(const Login& login) { return "Basic " + base64_encode(login.user + ":" + login.password); }

}  // namespace

Session::Session(Connection& connection, std::string registry, Endpoint endpoint, bool push)
    : connection_(connection),
      registry_(std::move(registry)),
      endpoint_(std::move(endpoint)),
      push_(push),
      tokens_([this](const Url& url, const std::string& method, const std::vector<std::string>& fields, const std::string& authorization,
                     const std::string& body) { return ask_for_token(url, method, fields, authorization, body); },
              connection.clock),
      scheme_(endpoint_.plain_http ? "http" : "https") {}

Session::~Session() = default;

std::string Session::scheme_of_now() const {
  const std::lock_guard lock(mutex_);
  return scheme_;
}

Url Session::url_of(const std::string& path) const {
  if (path.starts_with("http://") || path.starts_with("https://")) return Url::parse(path);
  std::string text = fmt::format("{}://{}{}/{}{}", scheme_of_now(), endpoint_.host, endpoint_.path, endpoint_.repository, path);
  if (endpoint_.proxies_namespace) text += fmt::format("{}ns={}", text.find('?') == std::string::npos ? '?' : '&', registry_);
  return Url::parse(text);
}

std::vector<std::string> Session::scopes_of(const Call& call) const {
  // Some registries look only at the first scope, so the one that matters comes first.
  std::vector<std::string> scopes{fmt::format("repository:{}:{}", endpoint_.repository, push_ ? "pull,push" : "pull")};
  scopes.insert(scopes.end(), call.scopes.begin(), call.scopes.end());
  return scopes;
}

// What to send at once, by what the registry told before; "" as long as nothing is known.
std::string Session::authorization(const std::vector<std::string>& scopes) {
  std::optional<Challenge> challenge;
  Login login;
  {
    const std::lock_guard lock(mutex_);
    if (!challenge_) return {};
    challenge = challenge_;
    login = *login_;
  }
  if (is_basic(*challenge)) return login.user.empty() && login.password.empty() ? "" : basic_authorization(login);
  if (!login.registry_token.empty()) return "Bearer " + login.registry_token;
  const std::string token = tokens_.bearer(*challenge, endpoint_.host, scopes, login, scheme_of_now() == "https");
  return token.empty() ? "" : "Bearer " + token;
}

// A 401: is there something to try that was not tried yet? `sent` is the Authorization that was refused.
bool Session::learn(const io::HttpHead& head, const std::vector<std::string>& scopes, const std::string& sent) {
  std::vector<std::string> values;
  for (const auto& [name, value] : head.fields) {
    if (name == "www-authenticate") values.push_back(value);
  }
  const std::vector<Challenge> challenges = parse_challenges(values);
  const auto bearer = std::ranges::find_if(challenges, [](const Challenge& one) { return one.scheme == "bearer" && one.parameters.contains("realm"); });
  const auto basic = std::ranges::find_if(challenges, is_basic);
  const auto chosen = bearer != challenges.end() ? bearer : basic;
  if (chosen == challenges.end()) return false;
  // A mirror has logins of its own: the registry's are not for it.
  Login login = connection_.credentials.find(endpoint_.registry.empty() ? registry_ : endpoint_.registry, endpoint_.repository);
  {
    const std::lock_guard lock(mutex_);
    challenge_ = *chosen;
    login_ = login;
  }
  if (is_basic(*chosen)) return !login.user.empty() && sent != basic_authorization(login);
  if (!login.registry_token.empty()) return sent != "Bearer " + login.registry_token;
  if (!sent.empty()) tokens_.forget(endpoint_.host, scopes);  // expired, or of fewer rights
  return true;
}

TokenAnswer Session::ask_for_token(const Url& url, const std::string& method, const std::vector<std::string>& fields,
                                   const std::string& authorization, const std::string& body) {
  TokenAnswer answer;
  io::with_retries(connection_.retries, [&]() -> std::optional<io::Trouble> {
    io::HttpRequest request{.url = url, .fields = fields};
    request.method = method;
    request.authorization = authorization;
    if (method == "POST") request.body = io::HttpBody{opener_of(body), body.size()};
    const bool same_host = url.host() == Url::parse(fmt::format("{}://{}/", scheme_of_now(), endpoint_.host)).host();
    request.reach = same_host ? io::Reach::named : io::Reach::beside_named;
    if (same_host) request.tls = endpoint_.tls;
    BoundedBody receiver(64u << 10);
    const io::HttpOutcome outcome = connection_.client.send(request, receiver);
    answer = {outcome.head.status, receiver.take()};
    auto trouble = io::trouble_of(outcome, fmt::format("token for {}", registry_), url, connection_.clock.now());
    return trouble && trouble->again ? trouble : outcome.head.status == 0 && trouble ? trouble : std::nullopt;
  });
  return answer;
}

io::HttpRequest Session::request_for(const Call& call, const Url& url) {
  io::HttpRequest request{.url = url, .fields = call.fields};
  request.method = call.method;
  request.body = call.body;
  const bool same_host = url.host() == url_of("").host();
  request.reach = same_host ? io::Reach::named : io::Reach::beside_named;
  if (same_host) request.tls = endpoint_.tls;
  return request;
}

// An insecure registry that does not speak TLS is spoken to in plain from then on.
bool Session::fall_back_to_http(const io::HttpOutcome& outcome) {
  if (outcome.head.status != 0 || !endpoint_.http_when_tls_fails || !outcome.tls_trouble) return false;
  const std::lock_guard lock(mutex_);
  if (scheme_ == "http") return false;
  scheme_ = "http";
  return true;
}

// A loopback host is spoken to in plain http unasked; one that speaks TLS answers 400 to the very first request (Go, nginx).
bool Session::turn_to_https(const io::HttpOutcome& outcome) {
  const std::lock_guard lock(mutex_);
  if (outcome.head.status == 0 || std::exchange(answered_, true) || outcome.head.status != 400 || scheme_ != "http" || !endpoint_.plain_http) return false;
  scheme_ = "https";
  return true;
}

Answer Session::call(const Call& call) {
  Answer answer;
  io::with_retries(connection_.retries, [&] { return attempt(call, answer); });
  return answer;
}

std::optional<io::Trouble> Session::attempt(const Call& call, Answer& answer) {
  const std::vector<std::string> scopes = scopes_of(call);
  for (unsigned logins = 0;;) {
    const Url url = url_of(call.path);
    const bool is_own = url.origin() == url_of("").origin();  // an upload may be sent elsewhere, without our credentials
    io::HttpRequest request = request_for(call, url);
    if (is_own) request.authorization = authorization(scopes);
    BoundedBody receiver(call.limit);
    const double begin = connection_.clock.monotonic();
    const io::HttpOutcome outcome = connection_.client.send(request, receiver);
    connection_.reporter.debug(fmt::format("{} {}: {}, {}", call.method, url.shown(), outcome.head.status == 0 ? outcome.trouble : std::to_string(outcome.head.status),
                                           human_duration(connection_.clock.monotonic() - begin)));
    if (fall_back_to_http(outcome) || turn_to_https(outcome)) continue;
    answer = {outcome.head, receiver.take(), url};
    // Once with what the challenge asks for, once more when that token had expired meanwhile.
    if (answer.status() == 401 && is_own && logins++ < kMostLogins && learn(outcome.head, scopes, request.authorization)) continue;
    if (answer.status() == 401) throw refusal(answer, fmt::format("{} {}", call.method, url.shown()));
    const int status = answer.status();
    const bool last_word = status != 0 && status != 408 && status != 429 && status != 499 && status < 500;
    // The body of an answer is what a GET was sent for. Of other answers the head says it all, and to send what was taken once more would fail.
    const bool is_whole = outcome.ending != io::Ending::interrupted || (status != 0 && call.method != "GET");
    if (last_word && is_whole) return std::nullopt;
    return io::passing_trouble_of(outcome, "", url, connection_.clock.now());
  }
}

std::unique_ptr<io::HttpStream> Session::open(const std::string& path, std::uint64_t offset) {
  Call call{.path = path};
  if (offset > 0) call.fields.push_back(fmt::format("Range: bytes={}-", offset));
  const std::vector<std::string> scopes = scopes_of(call);
  for (unsigned attempt = 0;; ++attempt) {
    const Url url = url_of(path);
    io::HttpRequest request = request_for(call, url);
    request.authorization = authorization(scopes);
    auto stream = connection_.client.stream(request);
    if (stream->head().status == 0) {
      if (fall_back_to_http(stream->outcome())) continue;
    }
    if (stream->head().status != 401 || attempt == kMostLogins || !learn(stream->head(), scopes, request.authorization)) return stream;
  }
}

Error Session::refusal(const Answer& answer, std::string_view what) const {
  const std::string said = registry_message(answer.body);
  const std::string_view reason = io::status_reason(answer.status());
  std::string message = fmt::format("{}: the registry answers {}{}", what, answer.status(), reason.empty() ? "" : fmt::format(" {}", reason));
  if (!said.empty()) message += fmt::format(" ({})", said);
  const ErrorKind kind = answer.status() == 429 ? ErrorKind::throttled : ErrorKind::network;
  return Error(kind, message, hint_for(answer.status(), registry_));
}

std::string Session::resolve_location(const Answer& answer, std::string_view location) const {
  const Url url = answer.url.resolve(location);
  if (url.scheme() != "http" && url.scheme() != "https") {
    throw Error(ErrorKind::network, fmt::format("{}: the registry sends the upload to {}, which is not http or https", registry_, url.shown()));
  }
  if (answer.url.scheme() == "https" && url.scheme() == "http") {
    // Registries behind a proxy that ends TLS write http of themselves (distribution #2862 and others): the host is what counts.
    if (url.host() == answer.url.host()) return "https" + url.text().substr(4);
    throw Error(ErrorKind::network, fmt::format("{}: the registry sends the upload from https to http: {}", registry_, url.shown()));
  }
  return url.text();
}

}  // namespace resole::registry
