// SPDX-License-Identifier: Apache-2.0
#include "io/exchange.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "io/address.hpp"

namespace resole::io {

namespace {

constexpr std::size_t kMostHeadBytes = 256u << 10;
// Bodies of redirects are read so that the connection can be used again, but not for longer than a new one costs.
constexpr std::size_t kMostUnwantedBytes = 64u << 10;
// Something may be readable that is no answer (a TLS session ticket): then the body goes on.
constexpr unsigned kMostLooksForAnswer = 8;
// With TLS, what curl is given at once goes out in records of this size, each sent by itself: between them nobody looks for an answer.
constexpr std::size_t kTlsRecord = 16u << 10;

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
    case CURLE_SEND_FAIL_REWIND:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_PROXY:
      return true;
    default:
      return false;
  }
}

bool tells_of_tls(CURLcode code) {
  return code == CURLE_SSL_CONNECT_ERROR || code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CERTPROBLEM ||
         code == CURLE_SSL_CIPHER || code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_ISSUER_ERROR ||
         code == CURLE_SSL_INVALIDCERTSTATUS || code == CURLE_SSL_CLIENTCERT;
}

}  // namespace

Exchange::~Exchange() {
  if (!running_) return;
  break_off();
  wait();
}

HttpOutcome Exchange::run() {
  if (upload_) upload_->open();
  start();
  if (upload_) pump();
  return finish();
}

void Exchange::start() {
  running_ = true;
  loop_.start(transfer_);
}

void Exchange::resume() { loop_.resume(transfer_); }
void Exchange::break_off() { loop_.stop(transfer_); }

// A body that fails takes the request with it, unless the server had answered already and did not want the body anyway.
void Exchange::pump() {
  try {
    upload_->run();
  } catch (...) {
    break_off();
    wait();
    if (!was_answered_early()) throw;
  }
}

CURLcode Exchange::wait() {
  running_ = false;
  return CurlLoop::wait(*transfer_);
}

HttpOutcome Exchange::finish() {
  const CURLcode code = running_ ? wait() : CURLE_ABORTED_BY_CALLBACK;
  if (code == CURLE_SEND_ERROR && head_bytes_ == 0) hear_last_words();
  if (thrown_) std::rethrow_exception(thrown_);
  if (refused_ || (code == CURLE_COULDNT_CONNECT && !refused_address_.empty())) refuse_address(url_, refused_address_);
  start_again_ = start_again_ || (code == CURLE_SEND_FAIL_REWIND && upload_);
  return outcome(code);
}

curl_socket_t Exchange::open_socket(void* self, curlsocktype, curl_sockaddr* wanted) {
  auto& exchange = *static_cast<Exchange*>(self);
  if (!may_reach(exchange.reach_, wanted->addr)) {
    exchange.refused_address_ = address_text(wanted->addr);
    return CURL_SOCKET_BAD;
  }
  exchange.socket_ = socket(wanted->family, wanted->socktype | SOCK_CLOEXEC, wanted->protocol);
  if (exchange.socket_ >= 0) exchange.sockets_.add(exchange.socket_);
  return exchange.socket_;
}

// There is a connection and the request comes next. It may be a kept connection, which another request with a longer reach opened; and
// curl may be here for the second time because a kept connection was dead, with a part of the body spent on the first.
int Exchange::before_request(void* self, char* address, char*, int port, int local_port) {
  auto& exchange = *static_cast<Exchange*>(self);
  if (exchange.request_.unix_socket.empty()) exchange.socket_ = exchange.sockets_.find(local_port, port);
  exchange.start_again_ = exchange.upload_ && exchange.upload_->begun();
  if (exchange.start_again_) return CURL_PREREQFUNC_ABORT;
  if (may_reach(exchange.reach_, std::string(address))) return CURL_PREREQFUNC_OK;
  exchange.refused_address_ = address;
  exchange.refused_ = true;
  return CURL_PREREQFUNC_ABORT;
}

// Called several times a second, also when nothing moves. Not 0: the transfer ends.
int Exchange::watch(void* self, curl_off_t, curl_off_t received, curl_off_t, curl_off_t sent) {
  auto& exchange = *static_cast<Exchange*>(self);
  const bool waiting_for_us = exchange.intake_.waits_for_reader() || (exchange.upload_ && exchange.upload_->waits_for_source());
  exchange.stalled_ = exchange.stall_.look(StallWatch::Time::clock::now(), static_cast<std::uint64_t>(received + sent), waiting_for_us);
  const bool cancelled = exchange.request_.cancelled != nullptr && *exchange.request_.cancelled;
  return exchange.stalled_ || cancelled ? 1 : 0;
}

std::size_t Exchange::take_head_line(char* data, std::size_t, std::size_t size, void* self) {
  auto& exchange = *static_cast<Exchange*>(self);
  return exchange.guarded([&] { return exchange.head_line({data, size}); }) == Flow::on ? size : size + 1;
}

std::size_t Exchange::take_body(char* data, std::size_t, std::size_t size, void* self) {
  auto& exchange = *static_cast<Exchange*>(self);
  const Flow flow = exchange.guarded([&] { return exchange.body({data, size}); });
  if (flow == Flow::wait) return CURL_WRITEFUNC_PAUSE;
  return flow == Flow::on ? size : size + 1;
}

std::size_t Exchange::give_body(char* buffer, std::size_t, std::size_t size, void* self) {
  auto& exchange = *static_cast<Exchange*>(self);
  if (!exchange.upload_ || exchange.upload_->complete()) return 0;
  if (exchange.answer_is_here()) {
    exchange.resume();
    return CURL_READFUNC_PAUSE;
  }
  const std::size_t most = exchange.url_.scheme() == "https" ? std::min(size, kTlsRecord) : size;
  const std::size_t count = exchange.upload_->take(buffer, most);
  return count == 0 ? CURL_READFUNC_PAUSE : count;
}

// A server that refuses an upload answers and closes; sending to it then fails, and curl would tell of that and not of the answer, which is
// there to be read. So before each part of the body we look whether something came, and let curl read first. What comes in the moment
// between this look and the sending is heard afterwards (leftover.hpp), if it is not encrypted.
bool Exchange::answer_is_here() {
  if (head_done_ || socket_ < 0 || looks_for_answer_ >= kMostLooksForAnswer) return false;
  if (url_.scheme() == "http") leftover_.watch(socket_);
  pollfd readable{socket_, POLLIN, 0};
  const bool here = poll(&readable, 1, 0) > 0;
  looks_for_answer_ = here ? looks_for_answer_ + 1 : 0;
  return here;
}

void Exchange::hear_last_words() {
  const std::string words = leftover_.take();
  std::string_view rest = words;
  while (!head_done_) {
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos || guarded([&] { return head_line(rest.substr(0, end + 1)); }) != Flow::on) return;
    rest.remove_prefix(end + 1);
  }
  if (const auto length = head_.content_length())
    rest = rest.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(*length, rest.size())));
  if (!rest.empty() && head_.field("transfer-encoding") == nullptr) guarded([&] { return body(rest); });
}

template <class Step>
Flow Exchange::guarded(Step&& step) {
  Flow flow = Flow::stop;
  try {
    flow = step();
  } catch (...) {
    thrown_ = std::current_exception();
  }
  stopped_ = flow == Flow::stop;
  return flow;
}

// Informational responses (100, 103) come before the real one and are forgotten; trailers come after it and are ignored.
Flow Exchange::head_line(std::string_view line) {
  head_bytes_ += line.size();
  if (head_bytes_ > kMostHeadBytes) throw Error(ErrorKind::network, fmt::format("the answer of {} has too large a head", url_.shown()));
  if (head_done_) return Flow::on;
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
  return Flow::on;
}

Flow Exchange::head_end() {
  if (head_.status < 200) return Flow::on;
  head_done_ = true;
  wanted_ = !(keeps_redirects_ && is_redirect(head_.status) && head_.field("location") != nullptr);
  return !wanted_ || intake_.head(head_) ? Flow::on : Flow::stop;
}

Flow Exchange::body(std::string_view bytes) {
  if (wanted_) return intake_.body(bytes);
  unwanted_bytes_ += bytes.size();
  return unwanted_bytes_ <= kMostUnwantedBytes ? Flow::on : Flow::stop;
}

bool Exchange::was_answered_early() const { return upload_ && head_done_ && head_.status >= 400; }

// Some servers without TLS do not answer at all when they are greeted in it.
bool Exchange::is_tls_trouble(CURLcode code) const {
  if (tells_of_tls(code)) return true;
  if (url_.scheme() != "https" || !proxy_.empty()) return false;
  const char* address = nullptr;
  long connections = 0;
  curl_off_t secured_after = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_PRIMARY_IP, &address);
  curl_easy_getinfo(easy_.get(), CURLINFO_NUM_CONNECTS, &connections);
  curl_easy_getinfo(easy_.get(), CURLINFO_APPCONNECT_TIME_T, &secured_after);
  const bool connected = address != nullptr && *address != '\0' && connections > 0;
  return connected && secured_after == 0;
}

HttpOutcome Exchange::outcome(CURLcode code) {
  HttpOutcome result;
  const bool answered_early = was_answered_early();
  result.head = head_done_ ? std::move(head_) : HttpHead();
  if (code == CURLE_OK) return result;
  if (stalled_) {
    result.ending = Ending::interrupted;
    result.trouble = head_done_ || !upload_ ? "the server stopped sending" : "the server stopped reading, or does not answer";
  } else if (stopped_ || (code == CURLE_ABORTED_BY_CALLBACK && !start_again_ && !answered_early)) {
    result.ending = Ending::stopped;
  } else if (!answered_early) {
    result.ending = start_again_ || is_worth_another_try(code) ? Ending::interrupted : Ending::failed;
    result.tls_trouble = is_tls_trouble(code);
    result.trouble = printable(message_[0] != '\0' ? message_.data() : curl_easy_strerror(code));
  }
  return result;
}

}  // namespace resole::io
