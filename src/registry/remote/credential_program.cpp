// SPDX-License-Identifier: Apache-2.0
#include "registry/remote/credential_program.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "io/process.hpp"

namespace resole::registry {

namespace {

// What the known helpers read: the session's keyring (secretservice), gpg (pass), the clouds' own configuration, and the way to them.
constexpr const char* kPassedOn[] = {"PATH",
                                     "HOME",
                                     "USER",
                                     "LOGNAME",
                                     "TMPDIR",
                                     "LANG",
                                     "XDG_RUNTIME_DIR",
                                     "XDG_CONFIG_HOME",
                                     "XDG_DATA_HOME",
                                     "XDG_CACHE_HOME",
                                     "DBUS_SESSION_BUS_ADDRESS",
                                     "DISPLAY",
                                     "WAYLAND_DISPLAY",
                                     "XAUTHORITY",
                                     "GNUPGHOME",
                                     "GPG_TTY",
                                     "GPG_AGENT_INFO",
                                     "PASSWORD_STORE_DIR",
                                     "PASSWORD_STORE_GPG_OPTS",
                                     "DOCKER_CONFIG",
                                     "AWS_ACCESS_KEY_ID",
                                     "AWS_SECRET_ACCESS_KEY",
                                     "AWS_SESSION_TOKEN",
                                     "AWS_PROFILE",
                                     "AWS_REGION",
                                     "AWS_DEFAULT_REGION",
                                     "AWS_CONFIG_FILE",
                                     "AWS_SHARED_CREDENTIALS_FILE",
                                     "AWS_ROLE_ARN",
                                     "AWS_ROLE_SESSION_NAME",
                                     "AWS_WEB_IDENTITY_TOKEN_FILE",
                                     "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                                     "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                                     "AWS_CONTAINER_AUTHORIZATION_TOKEN",
                                     "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
                                     "AWS_ECR_CACHE_DIR",
                                     "AWS_ECR_DISABLE_CACHE",
                                     "AWS_SDK_LOAD_CONFIG",
                                     "AWS_STS_REGIONAL_ENDPOINTS",
                                     "AWS_CA_BUNDLE",
                                     "GOOGLE_APPLICATION_CREDENTIALS",
                                     "CLOUDSDK_CONFIG",
                                     "CLOUDSDK_ACTIVE_CONFIG_NAME",
                                     "CLOUDSDK_CORE_PROJECT",
                                     "CLOUDSDK_PYTHON",
                                     "AZURE_CONFIG_DIR",
                                     "AZURE_CLIENT_ID",
                                     "AZURE_CLIENT_SECRET",
                                     "AZURE_TENANT_ID",
                                     "AZURE_FEDERATED_TOKEN_FILE",
                                     "AZURE_AUTHORITY_HOST",
                                     "SSL_CERT_FILE",
                                     "SSL_CERT_DIR",
                                     "http_proxy",
                                     "https_proxy",
                                     "HTTPS_PROXY",
                                     "all_proxy",
                                     "ALL_PROXY",
                                     "no_proxy",
                                     "NO_PROXY"};

std::string program_of(const std::string& name) { return "docker-credential-" + name; }

// The name comes from a file and becomes part of a path.
bool is_plain_name(const std::string& name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_' || c == '.';
  });
}

// Looked up here, because PATH is that of the options. A relative folder in it is passed over: what lies there is not the operator's
// choice.
std::string look_up(const std::string& program, const io::Environment& environment) {
  std::string path = environment("PATH");
  if (path.empty()) path = "/usr/local/bin:/usr/bin:/bin";
  for (std::string_view folder : split(path, ':')) {
    if (!folder.starts_with('/')) continue;
    const std::string file = fmt::format("{}/{}", folder, program);
    std::error_code failed;
    if (std::filesystem::is_regular_file(file, failed) && access(file.c_str(), X_OK) == 0) return file;
  }
  return {};
}

std::vector<std::string> environment_for(const io::Environment& environment) {
  std::vector<std::string> given{"LC_ALL=C"};
  for (const char* name : kPassedOn) {
    if (const std::string value = environment(name); !value.empty()) given.push_back(fmt::format("{}={}", name, value));
  }
  return given;
}

// The message of docker's credentials.NewErrCredentialsNotFound; helpers print it to either stream.
bool says_not_found(const io::ProcessResult& result) {
  constexpr std::string_view kMessage = "credentials not found in native keychain";
  return result.out.find(kMessage) != std::string::npos || result.err.find(kMessage) != std::string::npos;
}

[[noreturn]] void fail(const std::string& program, const std::string& server, const std::string& reason) {
  throw Error(ErrorKind::refused, fmt::format("{} was asked for the login to {} and {}", program, printable(server), reason),
              fmt::format("see what it says to: echo {} | {} get", printable(server), program));
}

Login parse_answer(const std::string& program, const std::string& server, const std::string& text) {
  try {
    const Json answer = parse_json(text, "answer", {.bytes = 1u << 20, .depth = 10});
    Login login{.user = string_or(answer, "Username", ""), .password = string_or(answer, "Secret", "")};
    if (login.user == "<token>") login = {.identity_token = login.password};
    return login;
  } catch (const Error&) {
    fail(program, server, "answered something that is not its protocol");  // the cause would quote the answer
  }
}

}  // namespace

bool CredentialProgram::installed() const { return is_plain_name(name) && !look_up(program_of(name), environment).empty(); }

std::optional<Login> CredentialProgram::get(const std::string& server) const {
  if (!is_plain_name(name)) throw Error(ErrorKind::refused, fmt::format("\"{}\" is no name of a credential helper", printable(name)));
  const std::string program = program_of(name), file = look_up(program, environment);
  if (file.empty()) {
    throw Error(ErrorKind::refused, fmt::format("{}, which keeps the login to {}, is not installed", program, printable(server)),
                fmt::format("install {}, or name a file with logins", program));
  }
  const io::ProcessResult result = io::run_process({.arguments = {file, "get"},
                                                    .environment = environment_for(environment),
                                                    .directory = {},
                                                    .input = server,
                                                    .timeout = timeout,
                                                    .output_limit = 1u << 20});
  if (result.timed_out) fail(program, server, fmt::format("did not answer within {}", human_duration(timeout)));
  if (result.exit_code != 0 && says_not_found(result)) return std::nullopt;
  if (result.exit_code != 0) fail(program, server, fmt::format("ended with status {}", result.exit_code));
  Login login = parse_answer(program, server, result.out);
  if (login.empty()) return std::nullopt;
  login.origin = program;
  return login;
}

}  // namespace resole::registry
