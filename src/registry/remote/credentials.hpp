// SPDX-License-Identifier: Apache-2.0
// Who we are to a registry: from docker's and podman's files and their helpers (oci.md section 1.7: places, order and key forms are
// skopeo's).
//
//   credHelpers[host] > credsStore > auths, per file; keys from the longest repository path down to the host, then legacy forms
//   ("https://index.docker.io/v1/"); the first file that knows the host wins; an explicit file is the only one that is read.
//   auth_file.hpp reads one file, credential_program.hpp asks one helper.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "io/proxy.hpp"

namespace resole::registry {

// All empty: nobody is logged in.
struct Login {
  std::string user, password;  // Basic, or what a token is asked with
  std::string identity_token;  // a refresh token (OAuth2), from "identitytoken" or a helper's user "<token>"
  std::string registry_token;  // a Bearer token to use as it is, from "registrytoken"
  std::string origin;  // for messages: the file or helper this is from; of an empty login, why it is empty, when that says something
  bool empty() const { return user.empty() && password.empty() && identity_token.empty() && registry_token.empty(); }
};

struct CredentialOptions {
  std::string authfile;  // --src-authfile, --dest-authfile; empty = the usual places
  io::Environment environment =
      io::process_environment();  // REGISTRY_AUTH_FILE, XDG_RUNTIME_DIR, XDG_CONFIG_HOME, DOCKER_CONFIG, HOME, PATH
  double helper_timeout = 30;     // seconds
};

// Thread-safe; every answer is kept for the life of the object. Secrets are never part of a message.
class Credentials {
 public:
  explicit Credentials(CredentialOptions options);
  ~Credentials();
  // `registry` as in a reference ("docker.io", "localhost:5000"), `repository` below it ("library/nginx"). An empty Login when nothing is
  // known. Error(input) for a file that is damaged or an explicit one that is missing, Error(refused) when a helper fails.
  Login find(const std::string& registry, const std::string& repository);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace resole::registry
