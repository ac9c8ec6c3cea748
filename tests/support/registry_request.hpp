// SPDX-License-Identifier: Apache-2.0
// A request as the distribution API understands it. Pure.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "support/http_server.hpp"

namespace resole::test {

struct RegistryRequest {
  // Method and noun: "GET ping", "HEAD blob", "POST upload", "POST mount", "PATCH upload", "PUT upload", "GET manifest", "GET tags",
  // "GET referrers", "GET token", "POST token", "GET storage", "GET other".
  std::string kind;
  std::string method, path;                  // path with the query
  std::string repository, reference;         // reference: tag, digest or the name of an upload
  std::string raw_query;                     // as it came, without '?'
  std::map<std::string, std::string> query;  // decoded; of several with one name the last
  std::string auth;                          // "", "Basic USER", "Bearer"
  int status = 0;                            // 0: no answer
  std::uint64_t up = 0, down = 0;            // bytes of the bodies
  std::uint64_t number = 0;                  // order among all requests

  bool asks(const std::string& name) const { return query.contains(name); }
  std::string parameter(const std::string& name) const;  // "" when absent
  std::string_view noun() const { return std::string_view(kind).substr(kind.find(' ') + 1); }
};

RegistryRequest understand(const HttpSeen& seen);

std::string percent_decoded(std::string_view text);  // '+' is a blank, as in forms
std::map<std::string, std::string> parse_form(std::string_view text);
bool is_repository_name(std::string_view name);  // distribution-spec "Pulling manifests": [a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/...)*

}  // namespace resole::test
