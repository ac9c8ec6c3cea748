// SPDX-License-Identifier: Apache-2.0
#include "forge/git.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/text.hpp"

namespace resole::forge {

namespace {

constexpr std::size_t kMostSaid = 600;

// What the operator set up for git and ssh; nothing that traces (GIT_TRACE* would write logins) or that names another repository (GIT_DIR).
constexpr std::array<const char*, 24> kPassedOn = {
    "PATH",        "HOME",        "USER",         "LOGNAME",       "XDG_CONFIG_HOME",    "TMPDIR",          "SSH_AUTH_SOCK",      "GIT_SSH",
    "GIT_SSH_COMMAND", "GIT_SSH_VARIANT", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_SSL_CAINFO", "GNUPGHOME", "GPG_TTY",
    "http_proxy",  "https_proxy", "HTTPS_PROXY",  "all_proxy",     "ALL_PROXY",          "no_proxy",        "NO_PROXY",           "SSL_CERT_FILE"};

// Variables keep their value where a helper's own text could be seen: /proc/*/cmdline shows "$RESOLE_GIT_PASSWORD", not what it holds.
constexpr const char* kHelper = R"(!f() { test "$1" = get || return 0; printf 'username=%s\npassword=%s\n' "$RESOLE_GIT_USER" "$RESOLE_GIT_PASSWORD"; }; f)";

struct Setting { std::string key, value; };

std::vector<Setting> settings_of(const GitAccess& access) {
  std::vector<Setting> settings = {
      {"core.hooksPath", "/dev/null"}, {"core.fsmonitor", "false"}, {"core.autocrlf", "false"},   {"core.safecrlf", "false"}, {"core.quotePath", "false"},
      {"advice.detachedHead", "false"}, {"submodule.recurse", "false"}, {"push.recurseSubmodules", "no"}, {"gc.auto", "0"},  {"maintenance.auto", "false"},
      {"protocol.allow", "never"}, {"protocol." + access.remote.scheme + ".allow", "always"}, {"filter.lfs.required", "false"}};
  if (access.remote.is_http()) {
    const std::string origin = access.remote.scheme + "://" + access.remote.host;
    settings.push_back({"http.followRedirects", "initial"});
    settings.push_back({"http.lowSpeedLimit", "1"});
    settings.push_back({"http.lowSpeedTime", "60"});
    if (!access.authorities.empty()) settings.push_back({"http." + origin + ".sslCAInfo", access.authorities.string()});
    if (!access.password.empty()) {  // an empty helper forgets those before it
      settings.push_back({"credential.helper", ""});
      settings.push_back({"credential." + origin + ".helper", kHelper});
    }
  }
  return settings;
}

std::vector<std::string> environment_of(const GitAccess& access) {
  std::vector<std::string> environment = {"LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_LITERAL_PATHSPECS=1", "GIT_LFS_SKIP_SMUDGE=1", "GIT_OPTIONAL_LOCKS=0",
                                          "GIT_ASKPASS="};
  for (const char* name : kPassedOn) {
    if (const char* value = std::getenv(name)) environment.push_back(fmt::format("{}={}", name, value));
  }
  const auto settings = settings_of(access);
  environment.push_back(fmt::format("GIT_CONFIG_COUNT={}", settings.size()));
  for (std::size_t i = 0; i < settings.size(); ++i) {
    environment.push_back(fmt::format("GIT_CONFIG_KEY_{}={}", i, settings[i].key));
    environment.push_back(fmt::format("GIT_CONFIG_VALUE_{}={}", i, settings[i].value));
  }
  if (access.remote.is_http() && !access.password.empty()) {
    environment.push_back("RESOLE_GIT_USER=" + access.user);
    environment.push_back("RESOLE_GIT_PASSWORD=" + access.password);
  }
  return environment;
}

// push --porcelain parts its columns by tabs.
std::string join_words(std::string_view text) {
  std::string out(text);
  std::replace(out.begin(), out.end(), '\t', ' ');
  return out;
}

// The lines in which git and the server say why.
std::string why_of(std::string_view err) {
  std::string said;
  for (const auto line : lines(err)) {
    const std::string_view text = trim(line);
    const bool tells = starts_with_any(text, {"fatal:", "error:", "remote:", "!", "ssh:"}) || text.find("Permission denied") != std::string_view::npos;
    if (tells && text != "remote:") said += (said.empty() ? "" : "; ") + join_words(text);
  }
  return said.empty() ? std::string(trim(err)) : said;
}

struct Meaning { std::string_view text; ErrorKind kind; std::string_view hint; };

// What git says in English (LC_ALL=C), from what is most to what is least special.
constexpr std::array<Meaning, 16> kMeanings = {{
    {"protected branch", ErrorKind::refused, "the server protects this branch: let the account push to it, or choose another with --branch"},
    {"hook declined", ErrorKind::refused, "a rule of the server stands against this push: what it said is above; ask its operator"},
    {"GH006", ErrorKind::refused, "the server protects this branch: let the account push to it, or choose another with --branch"},
    {"GH013", ErrorKind::refused, "a rule of the repository stands against this push: what it said is above"},
    {"[remote rejected]", ErrorKind::refused, "a rule of the server stands against this push: what it said is above"},
    {"Authentication failed", ErrorKind::network, "the login was not accepted: check the token and that it may write to the repository"},
    {"could not read Username", ErrorKind::network, "the server asks for a login: give a token (RESOLE_FORGE_TOKEN or --token-file)"},
    {"could not read Password", ErrorKind::network, "the server asks for a login: give a token (RESOLE_FORGE_TOKEN or --token-file)"},
    {"Permission denied", ErrorKind::network, "the account may not do this there: check its key and its rights"},
    {"returned error: 403", ErrorKind::network, "the account may not do this there: check the rights of the token"},
    {"not found", ErrorKind::network, "check the remote, and that the account may see it"},
    {"does not appear to be a git repository", ErrorKind::network, "check the remote"},
    {"Could not resolve host", ErrorKind::network, "check the remote's name and the network"},
    {"couldn't find remote ref", ErrorKind::input, "check --base"},
    {"unable to auto-detect email", ErrorKind::usage, "say who commits: --author 'NAME <EMAIL>'"},
    {"gpg failed to sign", ErrorKind::input, "git is configured to sign commits (commit.gpgSign) and could not: mend that, or set it to false"},
}};

std::string without(std::string text, const std::string& secret) {
  if (secret.size() < 4) return text;
  for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at)) text.replace(at, secret.size(), "...");
  return text;
}

}  // namespace

Git::Git(GitAccess access, std::filesystem::path directory) : access_(std::move(access)), directory_(std::move(directory)) {}

io::ProcessResult Git::attempt(const std::vector<std::string>& words, const std::string& input) const {
  std::vector<std::string> arguments = {"git"};
  arguments.insert(arguments.end(), words.begin(), words.end());
  return io::run_process({std::move(arguments), environment_of(access_), directory_.string(), input, access_.timeout});
}

std::string Git::run(const std::vector<std::string>& words, std::string_view wanted, const std::string& input) const {
  io::ProcessResult result = attempt(words, input);
  if (result.exit_code != 0 || result.timed_out) throw refusal(result, wanted);
  return std::move(result.out);
}

Error Git::refusal(const io::ProcessResult& result, std::string_view wanted) const {
  if (result.timed_out) return {ErrorKind::network, fmt::format("{}: git did not end within {}", wanted, human_duration(access_.timeout)), "is the remote slow, or very large?"};
  const std::string said = printable(without(why_of(result.err + "\n" + result.out), access_.password), kMostSaid);
  for (const auto& meaning : kMeanings) {
    if (said.find(meaning.text) != std::string::npos) return {meaning.kind, fmt::format("{}: {}", wanted, said), std::string(meaning.hint)};
  }
  return {ErrorKind::network, fmt::format("{}: {}", wanted, said), "what git said stands above; check the remote and the login"};
}

LocalRepository local_repository(const std::filesystem::path& directory) {
  const Git git(GitAccess{.remote = {.scheme = "file", .url = "", .host = "", .path = "", .user = "", .password = ""}, .user = "", .password = "", .authorities = {}}, directory);
  const auto prefix = git.attempt({"rev-parse", "--show-prefix"});
  if (prefix.exit_code != 0) {
    throw Error(ErrorKind::input, printable(directory.string()) + " is in no git repository: " + printable(why_of(prefix.err)), "say where the manifests are kept: --remote URL, and --path DIR in it");
  }
  std::string place(trim(prefix.out));
  while (place.ends_with('/')) place.pop_back();
  const auto origin = git.attempt({"remote", "get-url", "origin"});
  return {origin.exit_code == 0 ? std::string(trim(origin.out)) : "", std::move(place)};
}

}  // namespace resole::forge
