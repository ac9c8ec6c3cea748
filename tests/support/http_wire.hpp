// SPDX-License-Identifier: Apache-2.0
// One connection of the test server: bytes over a socket, with or without TLS, and the framing of request bodies.
#pragma once
#include <openssl/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace resole::test {

// A listening end of TLS; connections share it.
class TlsContext {
 public:
  // Files are PEM. client_ca: certificates of clients must come from there; "" = none are asked for.
  TlsContext(const std::string& certificate, const std::string& key, const std::string& client_ca);
  ~TlsContext();
  SSL_CTX* get() const { return context_; }

 private:
  SSL_CTX* context_ = nullptr;
};

class Wire {
 public:
  explicit Wire(int socket) : socket_(socket) {}  // does not own the socket
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;
  ~Wire();
  // False: no TLS came about. A client that speaks plain HTTP is told so, as Go's servers do.
  bool secure(const TlsContext& context);
  const std::string& client_name() const { return client_name_; }  // the subject of its certificate
  bool read_head(std::string& head);                               // up to the empty line, without it
  bool send_all(std::string_view bytes);
  void end();    // says that nothing follows; without it a TLS client sees a connection that broke
  void reset();  // the other side gets a reset, not an end

  // Hands out pieces until the body ends. False: it did not come whole, or take() did not want more.
  bool read_body(bool chunked, std::uint64_t length, const std::function<bool(std::string_view)>& take);

 private:
  bool refuse_tls();
  bool fill();  // reads more into pending_
  bool read_exactly(std::uint64_t length, const std::function<bool(std::string_view)>& take);
  bool read_line(std::string& line);

  int socket_;
  SSL* tls_ = nullptr;
  std::string pending_, client_name_;  // pending_: what was read beyond the wanted part
};

}  // namespace resole::test
