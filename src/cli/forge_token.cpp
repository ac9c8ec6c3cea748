// SPDX-License-Identifier: Apache-2.0
#include "cli/forge_token.hpp"

#include <algorithm>
#include <cstdlib>

#include "base/error.hpp"
#include "base/text.hpp"
#include "io/files.hpp"

namespace resole::cli {

namespace {

constexpr std::uint64_t kLargestToken = 16u << 10;

std::string checked_token(std::string_view text, std::string_view where) {
  const std::string token(trim(text));
  const bool fits = std::all_of(token.begin(), token.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (token.empty() || !fits) throw Error(ErrorKind::input, fmt::format("{} holds no token", where), "it is one word on one line");
  return token;
}

// A pipeline's token is for the server that runs the pipeline.
bool is_for(const forge::ForgeKind& kind, const forge::Remote& remote, const FindVariable& variable) {
  const auto server = variable(std::string(kind.server_variable));
  if (!server) return std::find(kind.public_hosts.begin(), kind.public_hosts.end(), remote.host) != kind.public_hosts.end();
  const auto url = Url::try_parse(*server);
  if (!url) return false;
  const bool usual = url->port() == (url->scheme() == "https" ? 443 : 80);
  return remote.host == url->host() + (usual ? "" : fmt::format(":{}", url->port()));
}

}  // namespace

FindVariable process_variables() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value == nullptr || *value == '\0' ? std::nullopt : std::optional<std::string>(value);
  };
}

std::string find_token(const std::string& file, const forge::ForgeKind* kind, const forge::Remote& remote, const FindVariable& variable) {
  if (!file.empty()) return checked_token(io::read_file(file, kLargestToken), "--token-file");
  if (const auto own = variable("RESOLE_FORGE_TOKEN")) return checked_token(*own, "RESOLE_FORGE_TOKEN");
  if (kind == nullptr || !is_for(*kind, remote, variable)) return {};
  const std::string name(kind->token_variable);
  const auto token = variable(name);
  return token ? checked_token(*token, name) : std::string();
}

}  // namespace resole::cli
