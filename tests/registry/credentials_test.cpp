// SPDX-License-Identifier: Apache-2.0
#include "registry/remote/credentials.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/text.hpp"
#include "fuzz/mutate.hpp"
#include "fuzz/registry_targets.hpp"
#include "io/fetching.hpp"
#include "registry/home.hpp"
#include "registry/remote/auth_file.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

using registry::AuthForm;
using registry::CredentialOptions;
using registry::Credentials;
using registry::Login;

constexpr const char* kSecret = "hunter2-of-the-test";

std::string encoded(const std::string& login) { return base64_encode(login); }
std::string auth(const std::string& login) { return fmt::format(R"({{"auth": "{}"}})", encoded(login)); }

std::string shown(const Login& login) {
  std::string text;
  if (!login.user.empty() || !login.password.empty()) text = login.user + ":" + login.password;
  if (!login.identity_token.empty()) text += (text.empty() ? "identity " : " identity ") + login.identity_token;
  if (!login.registry_token.empty()) text += (text.empty() ? "registry " : " registry ") + login.registry_token;
  return text;
}

struct EntryCase {
  const char* name;
  std::string file, registry, repository, expected;
  AuthForm form = AuthForm::current;
};

const EntryCase kEntries[] = {
    {"Host", R"({"auths": {"example.org": )" + auth("me:pw") + "}}", "example.org", "team/app", "me:pw"},
    {"OtherHost", R"({"auths": {"example.com": )" + auth("me:pw") + "}}", "example.org", "team/app", ""},
    {"HostWithPort", R"({"auths": {"example.org": )" + auth("a:b") + R"(, "example.org:5000": )" + auth("c:d") + "}}", "example.org:5000",
     "x", "c:d"},
    {"PortIsNotTheHost", R"({"auths": {"example.org": )" + auth("a:b") + "}}", "example.org:5000", "x", ""},
    {"Repository",
     R"({"auths": {"example.org": )" + auth("h:1") + R"(, "example.org/team": )" + auth("n:2") + R"(, "example.org/team/app": )" +
         auth("r:3") + "}}",
     "example.org", "team/app", "r:3"},
    {"Namespace", R"({"auths": {"example.org": )" + auth("h:1") + R"(, "example.org/team": )" + auth("n:2") + "}}", "example.org",
     "team/app", "n:2"},
    {"NamespaceIsNoPrefixOfText", R"({"auths": {"example.org": )" + auth("h:1") + R"(, "example.org/te": )" + auth("n:2") + "}}",
     "example.org", "team/app", "h:1"},
    {"LongerKeyOfAnother", R"({"auths": {"example.org/team/app/x": )" + auth("n:2") + "}}", "example.org", "team/app", ""},
    {"HubByName", R"({"auths": {"docker.io": )" + auth("me:pw") + "}}", "docker.io", "library/nginx", "me:pw"},
    {"HubByLegacyUrl", R"({"auths": {"https://index.docker.io/v1/": )" + auth("me:pw") + "}}", "docker.io", "library/nginx", "me:pw"},
    {"HubByIndex", R"({"auths": {"index.docker.io": )" + auth("me:pw") + "}}", "docker.io", "library/nginx", "me:pw"},
    {"HubByRegistry1", R"({"auths": {"registry-1.docker.io": )" + auth("me:pw") + "}}", "docker.io", "library/nginx", "me:pw"},
    {"HubAskedAsRegistry1", R"({"auths": {"https://index.docker.io/v1/": )" + auth("me:pw") + "}}", "registry-1.docker.io", "library/nginx",
     "me:pw"},
    {"HubRepository", R"({"auths": {"docker.io": )" + auth("a:b") + R"(, "docker.io/library/nginx": )" + auth("c:d") + "}}", "docker.io",
     "library/nginx", "c:d"},
    {"HubNameBeforeUrl", R"({"auths": {"https://index.docker.io/v1/": )" + auth("a:b") + R"(, "docker.io": )" + auth("c:d") + "}}",
     "docker.io", "x/y", "c:d"},
    {"DesktopsSideEntries",
     R"({"auths": {"https://index.docker.io/v1/access-token": )" + auth("a:b") + R"(, "https://index.docker.io/v1/refresh-token": )" +
         auth("c:d") + "}}",
     "docker.io", "library/nginx", ""},
    {"HubIsNotEveryone", R"({"auths": {"https://index.docker.io/v1/": )" + auth("me:pw") + "}}", "quay.io", "x/y", ""},
    {"HostAsHttpsUrl", R"({"auths": {"https://example.org": )" + auth("me:pw") + "}}", "example.org", "x", "me:pw"},
    {"HostAsOldApiUrl", R"({"auths": {"https://example.org:5000/v1/": )" + auth("me:pw") + "}}", "example.org:5000", "x", "me:pw"},
    {"HostAsHttpUrl", R"({"auths": {"http://example.org/v2/": )" + auth("me:pw") + "}}", "example.org", "x", "me:pw"},
    {"ExactBeforeUrl", R"({"auths": {"https://example.org/v1/": )" + auth("a:b") + R"(, "example.org": )" + auth("c:d") + "}}",
     "example.org", "x", "c:d"},
    {"ColonInPassword", R"({"auths": {"example.org": )" + auth("me:p:w:") + "}}", "example.org", "x", "me:p:w:"},
    {"EmptyUser", R"({"auths": {"example.org": )" + auth(":token") + "}}", "example.org", "x", ":token"},
    {"Unpadded", R"({"auths": {"example.org": {"auth": "bWU6cHc"}}})", "example.org", "x", "me:pw"},
    {"Padded", R"({"auths": {"example.org": {"auth": "bWU6cHc="}}})", "example.org", "x", "me:pw"},
    {"LineBreaksInAuth", R"({"auths": {"example.org": {"auth": "bWU6\r\ncHc=\n"}}})", "example.org", "x", "me:pw"},
    {"TrailingNuls", R"({"auths": {"example.org": )" + auth(std::string("me:pw\0\0", 7)) + "}}", "example.org", "x", "me:pw"},
    {"UserAndPassword", R"({"auths": {"example.org": {"username": "me", "password": "pw"}}})", "example.org", "x", "me:pw"},
    {"AuthBeforeUserAndPassword", R"({"auths": {"example.org": {"username": "a", "password": "b", "auth": "bWU6cHc="}}})", "example.org",
     "x", "me:pw"},
    {"IdentityToken", R"({"auths": {"example.org": {"auth": "MDAwMDo=", "identitytoken": "tok"}}})", "example.org", "x",
     "0000: identity tok"},
    {"IdentityTokenAlone", R"({"auths": {"example.org": {"identitytoken": "tok"}}})", "example.org", "x", "identity tok"},
    {"TokenAsUser", R"({"auths": {"example.org": )" + auth("<token>:tok") + "}}", "example.org", "x", "identity tok"},
    {"RegistryToken", R"({"auths": {"example.org": {"registrytoken": "tok.en"}}})", "example.org", "x", "registry tok.en"},
    {"EmptyEntryOfAHelper", R"({"auths": {"example.org/team": {}, "example.org": )" + auth("me:pw") + "}}", "example.org", "team/app",
     "me:pw"},
    {"EmptyEntryOnly", R"({"auths": {"example.org": {}, "https://example.org": {"auth": ""}}})", "example.org", "x", ""},
    {"NullEntry", R"({"auths": {"example.org": null}})", "example.org", "x", ""},
    {"NoAuths", "{}", "example.org", "x", ""},
    {"NullAuths", R"({"auths": null})", "example.org", "x", ""},
    {"EmptyFile", "", "example.org", "x", ""},
    {"BlankFile", " \n", "example.org", "x", ""},
    {"WhatDockerWritesBesides",
     R"({"auths": {"example.org": {"auth": "bWU6cHc=", "email": null}}, "HttpHeaders": {"User-Agent": "x"}, "psFormat": "table", "detachKeys": "ctrl-e",
         "currentContext": "default", "plugins": {"-x-cli-hints": {"enabled": "true"}}, "aliases": {"builder": "buildx"}, "features": {"hooks": "true"},
         "proxies": {"default": {"httpProxy": "http://proxy.example.org"}}, "cliPluginsExtraDirs": ["/opt"], "experimental": "enabled"})",
     "example.org", "x", "me:pw"},
    {"Dockercfg", R"({"https://index.docker.io/v1/": )" + auth("me:pw") + R"(, "example.org": )" + auth("a:b") + "}", "docker.io",
     "library/nginx", "me:pw", AuthForm::dockercfg},
    {"DockercfgKeysAreHosts", R"({"example.org/v1/": )" + auth("a:b") + "}", "example.org", "team/app", "a:b", AuthForm::dockercfg},
};

class AuthEntries : public testing::TestWithParam<EntryCase> {};
TEST_P(AuthEntries, AreFound) {
  const EntryCase& each = GetParam();
  const auto login = registry::find_entry(registry::parse_auth_file(each.file, "config.json", each.form), each.registry, each.repository);
  EXPECT_EQ(login ? shown(*login) : "", each.expected);
  if (login) {
    EXPECT_EQ(login->origin, "config.json");
  }
}
INSTANTIATE_TEST_SUITE_P(, AuthEntries, testing::ValuesIn(kEntries), [](const auto& each) { return std::string(each.param.name); });

// What is wrong and where, but never a piece of the text.
TEST(AuthFile, DamageIsToldWithoutSecrets) {
  struct Case {
    std::string file, message;
  };
  const std::string secret = kSecret;
  const Case cases[] = {
      {"{\n\"auths\": {\n\"x\": {\"auth\": \"" + secret + "\"", "config.json: line 3: this is not JSON, or has the same key twice"},
      {"{\"auths\": {\"x\": {\"auth\": " + secret + "}}}", "config.json: line 1: this is not JSON, or has the same key twice"},
      {"{\"auths\": {\"" + secret + "\": {},\n\"" + secret + "\": {}}}",
       "config.json: line 2: this is not JSON, or has the same key twice"},
      {"[\"" + secret + "\"]", "config.json: expected an object, found array"},
      {"{\"auths\": \"" + secret + "\"}", "config.json: \"auths\" must be an object, not string"},
      {"{\"auths\": {\"example.org\": \"" + secret + "\"}}",
       "config.json: entry \"example.org\": expected an object with the member \"auth\", found string"},
      {"{\"auths\": {\"example.org\": {\"auth\": [\"" + secret + "\"]}}}",
       "config.json: entry \"example.org\": \"auth\" must be a string, not array"},
      {"{\"auths\": {\"example.org\": {\"auth\": \"" + secret + "\"}}}",
       "config.json: \"auth\" of the entry \"example.org\" is not base64"},
      {"{\"auths\": {\"example.org\": " + auth(secret) + "}}", "config.json: \"auth\" of the entry \"example.org\" is not user:password"},
      {"{\"auths\": {\"example.org\": {\"registrytoken\": \"" + secret + "\\r\\nX: y\"}}}",
       "config.json: the registry token for \"example.org\" has blanks or control characters in it"},
      {"{\"credHelpers\": {\"example.org\": 1}}", "config.json: \"credHelpers\": \"example.org\" must be a string, not number"},
      {"{\"credsStore\": {}}", "config.json: \"credsStore\" must be a string, not object"},
  };
  for (const Case& each : cases) {
    const Error error =
        error_of([&] { registry::find_entry(registry::parse_auth_file(each.file, "config.json"), "example.org", "team/app"); });
    EXPECT_EQ(error.kind(), ErrorKind::input);
    EXPECT_EQ(std::string(error.what()), each.message);
    EXPECT_FALSE(contains(error.what(), secret) || contains(error.hint(), secret)) << error.what();
  }
}

TEST(AuthFile, DamagedEntriesOfOthersDoNotMatter) {
  const auto file =
      registry::parse_auth_file(R"({"auths": {"example.com": {"auth": "***"}, "example.org": )" + auth("me:pw") + "}}", "config.json");
  EXPECT_EQ(shown(*registry::find_entry(file, "example.org", "x")), "me:pw");
}

TEST(FuzzReplay, AuthFile) {
  std::vector<std::string> seeds;
  for (const EntryCase& each : kEntries) seeds.push_back(each.file);
  seeds.push_back(R"({"credHelpers": {"example.org": "ecr-login", "https://index.docker.io/v1/": "x"}, "credsStore": "desktop"})");
  fuzz::replay(seeds, 20000, fuzz::auth_file);
}

class CredentialsTest : public testing::Test {
 protected:
  Credentials make(const std::string& authfile = {}, double timeout = 20) {
    return Credentials({.authfile = authfile, .environment = home.lookup(), .helper_timeout = timeout});
  }
  std::string find(const std::string& registry, const std::string& repository = "team/app", const std::string& authfile = {}) {
    return shown(make(authfile).find(registry, repository));
  }
  void file(const std::string& path, const std::string& login) { home.write(path, R"({"auths": {"example.org": )" + auth(login) + "}}"); }

  Home home;
};

TEST_F(CredentialsTest, NobodyIsLoggedIn) {
  EXPECT_EQ(find("example.org"), "");
  home.environment.clear();
  EXPECT_EQ(find("example.org"), "");
}

TEST_F(CredentialsTest, FilesInTheirOrder) {
  home.environment["XDG_RUNTIME_DIR"] = home.at("run");
  home.environment["XDG_CONFIG_HOME"] = home.at("settings");
  home.write("home/.dockercfg", R"({"example.org": )" + auth("dockercfg:5") + "}");
  EXPECT_EQ(find("example.org"), "dockercfg:5");
  file("home/.docker/config.json", "docker:4");
  EXPECT_EQ(find("example.org"), "docker:4");
  file("settings/containers/auth.json", "settings:3");
  EXPECT_EQ(find("example.org"), "settings:3");
  file("run/containers/auth.json", "runtime:2");
  EXPECT_EQ(find("example.org"), "runtime:2");
  file("named.json", "variable:1");
  home.environment["REGISTRY_AUTH_FILE"] = home.at("named.json");
  EXPECT_EQ(find("example.org"), "variable:1");
  file("option.json", "option:0");
  EXPECT_EQ(find("example.org", "team/app", home.at("option.json")), "option:0");
  EXPECT_EQ(make(home.at("option.json")).find("example.org", "x").origin, home.at("option.json"));
}

TEST_F(CredentialsTest, OtherNamesOfTheFolders) {
  file("home/.docker/config.json", "home:2");
  file("elsewhere/config.json", "elsewhere:1");
  home.environment["DOCKER_CONFIG"] = home.at("elsewhere");
  EXPECT_EQ(find("example.org"), "elsewhere:1");
  home.environment["DOCKER_CONFIG"] = home.at("nowhere");
  EXPECT_EQ(find("example.org"), "");
  home.environment.erase("DOCKER_CONFIG");
  EXPECT_EQ(find("example.org"), "home:2");
  file("home/.config/containers/auth.json", "config:3");
  EXPECT_EQ(find("example.org"), "config:3");
}

TEST_F(CredentialsTest, TheFirstFileThatKnowsTheHost) {
  home.write("home/.config/containers/auth.json", R"({"auths": {"example.com": )" + auth("a:b") + R"(, "example.org": {}}})");
  file("home/.docker/config.json", "docker:4");
  EXPECT_EQ(find("example.org"), "docker:4");
  EXPECT_EQ(find("example.com"), "a:b");
}

TEST_F(CredentialsTest, AnExplicitFileIsTheOnlyOne) {
  file("home/.docker/config.json", "docker:4");
  EXPECT_EQ(find("example.org", "x", home.write("empty.json", "{}")), "");
  EXPECT_EQ(find("example.org", "x", "/dev/null"), "");
  const Error error = error_of([&] { find("example.org", "x", home.at("missing.json")); });
  EXPECT_EQ(error.kind(), ErrorKind::input);
  EXPECT_TRUE(contains(error.what(), home.at("missing.json"))) << error.what();
  home.environment["REGISTRY_AUTH_FILE"] = home.at("missing.json");
  EXPECT_EQ(error_of([&] { find("example.org"); }).kind(), ErrorKind::input);
}

TEST_F(CredentialsTest, DamageNamesTheFile) {
  const std::string path = home.write("home/.docker/config.json", "{\n\"auths\": [}");
  EXPECT_TRUE(contains(error_of([&] { find("example.org"); }).what(), path + ": line 2: ")) << path;
}

// --- Helpers ---

constexpr const char* kAnswer = R"(read -r server; echo "{\"ServerURL\": \"$server\", \"Username\": \"me\", \"Secret\": \"of $server\"}")";

struct HelperCase {
  const char* name;
  std::string config, registry, expected;
};
const HelperCase kHelperCases[] = {
    {"ForTheHost", R"({"credHelpers": {"example.org": "x"}})", "example.org", "me:of example.org"},
    {"NotForOthers", R"({"credHelpers": {"example.com": "x"}})", "example.org", ""},
    {"BeforeAuths", R"({"credHelpers": {"example.org": "x"}, "auths": {"example.org": )" + auth("a:b") + "}}", "example.org",
     "me:of example.org"},
    {"BeforeTheStore", R"({"credHelpers": {"example.org": "x"}, "credsStore": "never"})", "example.org", "me:of example.org"},
    {"Store", R"({"credsStore": "x", "auths": {"example.org": {}}})", "example.org", "me:of example.org"},
    {"StoreBeforeAuths", R"({"credsStore": "x", "auths": {"example.org": )" + auth("a:b") + "}}", "example.org", "me:of example.org"},
    {"StoreOfTheHub", R"({"credsStore": "x"})", "docker.io", "me:of https://index.docker.io/v1/"},
    {"HubByName", R"({"credHelpers": {"docker.io": "x"}})", "docker.io", "me:of docker.io"},
    {"HubByUrl", R"({"credHelpers": {"https://index.docker.io/v1/": "x"}})", "docker.io", "me:of https://index.docker.io/v1/"},
    {"UnknownToTheHelper", R"({"credHelpers": {"example.org": "none"}, "auths": {"example.org": )" + auth("a:b") + "}}", "example.org",
     "a:b"},
    {"UnknownAndSaidOnStderr", R"({"credHelpers": {"example.org": "none-stderr"}})", "example.org", ""},
    {"UnknownToTheStore", R"({"credsStore": "none", "auths": {"example.org": )" + auth("a:b") + "}}", "example.org", "a:b"},
    {"EmptyAnswer", R"({"credHelpers": {"example.org": "empty"}})", "example.org", ""},
    {"IdentityToken", R"({"credHelpers": {"example.org": "token"}})", "example.org", "identity tok"},
    {"StoreThatIsNotInstalled", R"({"credsStore": "missing", "auths": {"example.org": )" + auth("a:b") + "}}", "example.org", "a:b"},
    {"EmptyName", R"({"credHelpers": {"example.org": ""}, "auths": {"example.org": )" + auth("a:b") + "}}", "example.org", "a:b"},
};

class Helpers : public CredentialsTest, public testing::WithParamInterface<HelperCase> {};
TEST_P(Helpers, AreAsked) {
  home.program("docker-credential-x", kAnswer);
  home.program("docker-credential-none", "echo credentials not found in native keychain; exit 1");
  home.program("docker-credential-none-stderr", "echo 'Error: credentials not found in native keychain' >&2; exit 1");
  home.program("docker-credential-empty", R"(echo '{"ServerURL": "", "Username": "", "Secret": ""}')");
  home.program("docker-credential-token", R"(echo '{"ServerURL": "", "Username": "<token>", "Secret": "tok"}')");
  home.program("docker-credential-never", "exit 3");
  home.write("home/.docker/config.json", GetParam().config);
  EXPECT_EQ(find(GetParam().registry), GetParam().expected);
}
INSTANTIATE_TEST_SUITE_P(, Helpers, testing::ValuesIn(kHelperCases), [](const auto& each) { return std::string(each.param.name); });

// The argument, the input and the environment that the protocol asks for, and no more.
TEST_F(CredentialsTest, WhatAHelperSees) {
  home.program("docker-credential-x", "echo \"$#:$1\" > " + home.at("arguments") + "; cat > " + home.at("input") + "; env > " +
                                          home.at("environment") + "; " + R"(echo '{"Username": "me", "Secret": "pw"}')");
  home.environment["AWS_PROFILE"] = "team";
  home.environment["UNRELATED_SECRET"] = kSecret;
  home.write("home/.docker/config.json", R"({"credHelpers": {"example.org:5000": "x"}})");
  EXPECT_EQ(find("example.org:5000"), "me:pw");
  EXPECT_EQ(home.read("arguments"), "1:get\n");
  EXPECT_EQ(home.read("input"), "example.org:5000");
  const std::string environment = home.read("environment");
  for (const std::string& line :
       {std::string("AWS_PROFILE=team"), "HOME=" + home.at("home"), "PATH=" + home.environment["PATH"], std::string("LC_ALL=C")}) {
    EXPECT_TRUE(contains("\n" + environment, "\n" + line + "\n")) << environment;
  }
  EXPECT_FALSE(contains(environment, kSecret));
}

TEST_F(CredentialsTest, FailingHelpersTellNoSecrets) {
  const std::string secret = kSecret;
  struct Case {
    const char* program;
    std::string script, message;
  };
  const Case cases[] = {
      {"fails", "echo " + secret + "; echo " + secret + " >&2; exit 7",
       "docker-credential-fails was asked for the login to example.org and ended with status 7"},
      {"garbage", "echo '" + secret + "'",
       "docker-credential-garbage was asked for the login to example.org and answered something that is not its protocol"},
      {"broken", R"(echo '{"Username": "me", "Secret": ")" + secret + "'",
       "docker-credential-broken was asked for the login to example.org and answered something that is not its protocol"},
      {"list", R"(echo '{"Username": "me", "Secret": [")" + secret + R"("]}')",
       "docker-credential-list was asked for the login to example.org and answered something that is not its protocol"},
      {"killed", "kill -9 $$", "docker-credential-killed was asked for the login to example.org and ended with status 137"},
      {"silent", "", "docker-credential-silent was asked for the login to example.org and answered something that is not its protocol"},
  };
  for (const Case& each : cases) {
    home.program(std::string("docker-credential-") + each.program, each.script);
    home.write("home/.docker/config.json", fmt::format(R"({{"credHelpers": {{"example.org": "{}"}}}})", each.program));
    const Error error = error_of([&] { find("example.org"); });
    EXPECT_EQ(error.kind(), ErrorKind::refused);
    EXPECT_EQ(std::string(error.what()), each.message);
    EXPECT_FALSE(contains(error.what(), secret) || contains(error.hint(), secret));
  }
}

TEST_F(CredentialsTest, AHelperThatHangs) {
  home.program("docker-credential-x", "sleep 20");
  home.write("home/.docker/config.json", R"({"credHelpers": {"example.org": "x"}})");
  const Error error = error_of([&] { make({}, 0.15).find("example.org", "x"); });
  EXPECT_EQ(error.kind(), ErrorKind::refused);
  EXPECT_TRUE(contains(error.what(), "did not answer within")) << error.what();
}

TEST_F(CredentialsTest, HelpersThatAreNotThere) {
  home.environment["PATH"] = "/usr/bin:/bin";
  home.write("home/.docker/config.json", R"({"credHelpers": {"example.org": "missing"}, "credsStore": "desktop"})");
  const Error error = error_of([&] { find("example.org"); });
  EXPECT_EQ(error.kind(), ErrorKind::refused);
  EXPECT_EQ(std::string(error.what()), "docker-credential-missing, which keeps the login to example.org, is not installed");
  // A store is for everything: public images need it not, and a refusal later can say why nobody was logged in.
  const Login login = make().find("example.com", "x");
  EXPECT_TRUE(login.empty());
  EXPECT_EQ(login.origin, home.at("home/.docker/config.json") + " names docker-credential-desktop, which is not installed");
}

TEST_F(CredentialsTest, NamesOfHelpersAreNoPaths) {
  home.write("bin/docker-credential-x/../evil", "");
  home.program("evil", "touch " + home.at("ran"));
  for (const char* name : {"x/../evil", "/../evil", "x y", "x;y", "x\\ny"}) {
    home.write("home/.docker/config.json", R"({"credHelpers": {"example.org": ")" + std::string(name) + "\"}}");
    EXPECT_EQ(error_of([&] { find("example.org"); }).kind(), ErrorKind::refused) << name;
  }
  EXPECT_FALSE(home.has("ran"));
}

// What lies in the current folder is not run, whatever PATH says.
TEST_F(CredentialsTest, OnlyAbsoluteFoldersOfPath) {
  home.program("docker-credential-x", kAnswer);
  const std::string bin = std::filesystem::relative(home.at("bin")).native();
  home.write("home/.docker/config.json", R"({"credHelpers": {"example.org": "x"}})");
  EXPECT_EQ(find("example.org"), "me:of example.org");
  home.environment["PATH"] = bin + "::.:/usr/bin";
  EXPECT_EQ(error_of([&] { find("example.org"); }).kind(), ErrorKind::refused);
}

TEST_F(CredentialsTest, AHelperIsAskedOnce) {
  home.program("docker-credential-x", "echo x >> " + home.at("asked") + "; " + kAnswer);
  home.write("home/.docker/config.json", R"({"credsStore": "x"})");
  Credentials credentials = make();
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back(
        [&, i] { EXPECT_EQ(shown(credentials.find("example.org", "team/app" + std::to_string(i % 3))), "me:of example.org"); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(home.read("asked"), "x\n");
  EXPECT_EQ(credentials.find("example.org", "x").origin, "docker-credential-x (named in " + home.at("home/.docker/config.json") + ")");
}

// --- skopeo and podman ---

// A registry that takes every login, and remembers what it was sent. With TLS, which all tools try first; none is told to trust it.
class LoginServer {
 public:
  LoginServer() : server({.tls = HttpTls{}}) {
    server.open_rest([this](const HttpSeen& seen) {
      const std::string sent = seen.has("authorization") ? seen.fields.at("authorization") : "";
      if (seen.path.find("/manifests/") != std::string::npos) last = sent;
      HttpAnswer answer{.status = sent.empty() ? 401 : 200, .body = "{}"};
      if (seen.path.find("/manifests/") != std::string::npos && answer.status == 200) answer.status = 404;
      if (answer.status == 401) answer.fields.emplace_back("WWW-Authenticate", "Basic realm=\"test\"");
      return HttpPlan{.answer = [answer](const HttpSeen&) { return answer; }};
    });
  }
  HttpServer server;
  std::string last;
};

TEST_F(CredentialsTest, WeReadWhatSkopeoAndPodmanWrite) {
  LoginServer login;
  const std::string host = login.server.host();
  bool any = false;
  for (const std::string tool : {"skopeo", "podman"}) {
    if (!has_tool(tool)) continue;
    any = true;
    for (const std::string& key : {host, host + "/team", host + "/team/app"}) {
      home.remove("auth.json");
      const io::ProcessResult result =
          home.run({tool, "login", "--tls-verify=false", "--authfile", home.at("auth.json"), "-u", "me", "-p", "p:w\xc3\xa9", key});
      ASSERT_EQ(result.exit_code, 0) << tool << " login " << key << ": " << result.err;
      EXPECT_EQ(find(host, "team/app", home.at("auth.json")), "me:p:w\xc3\xa9") << home.read("auth.json");
      EXPECT_EQ(find(host, "other/app", home.at("auth.json")), key == host ? "me:p:w\xc3\xa9" : "");
    }
  }
  if (!any) GTEST_SKIP() << "neither skopeo nor podman is installed";
}

// One table, two readers. HOST stands for the server.
TEST_F(CredentialsTest, SkopeoSendsWhatWeFind) {
  if (!has_tool("skopeo")) GTEST_SKIP() << "skopeo is not installed";
  home.program("docker-credential-x", kAnswer);
  home.program("docker-credential-none", "echo credentials not found in native keychain; exit 1");
  LoginServer login;
  const std::string host = login.server.host();
  const std::string files[] = {
      R"({"auths": {"HOST": )" + auth("a:1") + "}}",
      R"({"auths": {"HOST": )" + auth("a:1") + R"(, "HOST/team": )" + auth("b:2") + R"(, "HOST/team/app": )" + auth("c:3") + "}}",
      R"({"auths": {"HOST": )" + auth("a:1") + R"(, "HOST/team": )" + auth("b:2") + R"(, "HOST/team/ap": )" + auth("c:3") + "}}",
      R"({"auths": {"http://HOST/v1/": )" + auth("a:1") + "}}",
      R"({"auths": {"https://HOST": )" + auth("a:1") + "}}",
      R"({"auths": {"https://HOST/v1/": )" + auth("a:1") + R"(, "HOST": )" + auth("b:2") + "}}",
      R"({"auths": {"HOST/v1/": )" + auth("a:1") + "}}",
      R"({"auths": {"other.example.org": )" + auth("a:1") + "}}",
      R"({"auths": {"HOST": {}}})",
      R"({"auths": {"HOST": )" + auth("a:b:c:") + "}}",
      R"({"auths": {"HOST": )" + auth(std::string("a:b\0\0", 5)) + "}}",
      R"({"credHelpers": {"HOST": "x"}, "auths": {"HOST": )" + auth("a:1") + "}}",
      R"({"credHelpers": {"other.example.org": "x"}, "auths": {"HOST": )" + auth("a:1") + "}}",
      R"({"credHelpers": {"HOST": "none"}})",
      "{}",
  };
  for (std::string text : files) {
    for (std::size_t at; (at = text.find("HOST")) != std::string::npos;) text.replace(at, 4, host);
    const std::string file = home.write("auth.json", text);
    login.last.clear();
    home.run({"skopeo", "inspect", "--raw", "--tls-verify=false", "--authfile", file, "docker://" + host + "/team/app:1"});
    const std::string ours = find(host, "team/app", file);
    EXPECT_EQ(login.last, "Basic " + encoded(ours.empty() ? ":" : ours)) << text;  // it sends an empty login when it knows none
  }
}

}  // namespace
}  // namespace resole::test
