// SPDX-License-Identifier: Apache-2.0
// Which servers a download may connect to.
//
// URLs come from images, mirrors' redirects and DNS; none of them may steer the tool to the metadata service of a cloud host or to a
// router's web page. A private address is therefore refused wherever it appears (as a literal, behind a name, after a redirect) unless the
// operator named the host. The address is judged when the socket is opened, so a name that resolves differently the second time gains
// nothing.
#pragma once
#include <string>
#include <vector>

#include "base/url.hpp"

struct sockaddr;

namespace resole::io {

// Loopback, private, link-local, shared (RFC 6598) and unspecified addresses, also when wrapped in IPv6 (mapped, NAT64, 6to4).
// Documentation and benchmark networks are not among them: they lead to no victim, and test beds and fake-IP proxies use them for public
// names.
bool is_private_socket_address(const sockaddr& address);
// Loopback, link-local and unspecified addresses and those of clouds' metadata services, also when wrapped: not for servers that another
// server told us of (Reach::beside_named).
bool is_machine_local_socket_address(const sockaddr& address);
std::string address_text(const sockaddr& address);

class HostPolicy {
 public:
  explicit HostPolicy(std::vector<std::string> allowed_private_hosts);
  bool allows_private(const Url& url) const;  // the operator named this host, or host and port

 private:
  std::vector<std::string> allowed_;
};

}  // namespace resole::io
