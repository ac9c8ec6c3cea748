// SPDX-License-Identifier: Apache-2.0
// One file of docker's or podman's logins. containers-auth.json(5) and docker's config.json are the same form; ~/.dockercfg is what was
// "auths" later, by itself.
//
//   {"auths": {"example.org/team": {"auth": "dXNlcjpwYXNz"}, "https://index.docker.io/v1/": {}},
//    "credHelpers": {"example.org": "ecr-login"}, "credsStore": "secretservice"}
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/remote/credentials.hpp"

namespace resole::registry {

enum class AuthForm { current, dockercfg };

struct AuthEntry {
  std::string encoded;  // "auth", decoded only when this entry is the one wanted
  Login login;          // the other members
};

struct AuthFile {
  std::string name;  // for messages
  AuthForm form = AuthForm::current;
  std::map<std::string, AuthEntry> entries;
  std::map<std::string, std::string> programs;  // credHelpers
  std::string store;                            // credsStore
};

// Members that are not about logins are not looked at. An empty text is an empty file ("--authfile /dev/null"). Error(input) with the line,
// never with any of the text.
AuthFile parse_auth_file(std::string_view text, std::string_view name, AuthForm form = AuthForm::current);

// A helper to ask, and what it knows the registry as.
struct HelperCall {
  std::string program;  // "ecr-login"
  std::string server;
  bool is_store = false;  // by credsStore: for every registry, not meant for this one
};
std::vector<HelperCall> helper_calls(const AuthFile& file, std::string_view registry);  // in the order to be asked

// What "auths" says, empty entries passed over. Error(input) when the entry cannot be decoded.
std::optional<Login> find_entry(const AuthFile& file, std::string_view registry, std::string_view repository);

}  // namespace resole::registry
