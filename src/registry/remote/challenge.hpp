// SPDX-License-Identifier: Apache-2.0
// WWW-Authenticate as registries write it: several fields, several challenges in one field, tokens and quoted strings (RFC 9110 section
// 11.6.1), schemes in any case, parameters that are missing. Pure.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace resole::registry {

struct Challenge {
  std::string scheme;                             // lower case: "bearer", "basic", "negotiate"
  std::map<std::string, std::string> parameters;  // names in lower case: "realm", "service", "scope", "error"
};

// Every challenge of every field value, in order. What is not understood is left out, never guessed at.
std::vector<Challenge> parse_challenges(const std::vector<std::string>& values);

}  // namespace resole::registry
