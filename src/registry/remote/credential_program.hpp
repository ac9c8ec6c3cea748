// SPDX-License-Identifier: Apache-2.0
// docker-credential-NAME, the programs that keep logins for docker and podman (github.com/docker/docker-credential-helpers): "get" as the
// argument, the server on standard input, an answer in JSON.
#pragma once
#include <optional>
#include <string>

#include "io/proxy.hpp"
#include "registry/remote/credentials.hpp"

namespace resole::registry {

struct CredentialProgram {
  std::string name;  // "ecr-login"
  const io::Environment& environment;
  double timeout = 30;

  bool installed() const;
  // nullopt when it has nothing for the server. Error(refused) when it is not installed, fails, takes too long, or answers something else;
  // nothing it said is part of the message.
  std::optional<Login> get(const std::string& server) const;
};

}  // namespace resole::registry
