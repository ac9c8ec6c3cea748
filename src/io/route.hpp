// SPDX-License-Identifier: Apache-2.0
// Where an exchange goes, what it may carry there and which addresses it may reach, along a chain of redirects. Pure.
#pragma once
#include <optional>
#include <string>

#include "io/address.hpp"
#include "io/http_client.hpp"
#include "io/url_parts.hpp"

namespace resole::io {

struct Route {
  Url url;                                 // without userinfo
  std::optional<Credentials> credentials;  // what the userinfo said
  std::string authorization;
  TlsOptions tls;
  Reach reach = Reach::public_only;
};

// Error(internal) for a method or field that would break the message (RFC 9112 section 2.2), whose text is never repeated.
Route first_route(const HttpRequest& request);

// Credentials and the Authorization field stay with the origin they were given for, TLS options with the host; userinfo that a server puts
// into a Location is never used. Error(network) for another scheme than http and https, and from https to http.
Route redirected(const Route& from, const std::string& location);

// What may be reached from here: the route's, or anything where the operator allowed the host.
Reach effective_reach(const Route& route, const HostPolicy& policy);

// Error(refused) for a literal that may not be reached. Asked before every exchange: through a proxy there is no socket to the server.
void refuse_forbidden_literal(const Route& route, const HostPolicy& policy);
[[noreturn]] void refuse_address(const Url& url, const std::string& address);  // after resolution

bool may_reach(Reach reach, const sockaddr& address);
bool may_reach(Reach reach, const std::string& address);  // as inet_ntop writes it; nothing else may be reached

// The hops of one request, as far as they are followed.
class Hops {
 public:
  explicit Hops(const HttpRequest& request);
  const Route& route() const { return route_; }
  bool follows() const { return follows_; }  // redirects are not the receiver's
  // Goes on to where the outcome redirects to; false: it is the last one. Error(network) for too many.
  bool follow(const HttpOutcome& outcome);

 private:
  const HttpRequest& request_;
  Route route_;
  bool follows_;
  unsigned followed_ = 0;
};

}  // namespace resole::io
