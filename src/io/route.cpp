// SPDX-License-Identifier: Apache-2.0
#include "io/route.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::io {

namespace {

constexpr unsigned kMostRedirects = 5;

std::string private_hint(const Url& url) {
  return fmt::format("if {} is a server of yours, name it on the command line or in the configuration", url.host());
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 127 && c != ':'; });
}

bool breaks_message(std::string_view value) { return value.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos; }

Reach reach_of_redirect(const Route& from, const Url& to) {
  return from.reach == Reach::named && to.host() != from.url.host() ? Reach::beside_named : from.reach;
}

}  // namespace

Route first_route(const HttpRequest& request) {
  const bool broken = !is_token(request.method) || breaks_message(request.authorization) ||
                      std::any_of(request.fields.begin(), request.fields.end(), breaks_message);
  if (broken) throw Error(ErrorKind::internal, fmt::format("a request to {} has a damaged method or field", request.url.shown()));
  auto [url, credentials] = split_credentials(request.url);
  if (!request.authorization.empty()) credentials.reset();
  return {std::move(url), std::move(credentials), request.authorization, request.tls, request.reach};
}

Route redirected(const Route& from, const std::string& location) {
  const Url url = from.url.resolve(location);
  if (url.scheme() != "http" && url.scheme() != "https") {
    throw Error(ErrorKind::network, fmt::format("{} redirects to {}, which is not http or https", from.url.shown(), url.shown()));
  }
  if (from.url.scheme() == "https" && url.scheme() != "https") {
    throw Error(ErrorKind::network, fmt::format("{} redirects from https to http: {}", from.url.shown(), url.shown()));
  }
  Route to{split_credentials(url).url, std::nullopt, {}, {}, reach_of_redirect(from, url)};
  if (to.url.origin() == from.url.origin()) {
    to.credentials = from.credentials;
    to.authorization = from.authorization;
  }
  if (to.url.host() == from.url.host()) to.tls = from.tls;
  return to;
}

Reach effective_reach(const Route& route, const HostPolicy& policy) {
  return policy.allows_private(route.url) ? Reach::named : route.reach;
}

void refuse_forbidden_literal(const Route& route, const HostPolicy& policy) {
  if (effective_reach(route, policy) == Reach::named || !route.url.is_private_address()) return;
  throw Error(ErrorKind::refused, fmt::format("{} is at a private address", route.url.shown()), private_hint(route.url));
}

void refuse_address(const Url& url, const std::string& address) {
  throw Error(ErrorKind::refused, fmt::format("{} is at the private address {}", url.shown(), address), private_hint(url));
}

bool may_reach(Reach reach, const sockaddr& address) {
  switch (reach) {
    case Reach::public_only:
      return !is_private_socket_address(address);
    case Reach::named:
      return true;
    case Reach::beside_named:
      return !is_machine_local_socket_address(address);
  }
  return false;
}

bool may_reach(Reach reach, const std::string& address) {
  if (reach == Reach::named) return true;
  sockaddr_in ipv4{};
  ipv4.sin_family = AF_INET;
  if (inet_pton(AF_INET, address.c_str(), &ipv4.sin_addr) == 1) return may_reach(reach, reinterpret_cast<const sockaddr&>(ipv4));
  sockaddr_in6 ipv6{};
  ipv6.sin6_family = AF_INET6;
  return inet_pton(AF_INET6, address.c_str(), &ipv6.sin6_addr) == 1 && may_reach(reach, reinterpret_cast<const sockaddr&>(ipv6));
}

// RFC 9110 section 15.4 lets clients follow redirects of POST and PUT; a registry's client wants to know where it sends its bytes.
Hops::Hops(const HttpRequest& request)
    : request_(request),
      route_(first_route(request)),
      follows_((request.method == "GET" || request.method == "HEAD") && request.unix_socket.empty()) {}

bool Hops::follow(const HttpOutcome& outcome) {
  if (!follows_ || !is_redirect(outcome.head.status)) return false;
  if (outcome.ending == Ending::interrupted || outcome.ending == Ending::failed) return false;
  if (request_.cancelled != nullptr && *request_.cancelled) return false;
  const std::string* location = outcome.head.field("location");
  if (location == nullptr) return false;
  if (followed_++ == kMostRedirects)
    throw Error(ErrorKind::network, fmt::format("{}: more than {} redirects", request_.url.shown(), kMostRedirects));
  route_ = redirected(route_, *location);
  return true;
}

}  // namespace resole::io
