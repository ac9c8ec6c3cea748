// SPDX-License-Identifier: Apache-2.0
// What a download needs to know of a URL and Url (which is made for showing) does not say. Pure.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/url.hpp"

namespace resole::io {

struct Credentials {
  std::string user, password;
  bool operator==(const Credentials&) const = default;
};

// A URL without its userinfo, and what the userinfo said. Credentials travel beside the URL, never in it, where keys and messages could
// show them.
struct Target {
  Url url;
  std::optional<Credentials> credentials;
};
Target split_credentials(const Url& url);

std::string percent_decoded(std::string_view text);
std::string file_path(const Url& file_url);  // Error(input) unless the host is empty or localhost

}  // namespace resole::io
