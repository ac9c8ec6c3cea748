// SPDX-License-Identifier: Apache-2.0
// What curl is told about an exchange.
#include <fmt/format.h>

#include <cmath>
#include <filesystem>

#include "base/error.hpp"
#include "io/exchange.hpp"
#include "io/files.hpp"
#include "io/proxy.hpp"

namespace resole::io {

namespace {

constexpr long kReceiveBuffer = 128L << 10, kSendBuffer = 256L << 10;
constexpr std::uint64_t kMostAuthorities = 16u << 20;

bool takes_body(const std::string& method) { return method == "POST" || method == "PUT" || method == "PATCH"; }

// The file that this libcurl takes authorities from when it is told nothing; "" = it has only a folder.
std::string built_in_authorities(CURL* easy) {
  const char* file = nullptr;
  return curl_easy_getinfo(easy, CURLINFO_CAINFO, &file) == CURLE_OK && file != nullptr ? file : "";
}

std::string text_of(const std::string& file) {
  std::error_code failed;
  return file.empty() || !std::filesystem::is_regular_file(file, failed) ? std::string() : read_file(file, kMostAuthorities);
}

double stall_timeout(const ExchangeSetting& setting) {
  return setting.request.stall_timeout > 0 ? setting.request.stall_timeout : setting.options.stall_timeout;
}

}  // namespace

Exchange::Exchange(CurlLoop& loop, const ExchangeSetting& setting, Intake& intake)
    : loop_(loop),
      sockets_(setting.sockets),
      request_(setting.request),
      url_(setting.route.url),
      intake_(intake),
      keeps_redirects_(setting.keeps_redirects),
      reach_(effective_reach(setting.route, setting.policy)),
      stall_(std::chrono::duration<double>(stall_timeout(setting)), StallWatch::Time::clock::now()),
      easy_(curl_easy_init()) {
  if (!easy_) throw Error(ErrorKind::internal, "libcurl has no memory");
  configure(setting);
  transfer_ = CurlLoop::prepare(easy_.get(), [this] {
    if (upload_) upload_->close();
    intake_.ended();
  });
}

template <class Value>
void Exchange::set(CURLoption option, Value value) {
  if (const CURLcode code = curl_easy_setopt(easy_.get(), option, value); code != CURLE_OK) {
    throw Error(ErrorKind::internal, fmt::format("libcurl refuses option {}: {}", static_cast<int>(option), curl_easy_strerror(code)));
  }
}

void Exchange::add_field(const std::string& field) {
  curl_slist* longer = curl_slist_append(fields_.get(), field.c_str());
  if (longer == nullptr) throw Error(ErrorKind::internal, "libcurl has no memory");
  (void)fields_.release();  // part of the longer list
  fields_.reset(longer);
}

void Exchange::configure(const ExchangeSetting& setting) {
  configure_connection(setting);
  configure_tls(setting.route.tls, setting.options.system_authorities);
  configure_message(setting);
  configure_body(setting.request);
  set(CURLOPT_HTTPHEADER, fields_.get());
  configure_callbacks();
}

void Exchange::configure_connection(const ExchangeSetting& setting) {
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  if (setting.request.unix_socket.empty()) {
    refuse_forbidden_literal(setting.route, setting.policy);
    proxy_ = proxy_for(url_, setting.options.environment);
    if (!proxy_.empty()) reach_ = Reach::named;  // the socket leads to the operator's proxy
  } else {
    set(CURLOPT_UNIX_SOCKET_PATH, setting.request.unix_socket.c_str());
    reach_ = Reach::named;
  }
  set(CURLOPT_PROXY, proxy_.c_str());  // empty: none
  set(CURLOPT_NOPROXY, "");            // the environment has been asked already, and curl must not decide otherwise
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  // A paused transfer keeps curl (7.88) from reading anything of the HTTP/2 connection that it shares. When the connection also carries
  // the upload that is fed by it, neither would ever go on.
  const bool may_pause = setting.may_wait || setting.request.body;
  set(CURLOPT_HTTP_VERSION, may_pause ? long{CURL_HTTP_VERSION_1_1} : long{CURL_HTTP_VERSION_2TLS});
  set(CURLOPT_FRESH_CONNECT, setting.fresh_connection ? 1L : 0L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_CONNECTTIMEOUT_MS, std::lround(setting.options.connect_timeout * 1000));
  set(CURLOPT_BUFFERSIZE, kReceiveBuffer);
}

void Exchange::configure_tls(const TlsOptions& tls, const std::string& system_authorities) {
  set(CURLOPT_SSL_VERIFYPEER, tls.verify ? 1L : 0L);
  set(CURLOPT_SSL_VERIFYHOST, tls.verify ? 2L : 0L);
  if (!system_authorities.empty()) {
    set(CURLOPT_CAINFO, system_authorities.c_str());
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }
  if (!tls.authorities.empty()) {
    // A blob takes the place of the file (CAINFO), and stands beside the folder (CAPATH): so the file's authorities go into it.
    const std::string all = text_of(system_authorities.empty() ? built_in_authorities(easy_.get()) : system_authorities) + "\n" + tls.authorities;
    curl_blob blob{.data = const_cast<char*>(all.data()), .len = all.size(), .flags = CURL_BLOB_COPY};
    set(CURLOPT_CAINFO_BLOB, &blob);
  }
  if (!tls.client_cert.empty()) set(CURLOPT_SSLCERT, tls.client_cert.c_str());
  if (!tls.client_key.empty()) set(CURLOPT_SSLKEY, tls.client_key.c_str());
}

void Exchange::configure_message(const ExchangeSetting& setting) {
  // curl gets credentials as options, never in the URL, where they could show up in its messages.
  set(CURLOPT_URL, url_.text().c_str());
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_USERAGENT, setting.options.user_agent.c_str());
  if (const auto& credentials = setting.route.credentials) {
    set(CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    set(CURLOPT_USERNAME, credentials->user.c_str());
    set(CURLOPT_PASSWORD, credentials->password.c_str());
  }
  for (const std::string& field : setting.request.fields) add_field(field);
  if (!setting.route.authorization.empty()) add_field("Authorization: " + setting.route.authorization);
}

void Exchange::configure_body(const HttpRequest& request) {
  if (request.method == "GET" && !request.body) return;
  if (request.method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
    return;
  }
  set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  if (!request.body && !takes_body(request.method)) return;
  set(CURLOPT_UPLOAD, 1L);
  set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request.body ? request.body->size : 0));
  set(CURLOPT_UPLOAD_BUFFERSIZE, kSendBuffer);
  // Few servers answer "Expect: 100-continue" at once; the others cost a second each. An early refusal is seen while sending.
  add_field("Expect:");
  if (request.body) upload_.emplace(*request.body, url_.shown(), [this] { resume(); });
}

void Exchange::configure_callbacks() {
  set(CURLOPT_ERRORBUFFER, message_.data());
  set(CURLOPT_HEADERFUNCTION, &Exchange::take_head_line);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_WRITEFUNCTION, &Exchange::take_body);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_READFUNCTION, &Exchange::give_body);
  set(CURLOPT_READDATA, this);
  set(CURLOPT_OPENSOCKETFUNCTION, &Exchange::open_socket);
  set(CURLOPT_OPENSOCKETDATA, this);
  set(CURLOPT_PREREQFUNCTION, &Exchange::before_request);
  set(CURLOPT_PREREQDATA, this);
  set(CURLOPT_XFERINFOFUNCTION, &Exchange::watch);
  set(CURLOPT_XFERINFODATA, this);
  set(CURLOPT_NOPROGRESS, 0L);
}

}  // namespace resole::io
