// SPDX-License-Identifier: Apache-2.0
#include "forge/forges.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace resole::forge {

// Limits of bodies: field measurements of what the forges take (65,536 characters at GitHub; 1,048,576 at GitLab; Gitea's column is as large).
const std::vector<ForgeKind>& forge_table() {
  static const std::vector<ForgeKind> table = {
      {"github", "GitHub", {"github.com"}, "https://api.github.com", "/api/v3", 58'000, 255, "x-access-token", "Bearer ", "GITHUB_TOKEN", "GITHUB_SERVER_URL", "pull request",
       {"X-GitHub-Api-Version: 2022-11-28"}, make_github},
      {"gitlab", "GitLab", {"gitlab.com"}, "", "/api/v4", 1'000'000, 255, "oauth2", "Bearer ", "GITLAB_TOKEN", "CI_SERVER_URL", "merge request", {}, make_gitlab},
      {"gitea", "Gitea", {"gitea.com"}, "", "/api/v1", 1'000'000, 255, "oauth2", "token ", "GITEA_TOKEN", "GITEA_SERVER_URL", "pull request", {}, make_gitea},
      {"forgejo", "Forgejo", {"codeberg.org"}, "", "/api/v1", 1'000'000, 255, "oauth2", "token ", "FORGEJO_TOKEN", "FORGEJO_SERVER_URL", "pull request", {}, make_gitea},
  };
  return table;
}

const ForgeKind* forge_named(std::string_view word) {
  const auto found = std::find_if(forge_table().begin(), forge_table().end(), [&](const ForgeKind& kind) { return kind.word == word; });
  return found == forge_table().end() ? nullptr : &*found;
}

const ForgeKind* forge_of(const Remote& remote) {
  const std::string_view host = std::string_view(remote.host).substr(0, remote.host.rfind(':'));
  for (const ForgeKind& kind : forge_table()) {
    const bool is_public = std::find(kind.public_hosts.begin(), kind.public_hosts.end(), host) != kind.public_hosts.end();
    if (is_public || host.starts_with(std::string(kind.word) + ".")) return &kind;
  }
  return nullptr;
}

Url api_of(const ForgeKind& kind, const Remote& remote) {
  if (remote.host.empty()) throw Error(ErrorKind::usage, "the remote names no host: where is the forge's API?", "give --forge-api URL");
  if (!kind.public_api.empty() && remote.host == kind.public_hosts.front()) return Url::parse(kind.public_api);
  return Url::parse(fmt::format("{}://{}{}", remote.scheme == "http" ? "http" : "https", remote.host, kind.api_path));
}

}  // namespace resole::forge
