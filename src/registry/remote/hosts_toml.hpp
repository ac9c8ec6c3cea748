// SPDX-License-Identifier: Apache-2.0
// containerd's hosts.toml (docs/hosts.md there): mirrors of one registry, and what stands in for the registry itself.
//
//   server = "https://registry.example.org"
//   [host."https://mirror.example.org/hub"]
//   capabilities = ["pull", "resolve"]
//   ca = "mirror.pem"
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "io/http_client.hpp"

namespace resole::registry {

struct HostEntry {
  std::string host;  // "" = the registry itself
  std::string path = "/v2";
  bool plain_http = false, http_when_tls_fails = false;
  bool pull = true, resolve = true;
  bool verify = true;
  std::vector<std::filesystem::path> authorities;
  std::filesystem::path client_cert, client_key;
};

struct HostsFile {
  std::vector<HostEntry> mirrors;  // in the order of the text
  HostEntry server;
  std::string warning;
};

// Paths in it are relative to `folder`. Error(input) with file and line.
HostsFile parse_hosts_toml(std::string_view text, std::string_view name, const std::filesystem::path& folder);

}  // namespace resole::registry
