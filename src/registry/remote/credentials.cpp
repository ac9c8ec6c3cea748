// SPDX-License-Identifier: Apache-2.0
#include "registry/remote/credentials.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <vector>

#include "base/error.hpp"
#include "io/files.hpp"
#include "registry/remote/auth_file.hpp"
#include "registry/remote/credential_program.hpp"

namespace resole::registry {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kLargestFile = 4u << 20;

struct Place {
  fs::path path;
  AuthForm form = AuthForm::current;
};

// containers-auth.json(5), then docker's.
std::vector<Place> usual_places(const io::Environment& environment) {
  const fs::path home = environment("HOME");
  std::vector<Place> places;
  const auto add = [&](const fs::path& folder, const char* name, AuthForm form = AuthForm::current) {
    if (!folder.empty()) places.push_back({folder / name, form});
  };
  const std::string runtime = environment("XDG_RUNTIME_DIR"), settings = environment("XDG_CONFIG_HOME"),
                    docker = environment("DOCKER_CONFIG");
  add(runtime.empty() ? fs::path(fmt::format("/run/containers/{}", getuid())) : fs::path(runtime) / "containers", "auth.json");
  if (!settings.empty()) {
    add(fs::path(settings) / "containers", "auth.json");
  } else if (!home.empty()) {
    add(home / ".config" / "containers", "auth.json");
  }
  if (!docker.empty()) {
    add(docker, "config.json");
  } else if (!home.empty()) {
    add(home / ".docker", "config.json");
  }
  add(home, ".dockercfg", AuthForm::dockercfg);
  return places;
}

AuthFile read(const Place& place) {
  const std::string name = place.path.native();
  return parse_auth_file(io::read_file(place.path, kLargestFile), name, place.form);
}

std::vector<AuthFile> read_files(const CredentialOptions& options) {
  const std::string named = options.authfile.empty() ? options.environment("REGISTRY_AUTH_FILE") : options.authfile;
  if (!named.empty()) {
    return with_context([] { return std::string("the file with logins that was asked for"); },
                        [&] { return std::vector{read({.path = named})}; });
  }
  std::vector<AuthFile> files;
  for (const Place& place : usual_places(options.environment)) {
    std::error_code out_of_reach;  // in a folder that is not ours to enter: somebody else's
    if (fs::exists(place.path, out_of_reach)) files.push_back(read(place));
  }
  return files;
}

}  // namespace

struct Credentials::State {
  CredentialOptions options;
  std::mutex mutex;  // also held while a helper runs: others want the same answer, or a second window asking for a password
  std::optional<std::vector<AuthFile>> files;
  std::map<std::pair<std::string, std::string>, std::optional<Login>> answers;  // by program and server
  std::map<std::string, Login> found;                                           // by registry and repository

  const std::optional<Login>& ask(const HelperCall& call) {
    const std::pair key(call.program, call.server);
    const auto known = answers.find(key);
    if (known != answers.end()) return known->second;
    const CredentialProgram program{call.program, options.environment, options.helper_timeout};
    return answers.emplace(key, program.get(call.server)).first->second;
  }

  // nullopt: this file knows nothing of the registry. `remark` says why, when that is worth telling.
  std::optional<Login> look_into(const AuthFile& file, const std::string& registry, const std::string& repository, std::string& remark) {
    for (const HelperCall& call : helper_calls(file, registry)) {
      // A config.json copied from a desktop names a store that is not here. For public images that does not matter.
      if (call.is_store && !CredentialProgram{call.program, options.environment}.installed()) {
        remark = fmt::format("{} names docker-credential-{}, which is not installed", file.name, call.program);
        continue;
      }
      std::optional<Login> login = ask(call);
      if (!login) continue;
      login->origin += fmt::format(" (named in {})", file.name);
      return login;
    }
    return find_entry(file, registry, repository);
  }

  Login find(const std::string& registry, const std::string& repository) {
    if (!files) files = read_files(options);
    std::string remark;
    for (const AuthFile& file : *files) {
      if (std::optional<Login> login = look_into(file, registry, repository, remark)) return *std::move(login);
    }
    return {.origin = remark};
  }
};

Credentials::Credentials(CredentialOptions options) : state_(std::make_unique<State>()) { state_->options = std::move(options); }

Credentials::~Credentials() = default;

Login Credentials::find(const std::string& registry, const std::string& repository) {
  const std::lock_guard lock(state_->mutex);
  const std::string key = registry + "/" + repository;
  const auto known = state_->found.find(key);
  if (known != state_->found.end()) return known->second;
  return state_->found.emplace(key, state_->find(registry, repository)).first->second;
}

}  // namespace resole::registry
