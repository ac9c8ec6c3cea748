// SPDX-License-Identifier: Apache-2.0
#include "support/http_wire.hpp"

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace resole::test {

namespace {

constexpr std::size_t kMostHeadBytes = 100'000, kMostLineBytes = 8000;
constexpr char kHandshake = 0x16;  // the first byte of a TLS client's first record

}  // namespace

TlsContext::TlsContext(const std::string& certificate, const std::string& key, const std::string& client_ca)
    : context_(SSL_CTX_new(TLS_server_method())) {
  const bool usable = context_ && SSL_CTX_use_certificate_file(context_, certificate.c_str(), SSL_FILETYPE_PEM) == 1 &&
                      SSL_CTX_use_PrivateKey_file(context_, key.c_str(), SSL_FILETYPE_PEM) == 1 &&
                      (client_ca.empty() || SSL_CTX_load_verify_file(context_, client_ca.c_str()) == 1);
  if (!usable) {
    SSL_CTX_free(context_);
    throw std::runtime_error("the test server cannot use its certificate");
  }
  if (!client_ca.empty()) SSL_CTX_set_verify(context_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  // Sessions with client certificates need an identifier; tests want each connection to prove itself anyway.
  SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context_, SSL_OP_NO_TICKET);
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

Wire::~Wire() { SSL_free(tls_); }

bool Wire::secure(const TlsContext& context) {
  char first = 0;
  if (recv(socket_, &first, 1, MSG_PEEK) != 1) return false;
  if (first != kHandshake) {
    std::string head;
    read_head(head);
    send_all("HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n");
    return false;
  }
  tls_ = SSL_new(context.get());
  if (!tls_ || SSL_set_fd(tls_, socket_) != 1 || SSL_accept(tls_) != 1) return false;
  if (X509* certificate = SSL_get1_peer_certificate(tls_)) {
    char name[256] = {};
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
    client_name_ = name;
    X509_free(certificate);
  }
  return true;
}

bool Wire::fill() {
  char buffer[65536];
  const long count = tls_ ? SSL_read(tls_, buffer, sizeof buffer) : recv(socket_, buffer, sizeof buffer, 0);
  if (count <= 0) return false;
  pending_.append(buffer, static_cast<std::size_t>(count));
  return true;
}

bool Wire::read_head(std::string& head) {
  for (;;) {
    if (const std::size_t end = pending_.find("\r\n\r\n"); end != std::string::npos) {
      head = pending_.substr(0, end + 2);
      pending_.erase(0, end + 4);
      return true;
    }
    if (pending_.starts_with(kHandshake)) return refuse_tls();
    if (pending_.size() > kMostHeadBytes || !fill()) return false;
  }
}

// At once, as servers do: who tries https first waits for it.
bool Wire::refuse_tls() {
  send_all("HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n400 Bad Request");
  return false;
}

bool Wire::send_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const int piece = static_cast<int>(std::min<std::size_t>(bytes.size(), 1u << 20));
    const long sent = tls_ ? SSL_write(tls_, bytes.data(), piece) : send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void Wire::end() {
  if (tls_ && SSL_is_init_finished(tls_)) SSL_shutdown(tls_);
}

void Wire::reset() {
  const linger none{.l_onoff = 1, .l_linger = 0};
  setsockopt(socket_, SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

bool Wire::read_exactly(std::uint64_t length, const std::function<bool(std::string_view)>& take) {
  while (length > 0) {
    if (pending_.empty() && !fill()) return false;
    const std::size_t piece = static_cast<std::size_t>(std::min<std::uint64_t>(length, pending_.size()));
    if (!take(std::string_view(pending_).substr(0, piece))) return false;
    pending_.erase(0, piece);
    length -= piece;
  }
  return true;
}

bool Wire::read_line(std::string& line) {
  for (;;) {
    if (const std::size_t end = pending_.find("\r\n"); end != std::string::npos) {
      line = pending_.substr(0, end);
      pending_.erase(0, end + 2);
      return true;
    }
    if (pending_.size() > kMostLineBytes || !fill()) return false;
  }
}

// RFC 9112 section 7.1; extensions and trailers are read over.
bool Wire::read_body(bool chunked, std::uint64_t length, const std::function<bool(std::string_view)>& take) {
  if (!chunked) return read_exactly(length, take);
  std::string line;
  for (;;) {
    if (!read_line(line)) return false;
    std::uint64_t size = 0;
    if (std::from_chars(line.data(), line.data() + line.size(), size, 16).ptr == line.data()) return false;
    if (size == 0) break;
    if (!read_exactly(size, take) || !read_line(line) || !line.empty()) return false;
  }
  while (read_line(line)) {
    if (line.empty()) return true;
  }
  return false;
}

}  // namespace resole::test
