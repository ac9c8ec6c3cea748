// SPDX-License-Identifier: Apache-2.0
// The table of forges: how each is known, where its API is, what it limits.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "forge/api.hpp"
#include "forge/forge.hpp"
#include "forge/remote.hpp"

namespace resole::forge {

struct ForgeKind {
  std::string_view word;                       // of --forge
  std::string_view name;                       // for people
  std::vector<std::string_view> public_hosts;  // known by these, and by a host whose name begins with the word ("gitlab.example.org")
  std::string_view public_api;                 // of the first of them, when it is not below the host
  std::string_view api_path;                   // below the host of others
  std::size_t body_limit, title_limit;         // characters; counted as bytes here
  std::string_view git_user;                   // whom a token logs in as, over http
  std::string_view token_prefix;               // "Bearer "
  std::string_view token_variable;             // what pipelines of this forge call the token ...
  std::string_view server_variable;            // ... and the URL of the server that it is for
  std::string_view request_word;               // "pull request"
  std::vector<std::string> fields;             // of every request
  std::unique_ptr<Forge> (*make)(std::shared_ptr<Api> api, const std::string& project);
};

const std::vector<ForgeKind>& forge_table();
// By word, or nullptr.
const ForgeKind* forge_named(std::string_view word);
// By the remote's host, or nullptr.
const ForgeKind* forge_of(const Remote& remote);
// Where the API of this forge is, for a remote there. Error(usage) for a remote without a host.
Url api_of(const ForgeKind& kind, const Remote& remote);

std::unique_ptr<Forge> make_github(std::shared_ptr<Api> api, const std::string& project);
std::unique_ptr<Forge> make_gitlab(std::shared_ptr<Api> api, const std::string& project);
std::unique_ptr<Forge> make_gitea(std::shared_ptr<Api> api, const std::string& project);

}  // namespace resole::forge
