// SPDX-License-Identifier: Apache-2.0
// The keys are the difficult part: twelve years of tools wrote them as repository paths, hosts, hosts with a scheme, URLs of the first
// protocol's API, and Docker Hub under four names. The order is that of containers/image (pkg/docker/config), which podman, skopeo and
// buildah share: exact keys from the longest to the shortest, then what is left is normalised to a host.
#include "registry/remote/auth_file.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace resole::registry {

namespace {

constexpr std::string_view kHubUrl = "https://index.docker.io/v1/";

// The parser's own message quotes what it stumbled over, which may be part of a password.
Json parse_without_quoting(std::string_view text, std::string_view name) {
  try {
    return parse_json(text, "", {.bytes = 4u << 20, .depth = 50});
  } catch (const Error& error) {
    std::string_view digits = std::string_view(error.message());
    const std::size_t at = digits.find("byte ");
    digits = at == std::string_view::npos ? std::string_view() : digits.substr(at + 5);
    const auto offset = parse_unsigned(digits.substr(0, digits.find(':')));
    const std::string_view before = text.substr(0, offset.value_or(0));
    const auto line = std::count(before.begin(), before.end(), '\n') + 1;
    throw Error(ErrorKind::input, fmt::format("{}: line {}: this is not JSON, or has the same key twice", name, line),
                "mend the file, or log in again to have it written anew");
  }
}

// docker's default of Go's decoder: a member that is null is one that is not there.
const Json* object_in(const Json& object, std::string_view key, std::string_view name) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return nullptr;
  if (!found->is_object())
    throw Error(ErrorKind::input, fmt::format("{}: \"{}\" must be an object, not {}", name, key, found->type_name()));
  return &*found;
}

// It becomes part of a field of the request.
void check_token(const std::string& token, std::string_view key, std::string_view name) {
  if (std::ranges::all_of(token, [](char c) { return c > 0x20 && c < 0x7f; })) return;
  throw Error(ErrorKind::input,
              fmt::format("{}: the registry token for \"{}\" has blanks or control characters in it", name, printable(key)));
}

AuthEntry parse_entry(const Json& value, std::string_view key, std::string_view name) {
  AuthEntry entry;
  if (value.is_null()) return entry;
  with_context([&] { return fmt::format("{}: entry \"{}\"", name, printable(key)); },
               [&] {
                 entry.encoded = string_or(value, "auth", "");
                 entry.login.user = string_or(value, "username", "");
                 entry.login.password = string_or(value, "password", "");
                 entry.login.identity_token = string_or(value, "identitytoken", "");
                 entry.login.registry_token = string_or(value, "registrytoken", "");
               });
  check_token(entry.login.registry_token, key, name);
  return entry;
}

std::string host_of(std::string_view key, AuthForm form) {
  std::string_view host = key;
  for (std::string_view scheme : {"http://", "https://"}) {
    if (host.starts_with(scheme)) host.remove_prefix(scheme.size());
  }
  if (form == AuthForm::dockercfg || host.size() != key.size()) host = host.substr(0, host.find('/'));
  return std::string(host);
}

bool is_hub(std::string_view host) { return host == "docker.io" || host == "index.docker.io" || host == "registry-1.docker.io"; }

bool same_registry(std::string_view a, std::string_view b) { return a == b || (is_hub(a) && is_hub(b)); }

// Docker Desktop's own entries for the hub, which are no logins to it.
bool is_side_entry(std::string_view key) { return key.ends_with("/access-token") || key.ends_with("/refresh-token"); }

// The keys that could mean this repository, best first.
std::vector<std::string> keys_for(const AuthFile& file, std::string_view registry, std::string_view repository) {
  std::vector<std::string> keys;
  if (file.form == AuthForm::current && !repository.empty()) {
    std::string key = fmt::format("{}/{}", registry, repository);
    for (std::size_t slash; (slash = key.rfind('/')) != std::string::npos; key.resize(slash)) keys.push_back(key);
  }
  keys.emplace_back(registry);
  std::vector<std::string> others;
  for (const auto& [key, entry] : file.entries) {
    if (same_registry(host_of(key, file.form), registry) && !is_side_entry(key)) others.push_back(key);
  }
  std::ranges::stable_sort(others, {}, &std::string::size);
  keys.insert(keys.end(), others.begin(), others.end());
  return keys;
}

std::string decode(const AuthFile& file, std::string_view key, std::string encoded) {
  std::erase_if(encoded, [](char c) { return c == '\n' || c == '\r'; });  // as Go's decoder
  std::optional<std::string> decoded = base64_decode(trim(encoded));
  if (!decoded) {
    throw Error(ErrorKind::input, fmt::format("{}: \"auth\" of the entry \"{}\" is not base64", file.name, printable(key)),
                "log in again to have it written anew");
  }
  return *std::move(decoded);
}

std::string without_nuls(std::string_view text) {  // some writers' fixed buffers
  while (text.starts_with('\0')) text.remove_prefix(1);
  while (text.ends_with('\0')) text.remove_suffix(1);
  return std::string(text);
}

Login login_of(const AuthFile& file, const std::string& key, const AuthEntry& entry) {
  Login login = entry.login;
  if (const std::string decoded = decode(file, key, entry.encoded); !decoded.empty()) {
    const std::size_t colon = decoded.find(':');
    if (colon == std::string::npos) {
      throw Error(ErrorKind::input, fmt::format("{}: \"auth\" of the entry \"{}\" is not user:password", file.name, printable(key)),
                  "log in again to have it written anew");
    }
    login.user = decoded.substr(0, colon);
    login.password = without_nuls(std::string_view(decoded).substr(colon + 1));
  }
  if (login.user == "<token>") {  // as in a helper's answer
    if (login.identity_token.empty()) login.identity_token = login.password;
    login.user = login.password = {};
  }
  return login;
}

}  // namespace

AuthFile parse_auth_file(std::string_view text, std::string_view name, AuthForm form) {
  AuthFile file;
  file.name = name;
  file.form = form;
  if (trim(text).empty()) return file;
  const Json root = parse_without_quoting(text, name);
  if (!root.is_object()) throw Error(ErrorKind::input, fmt::format("{}: expected an object, found {}", name, root.type_name()));
  const Json* entries = form == AuthForm::dockercfg ? &root : object_in(root, "auths", name);
  if (entries != nullptr) {
    for (const auto& [key, value] : entries->items()) file.entries.emplace(key, parse_entry(value, key, name));
  }
  if (form == AuthForm::dockercfg) return file;
  if (const Json* programs = object_in(root, "credHelpers", name)) {
    for (const auto& [key, value] : programs->items()) {
      with_context([&] { return fmt::format("{}: \"credHelpers\"", name); },
                   [&] { file.programs.emplace(key, string_or(*programs, key, "")); });
    }
  }
  with_context([&] { return std::string(name); }, [&] { file.store = string_or(root, "credsStore", ""); });
  return file;
}

std::vector<HelperCall> helper_calls(const AuthFile& file, std::string_view registry) {
  std::vector<HelperCall> calls;
  const auto add = [&](const std::string& program, std::string_view server, bool is_store) {
    const auto same = [&](const HelperCall& each) { return each.program == program && each.server == server; };
    if (!program.empty() && std::ranges::none_of(calls, same)) calls.push_back({program, std::string(server), is_store});
  };
  const auto exact = file.programs.find(std::string(registry));
  if (exact != file.programs.end()) add(exact->second, registry, false);
  for (const auto& [key, program] : file.programs) {
    if (same_registry(host_of(key, file.form), registry)) add(program, key, false);
  }
  if (!calls.empty()) {
    if (is_hub(registry)) add(calls.front().program, kHubUrl, false);
    return calls;
  }
  // docker logs in to the hub under the URL of its first API.
  if (is_hub(registry)) add(file.store, kHubUrl, true);
  add(file.store, registry, true);
  return calls;
}

std::optional<Login> find_entry(const AuthFile& file, std::string_view registry, std::string_view repository) {
  for (const std::string& key : keys_for(file, registry, repository)) {
    const auto found = file.entries.find(key);
    if (found == file.entries.end()) continue;
    Login login = login_of(file, key, found->second);
    if (login.empty()) continue;  // docker's mark for "in the helper"
    login.origin = file.name;
    return login;
  }
  return std::nullopt;
}

}  // namespace resole::registry
