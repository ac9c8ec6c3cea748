// SPDX-License-Identifier: Apache-2.0
// containers-certs.d(5), which is docker's /etc/docker/certs.d: a folder per host[:port] with *.crt (authorities), *.cert and *.key (who we
// are), and the folders of containerd, which lie beside.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "registry/remote/hosts.hpp"

namespace resole::registry {

struct Certificates {
  std::vector<std::filesystem::path> authorities;
  std::filesystem::path client_cert, client_key;
  std::string warning;
  bool empty() const { return authorities.empty() && client_cert.empty(); }
};

// Error(input) for a .cert without its .key or the other way round. A folder that is missing or not ours to read has nothing.
Certificates read_certificates(const std::filesystem::path& folder);

// The first folder there is for the host ("docker.io", "localhost:5000"), in the places that podman and docker read.
std::optional<std::filesystem::path> certificate_folder(const std::string& host, const HostOptions& options);
// The first hosts.toml for the host, in these places and containerd's: HOST_PORT_, HOST:PORT, _default.
std::optional<std::filesystem::path> hosts_file(const std::string& host, const HostOptions& options);

// The text of all of them.
std::string authorities_of(const std::vector<std::filesystem::path>& files);

}  // namespace resole::registry
