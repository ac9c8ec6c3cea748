// SPDX-License-Identifier: Apache-2.0
// Which proxy the environment names for a URL. Decided here and not left to curl, because the check of addresses (address.hpp) must know
// whether the socket leads to the server or to the operator's own proxy, which may well be at a private address.
#pragma once
#include <functional>
#include <string>

#include "base/url.hpp"

namespace resole::io {

using Environment = std::function<std::string(const char* name)>;  // empty = not set

// http_proxy (lower case only: HTTP_PROXY can be set by a request in CGI, CVE-2016-5385), https_proxy, all_proxy, and no_proxy with names,
// suffixes, addresses, networks in CIDR form and "*". Empty = direct.
std::string proxy_for(const Url& url, const Environment& environment);
Environment process_environment();

}  // namespace resole::io
