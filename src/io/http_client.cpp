// SPDX-License-Identifier: Apache-2.0
#include "io/http_client.hpp"

#include <curl/curl.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstring>
#include <exception>
#include <optional>
#include <semaphore>

#include "base/error.hpp"
#include "base/text.hpp"
#include "io/address.hpp"
#include "io/curl_loop.hpp"
#include "io/url_parts.hpp"

namespace resole::io {

namespace {

constexpr unsigned kMostRedirects = 5;
constexpr std::size_t kMostHeadBytes = 256u << 10;
// Bodies of errors and redirects are read so that the connection can be used again, but not for longer than a new one costs.
constexpr std::size_t kMostUnwantedBytes = 64u << 10;
constexpr long kReceiveBuffer = 128L << 10;
// A server that sends, but slower than this for so long, is given up: one byte a second would keep us for years.
constexpr long kLeastBytesPerSecond = 128, kSlowSeconds = 60;

using SteadyClock = std::chrono::steady_clock;

struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};

bool is_worth_another_try(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_PARTIAL_FILE:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_PROXY:
      return true;
    default:
      return false;
  }
}

// One request and its response, without redirects. The static functions are curl's callbacks; no exception may pass through curl.
class Exchange {
 public:
  Exchange(const HttpClientOptions& options, const HostPolicy& policy, const Target& target, const HttpRequest& request,
           HttpReceiver& receiver)
      : target_(target),
        request_(request),
        receiver_(receiver),
        proxy_(proxy_for(target.url, options.environment)),
        stall_timeout_(options.stall_timeout) {
    any_address_ = !proxy_.empty() || policy.allows_private(target.url);
    easy_.reset(curl_easy_init());
    if (!easy_) throw Error(ErrorKind::internal, "libcurl has no memory");
    configure(options);
  }

  HttpOutcome run(CurlLoop& loop) {
    const CURLcode code = loop.perform(easy_.get());
    if (thrown_) std::rethrow_exception(thrown_);
    if (code == CURLE_COULDNT_CONNECT && !refused_address_.empty()) refuse();
    return outcome(code);
  }

 private:
  template <class Value>
  void set(CURLoption option, Value value) {
    if (const CURLcode code = curl_easy_setopt(easy_.get(), option, value); code != CURLE_OK) {
      throw Error(ErrorKind::internal, fmt::format("libcurl refuses option {}: {}", static_cast<int>(option), curl_easy_strerror(code)));
    }
  }

  void configure(const HttpClientOptions& options) {
    // curl gets credentials as options, never in the URL, where they could show up in its messages.
    set(CURLOPT_URL, target_.url.text().c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_PROXY, proxy_.c_str());  // empty: none
    set(CURLOPT_NOPROXY, "");            // the environment has been asked already, and curl must not decide otherwise
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_2TLS});
    set(CURLOPT_USERAGENT, options.user_agent.c_str());
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_BUFFERSIZE, kReceiveBuffer);
    set(CURLOPT_CONNECTTIMEOUT_MS, std::lround(options.connect_timeout * 1000));
    set(CURLOPT_LOW_SPEED_LIMIT, kLeastBytesPerSecond);
    set(CURLOPT_LOW_SPEED_TIME, kSlowSeconds);
    set(CURLOPT_ERRORBUFFER, message_.data());
    if (target_.credentials) {
      set(CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
      set(CURLOPT_USERNAME, target_.credentials->user.c_str());
      set(CURLOPT_PASSWORD, target_.credentials->password.c_str());
    }
    for (const std::string& field : request_.fields) fields_.reset(curl_slist_append(fields_.release(), field.c_str()));
    set(CURLOPT_HTTPHEADER, fields_.get());
    set(CURLOPT_HEADERFUNCTION, &Exchange::take_head_line);
    set(CURLOPT_HEADERDATA, this);
    set(CURLOPT_WRITEFUNCTION, &Exchange::take_body);
    set(CURLOPT_WRITEDATA, this);
    set(CURLOPT_OPENSOCKETFUNCTION, &Exchange::open_socket);
    set(CURLOPT_OPENSOCKETDATA, this);
    set(CURLOPT_XFERINFOFUNCTION, &Exchange::watch);
    set(CURLOPT_XFERINFODATA, this);
    set(CURLOPT_NOPROGRESS, 0L);
  }

  static curl_socket_t open_socket(void* self, curlsocktype, curl_sockaddr* wanted) {
    auto& exchange = *static_cast<Exchange*>(self);
    if (!exchange.any_address_ && is_private_socket_address(wanted->addr)) {
      exchange.refused_address_ = address_text(wanted->addr);
      return CURL_SOCKET_BAD;
    }
    return socket(wanted->family, wanted->socktype | SOCK_CLOEXEC, wanted->protocol);
  }

  // Called several times a second, also when nothing arrives. Not 0: the transfer ends.
  static int watch(void* self, curl_off_t, curl_off_t received, curl_off_t, curl_off_t) {
    auto& exchange = *static_cast<Exchange*>(self);
    const auto now = SteadyClock::now();
    if (received != exchange.received_) {
      exchange.received_ = received;
      exchange.last_arrival_ = now;
    }
    exchange.stalled_ = now - exchange.last_arrival_ > exchange.stall_timeout_;
    const bool cancelled = exchange.request_.cancelled != nullptr && *exchange.request_.cancelled;
    return exchange.stalled_ || cancelled ? 1 : 0;
  }

  static std::size_t take_head_line(char* data, std::size_t, std::size_t size, void* self) {
    return static_cast<Exchange*>(self)->guarded(size, [&](Exchange& exchange) { return exchange.head_line({data, size}); });
  }

  static std::size_t take_body(char* data, std::size_t, std::size_t size, void* self) {
    return static_cast<Exchange*>(self)->guarded(size, [&](Exchange& exchange) { return exchange.body({data, size}); });
  }

  // Returns what curl wants to hear: `size` to go on, anything else to stop.
  template <class Step>
  std::size_t guarded(std::size_t size, Step&& step) {
    try {
      if (step(*this)) return size;
    } catch (...) {
      thrown_ = std::current_exception();
    }
    stopped_ = true;
    return size == 0 ? 1 : 0;
  }

  // Informational responses (100, 103) come before the real one and are forgotten; trailers come after it and are ignored.
  bool head_line(std::string_view line) {
    head_bytes_ += line.size();
    if (head_bytes_ > kMostHeadBytes)
      throw Error(ErrorKind::network, fmt::format("the answer of {} has too large a head", target_.url.shown()));
    if (head_done_) return true;
    line = trim(line);
    if (line.starts_with("HTTP/")) {
      const auto words = split_words(line);
      head_ = {};
      head_.status = words.size() > 1 ? static_cast<int>(parse_unsigned(words[1]).value_or(0)) : 0;
    } else if (line.empty()) {
      return head_end();
    } else if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
      head_.fields.emplace_back(lower(trim(line.substr(0, colon))), std::string(trim(line.substr(colon + 1))));
    }
    return true;
  }

  bool head_end() {
    if (head_.status < 200) return true;
    head_done_ = true;
    wanted_ = !(is_redirect(head_.status) && head_.field("location") != nullptr);
    return !wanted_ || receiver_.head(head_);
  }

  bool body(std::string_view bytes) {
    if (wanted_) return receiver_.body(bytes);
    unwanted_bytes_ += bytes.size();
    return unwanted_bytes_ <= kMostUnwantedBytes;
  }

  HttpOutcome outcome(CURLcode code) {
    HttpOutcome result;
    result.head = std::move(head_);
    if (code == CURLE_OK) return result;
    if (stalled_) {
      result.ending = Ending::interrupted;
      result.trouble = "the server stopped sending";
      return result;
    }
    if (stopped_ || code == CURLE_ABORTED_BY_CALLBACK) {
      result.ending = Ending::stopped;
      return result;
    }
    result.ending = is_worth_another_try(code) ? Ending::interrupted : Ending::failed;
    result.trouble = printable(message_[0] != '\0' ? message_.data() : curl_easy_strerror(code));
    return result;
  }

  [[noreturn]] void refuse() const {
    throw Error(ErrorKind::refused, fmt::format("{} is at the private address {}", target_.url.shown(), refused_address_),
                fmt::format("if {} is a server of yours, name it on the command line or in the configuration", target_.url.host()));
  }

  const Target& target_;
  const HttpRequest& request_;
  HttpReceiver& receiver_;
  std::string proxy_;
  bool any_address_ = false;
  std::chrono::duration<double> stall_timeout_;
  curl_off_t received_ = 0;
  SteadyClock::time_point last_arrival_ = SteadyClock::now();
  bool stalled_ = false;
  std::unique_ptr<CURL, EasyDeleter> easy_;
  std::unique_ptr<curl_slist, ListDeleter> fields_;
  std::array<char, CURL_ERROR_SIZE> message_{};
  HttpHead head_;
  std::size_t head_bytes_ = 0, unwanted_bytes_ = 0;
  bool head_done_ = false, wanted_ = true, stopped_ = false;
  std::string refused_address_;
  std::exception_ptr thrown_;
};

// Credentials stay with the origin they were given for; userinfo that a server puts into a Location is never used.
Target redirected(const Target& from, const std::string& location) {
  Url url = from.url.resolve(location);
  if (url.scheme() != "http" && url.scheme() != "https") {
    throw Error(ErrorKind::network, fmt::format("{} redirects to {}, which is not http or https", from.url.shown(), url.shown()));
  }
  if (from.url.scheme() == "https" && url.scheme() != "https") {
    throw Error(ErrorKind::network, fmt::format("{} redirects from https to http: {}", from.url.shown(), url.shown()));
  }
  Target to = split_credentials(url);
  to.credentials = to.url.origin() == from.url.origin() ? from.credentials : std::nullopt;
  return to;
}

}  // namespace

struct HttpClient::Machinery {
  explicit Machinery(HttpClientOptions given)
      : options(std::move(given)),
        policy(options.allowed_private_hosts),
        slots(static_cast<std::ptrdiff_t>(std::clamp(options.connections, 1u, 64u))) {}

  HttpOutcome exchange(const Target& target, const HttpRequest& request, HttpReceiver& receiver) {
    // Literals are judged here as well as at the socket: through a proxy there is no socket to the server.
    if (target.url.is_private_address() && !policy.allows_private(target.url)) {
      throw Error(ErrorKind::refused, fmt::format("{} is at a private address", target.url.shown()),
                  fmt::format("if {} is a server of yours, name it on the command line or in the configuration", target.url.host()));
    }
    slots.acquire();
    struct Release {
      std::counting_semaphore<64>& slots;
      ~Release() { slots.release(); }
    } release{slots};
    return Exchange(options, policy, target, request, receiver).run(loop);
  }

  HttpClientOptions options;
  HostPolicy policy;
  std::counting_semaphore<64> slots;
  CurlLoop loop;
};

HttpClient::HttpClient(HttpClientOptions options) : machinery_(std::make_unique<Machinery>(std::move(options))) {}
HttpClient::~HttpClient() = default;

HttpOutcome HttpClient::get(const HttpRequest& request, HttpReceiver& receiver) {
  Target target = split_credentials(request.url);
  for (unsigned redirects = 0;; ++redirects) {
    HttpOutcome outcome = machinery_->exchange(target, request, receiver);
    const std::string* location = is_redirect(outcome.head.status) ? outcome.head.field("location") : nullptr;
    if (location == nullptr || outcome.ending == Ending::interrupted || outcome.ending == Ending::failed) return outcome;
    if (request.cancelled != nullptr && *request.cancelled) return outcome;
    if (redirects == kMostRedirects)
      throw Error(ErrorKind::network, fmt::format("{}: more than {} redirects", request.url.shown(), kMostRedirects));
    target = redirected(target, *location);
  }
}

}  // namespace resole::io
