// SPDX-License-Identifier: Apache-2.0
// Where a repository is read from and written to, by the operator's files:
//   registries.conf (containers-registries.conf(5), version 2, with its .d folder): prefix, location, insecure, blocked, mirrors
//   certs.d/HOST[:PORT]/ (containers-certs.d(5)): *.crt (CA), *.cert and *.key (client), and containerd's hosts.toml (mirrors, CA, client)
// Mirrors are for reading only; writing, token scopes and what documents say name the registry itself (oci.md pitfall 36).
//
// Both kinds of files may name mirrors for one repository. registries.conf rewrites the name first and its mirrors come first; hosts.toml
// is the one of the registry that results. registries_conf.hpp, certs_d.hpp and hosts_toml.hpp read the files.
#pragma once
#include <string>
#include <vector>

#include "io/http_client.hpp"
#include "io/proxy.hpp"
#include "oci/reference.hpp"

namespace resole::registry {

struct Endpoint {
  std::string host;                  // "registry-1.docker.io", "localhost:5000", as it stands in URLs
  std::string repository;            // there; differs from the reference's behind a prefix or a mirror
  std::string registry;              // by which name its login is kept: "docker.io"; of a mirror, the mirror's own
  std::string path = "/v2";          // or what a mirror's hosts.toml says instead ("/proxy/v2")
  bool plain_http = false;           // http at once
  bool http_when_tls_fails = false;  // insecure: https without verification first, then http
  io::TlsOptions tls;
  bool is_mirror = false;             // others come behind it; its failures need not matter
  bool proxies_namespace = false;     // send "?ns=<registry>" (containerd's mirrors)
  bool digests_only = false;          // asked for digests, never for tags
};

struct HostOptions {
  bool tls_verify = true;  // --src-tls-verify, --dest-tls-verify; false also allows plain http
  std::string cert_dir;    // --cert-dir: *.crt, *.cert, *.key for every host of this side, instead of all certs.d folders
  io::Environment environment = io::process_environment();  // CONTAINERS_REGISTRIES_CONF, XDG_CONFIG_HOME, HOME
  std::string system_root;                                  // "" = /; tests put theirs below a folder
};

struct Endpoints {
  std::vector<Endpoint> reading;  // in the order to be tried; the registry itself last
  Endpoint writing;
  std::string warning;  // something in the files that was ignored, "" = nothing
};

// Plain http without being asked only for localhost, *.localhost, 127.0.0.0/8 and ::1, unless there are certificates for it or its port is
// 443. "docker.io" is served by registry-1.docker.io.
// Error(refused) when the files block the registry, Error(input) when they are damaged (with file and line).
Endpoints endpoints_of(const oci::Reference& reference, const HostOptions& options);

}  // namespace resole::registry
