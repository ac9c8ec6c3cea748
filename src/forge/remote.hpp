// SPDX-License-Identifier: Apache-2.0
// Where a git repository is, as git writes it: https://host/team/repo.git, ssh://git@host/team/repo, git@host:team/repo.git, file:///srv/repo.git, /srv/repo.git.
// Other transports (ext::, fd::) run programs and are refused. Pure.
#pragma once
#include <string>
#include <string_view>

namespace resole::forge {

struct Remote {
  std::string scheme;          // https, http, ssh, file
  std::string url;             // for git; never with a password
  std::string host;            // lower case; with ":port" for http and https when it is not the usual one; "" for files
  std::string path;            // "team/repo": no slashes at its ends, no ".git"
  std::string user, password;  // what the URL said
  bool is_http() const { return scheme == "https" || scheme == "http"; }
};

// Error(usage) when it is none of these.
Remote parse_remote(std::string_view text);

std::string percent_encoded(std::string_view text);  // all but RFC 3986's unreserved characters: one segment of a path, a value of a query

}  // namespace resole::forge
