// SPDX-License-Identifier: Apache-2.0
#include "registry/remote/hosts.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/text.hpp"
#include "fuzz/mutate.hpp"
#include "fuzz/registry_targets.hpp"
#include "io/fetching.hpp"
#include "registry/home.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

using registry::Endpoint;
using registry::Endpoints;
using registry::HostOptions;

// "https://mirror.example.org/v2/team/app mirror digests"; "https?" is https that may become http.
std::string shown(const Endpoint& endpoint) {
  const char* scheme = endpoint.plain_http ? "http" : endpoint.http_when_tls_fails ? "https?" : "https";
  std::string text = fmt::format("{}://{}{}/{}", scheme, endpoint.host, endpoint.path, endpoint.repository);
  if (!endpoint.tls.verify) text += " unverified";
  if (endpoint.is_mirror) text += " mirror";
  if (endpoint.proxies_namespace) text += " ns";
  if (endpoint.digests_only) text += " digests";
  if (endpoint.registry != endpoint.host) text += " login:" + endpoint.registry;
  return text;
}

std::string shown(const std::vector<Endpoint>& endpoints) {
  std::string text;
  for (const Endpoint& endpoint : endpoints) text += shown(endpoint) + "\n";
  return text;
}

class HostsTest : public testing::Test {
 protected:
  HostOptions options() const {
    HostOptions made;
    made.tls_verify = tls_verify;
    made.cert_dir = cert_dir;
    made.environment = home.lookup();
    made.system_root = home.at("root");
    return made;
  }
  Endpoints find(const std::string& reference) const { return registry::endpoints_of(oci::Reference::parse(reference), options()); }
  std::string reading(const std::string& reference) const { return shown(find(reference).reading); }
  std::string writing(const std::string& reference) const { return shown(find(reference).writing); }
  void conf(std::string_view text) const { home.write("root/etc/containers/registries.conf", text); }

  Home home;
  bool tls_verify = true;
  std::string cert_dir;
};

TEST_F(HostsTest, WithoutAnyFile) {
  EXPECT_EQ(reading("debian"), "https://registry-1.docker.io/v2/library/debian login:docker.io\n");
  EXPECT_EQ(writing("me/app"), "https://registry-1.docker.io/v2/me/app login:docker.io");
  EXPECT_EQ(reading("example.org:5000/team/app:1"), "https://example.org:5000/v2/team/app\n");
  EXPECT_EQ(find("debian").warning, "");
}

TEST_F(HostsTest, PlainHttpOnlyOnThisMachine) {
  for (const char* host :
       {"localhost", "localhost:5000", "box.localhost:5000", "127.0.0.1:5000", "127.8.9.1:80", "[::1]:5000", "LOCALHOST:5000"}) {
    EXPECT_EQ(reading(std::string(host) + "/app"), fmt::format("http://{}/v2/app\n", host));
    EXPECT_EQ(writing(std::string(host) + "/app"), fmt::format("http://{}/v2/app", host));
  }
  for (const char* host : {"127.0.0.1.example.org", "127.0.0:5000", "127.0.0.256:5000", "10.0.0.1:5000", "192.168.1.1:5000",
                           "localhost.example.org", "notlocalhost:5000", "[::2]:5000", "localhost:443", "128.0.0.1:5000"}) {
    EXPECT_EQ(reading(std::string(host) + "/app"), fmt::format("https://{}/v2/app\n", host));
  }
}

TEST_F(HostsTest, WithoutVerification) {
  tls_verify = false;
  EXPECT_EQ(reading("example.org/app"), "https?://example.org/v2/app unverified\n");
  EXPECT_EQ(writing("localhost:5000/app"), "https?://localhost:5000/v2/app unverified");
}

struct ConfCase {
  const char* name;
  std::string conf, reference, reading, writing;
};

const char* const kMirrors =
    "[[registry]]\nprefix = 'example.org/team'\nlocation = 'internal.example.net/t'\n"
    "[[registry.mirror]]\nlocation = 'm1.example.net/x'\n[[registry.mirror]]\nlocation = 'm2.example.net:5000'\ninsecure = true\n";
const std::string kDigest = "@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

const ConfCase kConfCases[] = {
    {"NothingMatches", kMirrors, "example.org/other", "https://example.org/v2/other\n", "https://example.org/v2/other"},
    {"MirrorsThenTheLocation", kMirrors, "example.org/team/app:1",
     "https://m1.example.net/v2/x/app mirror\nhttps?://m2.example.net:5000/v2/app unverified "
     "mirror\nhttps://internal.example.net/v2/t/app\n",
     "https://example.org/v2/team/app"},
    {"ThePrefixItself", "[[registry]]\nprefix = 'example.org/team/app'\nlocation = 'b.example.net/c'\n", "example.org/team/app",
     "https://b.example.net/v2/c\n", "https://example.org/v2/team/app"},
    {"PrefixEndsAtASlash", "[[registry]]\nprefix = 'example.org/te'\nlocation = 'b.example.net'\n", "example.org/team/app",
     "https://example.org/v2/team/app\n", "https://example.org/v2/team/app"},
    {"PrefixIsNotAnotherPort", "[[registry]]\nprefix = 'example.org'\nlocation = 'b.example.net'\n", "example.org:5000/app",
     "https://example.org:5000/v2/app\n", "https://example.org:5000/v2/app"},
    {"TheLongestPrefix",
     "[[registry]]\nlocation = 'example.org'\n[[registry]]\nprefix = 'example.org/team/app'\nlocation = 'long.example.net'\n"
     "[[registry]]\nprefix = 'example.org/team'\nlocation = 'short.example.net'\n",
     "example.org/team/app/x", "https://long.example.net/v2/x\n", "https://example.org/v2/team/app/x"},
    {"LocationAlone", "[[registry]]\nlocation = 'example.org'\n[[registry.mirror]]\nlocation = 'm.example.net/'\n", "example.org/app",
     "https://m.example.net/v2/app mirror\nhttps://example.org/v2/app\n", "https://example.org/v2/app"},
    {"TheHub", "[[registry]]\nlocation = 'docker.io'\n[[registry.mirror]]\nlocation = 'm.example.net/hub'\n", "debian",
     "https://m.example.net/v2/hub/library/debian mirror\nhttps://registry-1.docker.io/v2/library/debian login:docker.io\n",
     "https://registry-1.docker.io/v2/library/debian login:docker.io"},
    {"TheHubAsAMirror", "[[registry]]\nlocation = 'example.org'\n[[registry.mirror]]\nlocation = 'docker.io/team'\n", "example.org/app",
     "https://registry-1.docker.io/v2/team/app mirror login:docker.io\nhttps://example.org/v2/app\n", "https://example.org/v2/app"},
    {"Wildcard", "[[registry]]\nprefix = '*.example.org'\n[[registry.mirror]]\nlocation = 'm.example.net'\n", "a.b.example.org/app",
     "https://m.example.net/v2/app mirror\nhttps://a.b.example.org/v2/app\n", "https://a.b.example.org/v2/app"},
    {"WildcardIsNotTheDomain", "[[registry]]\nprefix = '*.example.org'\n[[registry.mirror]]\nlocation = 'm.example.net'\n",
     "example.org/app", "https://example.org/v2/app\n", "https://example.org/v2/app"},
    {"WildcardIsNotInThePath", "[[registry]]\nprefix = '*.example.org'\n[[registry.mirror]]\nlocation = 'm.example.net'\n",
     "example.net/a.example.org/app", "https://example.net/v2/a.example.org/app\n", "https://example.net/v2/a.example.org/app"},
    {"WildcardWithLocation", "[[registry]]\nprefix = '*.example.org'\nlocation = 'all.example.net'\n", "a.example.org/app",
     "https://all.example.net/v2/app\n", "https://a.example.org/v2/app"},
    {"WildcardKeepsThePort", "[[registry]]\nprefix = '*.example.org'\nlocation = 'all.example.net'\n", "a.example.org:5000/app",
     "https://all.example.net:5000/v2/app\n", "https://a.example.org:5000/v2/app"},
    {"Insecure", "[[registry]]\nlocation = 'example.org'\ninsecure = true\n", "example.org/app", "https?://example.org/v2/app unverified\n",
     "https?://example.org/v2/app unverified"},
    {"ByDigestOnlyWithTag",
     "[[registry]]\nlocation = 'example.org'\nmirror-by-digest-only = true\n[[registry.mirror]]\nlocation = 'm.example.net'\n",
     "example.org/app:1", "https://m.example.net/v2/app mirror digests\nhttps://example.org/v2/app\n", "https://example.org/v2/app"},
    {"PullFromMirror",
     "[[registry]]\nlocation = 'example.org'\n[[registry.mirror]]\nlocation = 'a.example.net'\npull-from-mirror = 'all'\n"
     "[[registry.mirror]]\nlocation = 'd.example.net'\npull-from-mirror = 'digest-only'\n[[registry.mirror]]\nlocation = "
     "'t.example.net'\npull-from-mirror = 'tag-only'\n",
     "example.org/app:1",
     "https://a.example.net/v2/app mirror\nhttps://d.example.net/v2/app mirror digests\nhttps://t.example.net/v2/app "
     "mirror\nhttps://example.org/v2/app\n",
     "https://example.org/v2/app"},
    {"PullFromMirrorByDigest",
     "[[registry]]\nlocation = 'example.org'\n[[registry.mirror]]\nlocation = 'd.example.net'\npull-from-mirror = 'digest-only'\n"
     "[[registry.mirror]]\nlocation = 't.example.net'\npull-from-mirror = 'tag-only'\n",
     "example.org/app:1" + kDigest, "https://d.example.net/v2/app mirror digests\nhttps://example.org/v2/app\n",
     "https://example.org/v2/app"},
    {"BlockedMirrorsArePassedOver",
     "[[registry]]\nlocation = 'example.org'\n[[registry.mirror]]\nlocation = 'm.example.net'\n[[registry]]\nlocation = "
     "'m.example.net'\nblocked = true\n",
     "example.org/app", "https://example.org/v2/app\n", "https://example.org/v2/app"},
    {"AMirrorOnThisMachine", "[[registry]]\nlocation = 'example.org'\n[[registry.mirror]]\nlocation = 'localhost:5000/m'\n",
     "example.org/app", "http://localhost:5000/v2/m/app mirror\nhttps://example.org/v2/app\n", "https://example.org/v2/app"},
    {"OnePrefixTwice",
     "[[registry]]\nprefix = 'example.org'\nlocation = 'one.example.net'\n[[registry]]\nprefix = 'example.org'\nlocation = "
     "'two.example.net'\n",
     "example.org/app", "https://one.example.net/v2/app\n", "https://example.org/v2/app"},
    {"AliasesAndSearchListsAreForOthers",
     "unqualified-search-registries = ['quay.io']\nshort-name-mode = 'enforcing'\n[aliases]\n'debian' = 'quay.io/other/debian'\n", "debian",
     "https://registry-1.docker.io/v2/library/debian login:docker.io\n", "https://registry-1.docker.io/v2/library/debian login:docker.io"},
    {"Version1", "[registries.search]\nregistries = ['quay.io']\n[registries.insecure]\nregistries = ['example.org/']\n", "example.org/app",
     "https?://example.org/v2/app unverified\n", "https?://example.org/v2/app unverified"},
};

class RegistriesConf : public HostsTest, public testing::WithParamInterface<ConfCase> {};
TEST_P(RegistriesConf, GivesEndpoints) {
  conf(GetParam().conf);
  EXPECT_EQ(reading(GetParam().reference), GetParam().reading);
  EXPECT_EQ(writing(GetParam().reference), GetParam().writing);
}
INSTANTIATE_TEST_SUITE_P(, RegistriesConf, testing::ValuesIn(kConfCases), [](const auto& each) { return std::string(each.param.name); });

TEST_F(HostsTest, Blocked) {
  conf(
      "\n[[registry]]\nlocation = 'example.org/team'\nblocked = true\n[[registry]]\nprefix = 'example.com'\nlocation = "
      "'example.org/team'\nblocked = true\n");
  const Error error = error_of([&] { find("example.org/team/app"); });
  EXPECT_EQ(error.kind(), ErrorKind::refused);
  EXPECT_EQ(std::string(error.what()), "example.org/team/app is blocked by " + home.at("root/etc/containers/registries.conf") + ": line 2");
  EXPECT_EQ(reading("example.org/other/app"), "https://example.org/v2/other/app\n");
  conf("[[registry]]\nprefix = 'example.com'\nlocation = 'example.org/x'\n[[registry]]\nlocation = 'example.org'\nblocked = true\n");
  EXPECT_EQ(error_of([&] { find("example.com/app"); }).kind(), ErrorKind::refused);
  conf("[registries.block]\nregistries = ['example.org']\n");
  EXPECT_EQ(error_of([&] { find("example.org/app"); }).kind(), ErrorKind::refused);
}

TEST_F(HostsTest, DamageIsNamedByFileAndLine) {
  struct Case {
    std::string conf, message;
  };
  const Case cases[] = {
      {"[[registry]]\nlocation = 'https://example.org'\n", "line 2: \"location\" is host[:port][/path], without a scheme"},
      {"[[registry]]\nlocation = 'example.org x'\n", "line 2: \"location\" has blanks or control characters in it"},
      {"\n[[registry]]\ninsecure = true\n", "line 2: a registry needs a \"prefix\" or a \"location\""},
      {"[[registry]]\nprefix = 'example.org'\n", "line 1: only a wildcard prefix can be without a \"location\""},
      {"[[registry]]\nprefix = '*.example.org/x'\n",
       "line 1: the prefix \"*.example.org/x\" is none: a wildcard is *.example.org, nothing more"},
      {"[[registry]]\nprefix = 'a.*.org'\nlocation = 'x.example.org'\n",
       "line 1: the prefix \"a.*.org\" is none: a wildcard is *.example.org, nothing more"},
      {"[[registry]]\nlocation = 'example.org'\n[[registry.mirror]]\ninsecure = true\n", "line 3: a mirror needs a \"location\""},
      {"[[registry]]\nlocation = 'example.org'\n[[registry.mirror]]\nlocation = 'm.example.org'\npull-from-mirror = 'some'\n",
       "line 5: \"pull-from-mirror\" is all, digest-only or tag-only, not \"some\""},
      {"[[registry]]\nlocation = 'example.org'\nmirror-by-digest-only = true\n[[registry.mirror]]\nlocation = "
       "'m.example.org'\npull-from-mirror = 'all'\n",
       "line 6: \"pull-from-mirror\" cannot be set beside the registry's \"mirror-by-digest-only\""},
      {"[[registry]]\nlocation = 'example.org'\npull-from-mirror = 'all'\n", "line 3: \"pull-from-mirror\" belongs to a mirror"},
      {"[[registry]]\nlocation = 'example.org'\nblocked = 'yes'\n", "line 3: \"blocked\" must be true or false, not a string"},
      {"[registry]\nlocation = 'example.org'\n", "line 1: \"registry\" must be an array, not a table"},
      {"[[registry]]\nprefix = 'a.example.org'\nlocation = 'example.org'\n[[registry]]\nprefix = 'b.example.org'\nlocation = "
       "'example.org'\nblocked = true\n",
       "line 4: \"example.org\" is \"insecure\" or \"blocked\" here and not in line 1"},
      {"[registries.block]\nregistries = ['example.com']\n[[registry]]\nlocation = 'example.org'\n",
       "line 1: versions 1 ([registries.*]) and 2 ([[registry]]) of the format cannot be mixed"},
      {"[[registry]]\nlocation = 'example.org\n", "line 2, column "},
      {"[[registry]]\nprefix = 'example.org'\nlocation = 'host/Path'\n", "line 1: \"host/Path/app\" is no repository"},
      {"[[registry]]\nprefix = 'example.org'\nlocation = 'nohost'\n", "line 1: \"nohost/app\" is no repository"},
  };
  for (const Case& each : cases) {
    conf(each.conf);
    const Error error = error_of([&] { find("example.org/app"); });
    EXPECT_EQ(error.kind(), ErrorKind::input);
    EXPECT_TRUE(std::string_view(error.what()).starts_with(home.at("root/etc/containers/registries.conf") + ": " + each.message))
        << error.what();
  }
}

TEST_F(HostsTest, DropInsInTheirOrder) {
  const auto located = [](const std::string& name) {
    return "[[registry]]\nprefix = 'example.org'\nlocation = '" + name + ".example.net'\n";
  };
  const auto expected = [](const std::string& name) { return "https://" + name + ".example.net/v2/app\n"; };
  conf(located("main"));
  EXPECT_EQ(reading("example.org/app"), expected("main"));
  home.write("root/etc/containers/registries.conf.d/10-b.conf", located("ten"));
  home.write("root/etc/containers/registries.conf.d/09-a.conf", located("nine"));
  home.write("root/etc/containers/registries.conf.d/99.ignored", located("ignored"));
  home.write("root/etc/containers/registries.conf.d/99.conf/inner.conf", located("inner"));
  EXPECT_EQ(reading("example.org/app"), expected("ten"));
  home.write("home/.config/containers/registries.conf.d/00.conf", located("personal"));
  EXPECT_EQ(reading("example.org/app"), expected("personal"));
  home.write("home/.config/containers/registries.conf.d/00.conf", "[[registry]]\nlocation = 'other.example.org'\n");
  EXPECT_EQ(reading("example.org/app"), expected("ten"));
  // A person's own file takes the place of all of the system's.
  home.write("home/.config/containers/registries.conf", "");
  EXPECT_EQ(reading("example.org/app"), "https://example.org/v2/app\n");
  home.environment["CONTAINERS_REGISTRIES_CONF"] = home.write("named.conf", "");
  EXPECT_EQ(reading("example.org/app"), expected("ten"));
  home.environment["CONTAINERS_REGISTRIES_CONF"] = home.at("missing.conf");
  EXPECT_EQ(error_of([&] { find("example.org/app"); }).kind(), ErrorKind::input);
}

TEST_F(HostsTest, DropInsAreOfVersion2) {
  const std::string file = home.write("root/etc/containers/registries.conf.d/1.conf", "[registries.block]\nregistries = []\n");
  const Error error = error_of([&] { find("example.org/app"); });
  EXPECT_EQ(std::string(error.what()), file + ": line 1: a drop-in must be in version 2 of the format ([[registry]])");
}

TEST_F(HostsTest, CredentialHelpersOfRegistriesConfAreNamed) {
  conf("credential-helpers = ['secretservice']\n");
  EXPECT_EQ(find("example.org/app").warning, "\"credential-helpers\" in registries.conf is not used");
  conf("credential-helpers = ['containers-auth.json']\n");
  EXPECT_EQ(find("example.org/app").warning, "");
}

// --- certs.d ---

class CertificatesTest : public HostsTest {
 protected:
  const io::TlsOptions tls(const std::string& reference) {
    last = find(reference);
    EXPECT_EQ(last.writing.tls, last.reading.back().tls);
    return last.writing.tls;
  }
  Endpoints last;
};

TEST_F(CertificatesTest, OfOneHost) {
  home.write("root/etc/containers/certs.d/example.org:5000/ca.crt", "authority");
  const std::string cert = home.write("root/etc/containers/certs.d/example.org:5000/me.cert", "me");
  const std::string key = home.write("root/etc/containers/certs.d/example.org:5000/me.key", "key");
  const io::TlsOptions expected{.verify = true, .authorities = "authority\n", .client_cert = cert, .client_key = key};
  EXPECT_EQ(tls("example.org:5000/app"), expected);
  EXPECT_EQ(tls("example.org/app"), io::TlsOptions{});
  EXPECT_EQ(tls("debian"), io::TlsOptions{});
}

TEST_F(CertificatesTest, TheFirstFolder) {
  home.write("root/etc/docker/certs.d/docker.io/d.crt", "docker's");
  EXPECT_EQ(tls("debian").authorities, "docker's\n");
  home.write("root/etc/containers/certs.d/docker.io/c.crt", "the system's");
  EXPECT_EQ(tls("debian").authorities, "the system's\n");
  home.write("home/.config/containers/certs.d/docker.io/p.crt", "mine");
  EXPECT_EQ(tls("debian").authorities, "mine\n");
  cert_dir = home.at("given");
  home.write("given/g.crt", "given");
  EXPECT_EQ(tls("debian").authorities, "given\n");
  EXPECT_EQ(tls("example.org/app").authorities, "given\n");
  cert_dir = home.at("missing");
  EXPECT_EQ(error_of([&] { find("debian"); }).kind(), ErrorKind::input);
}

TEST_F(CertificatesTest, SeveralAuthoritiesAllCount) {
  home.write("root/etc/containers/certs.d/example.org/a.crt", "first");
  home.write("root/etc/containers/certs.d/example.org/b.crt", "second\n");
  EXPECT_EQ(tls("example.org/app").authorities, "first\nsecond\n\n");
}

TEST_F(CertificatesTest, WithCertificatesThisMachineSpeaksTls) {
  home.write("root/etc/containers/certs.d/localhost:5000/ca.crt", "authority");
  EXPECT_EQ(reading("localhost:5000/app"), "https://localhost:5000/v2/app\n");
  EXPECT_EQ(reading("localhost:5001/app"), "http://localhost:5001/v2/app\n");
  cert_dir = home.at("root/etc/containers/certs.d/localhost:5000");
  EXPECT_EQ(reading("localhost:5001/app"), "https://localhost:5001/v2/app\n");
}

TEST_F(CertificatesTest, OfAMirror) {
  conf("[[registry]]\nlocation = 'example.org'\n[[registry.mirror]]\nlocation = 'm.example.net:5000/x'\n");
  home.write("root/etc/containers/certs.d/m.example.net:5000/ca.crt", "authority");
  const Endpoints found = find("example.org/app");
  EXPECT_EQ(found.reading.at(0).tls.authorities, "authority\n");
  EXPECT_EQ(found.reading.at(1).tls, io::TlsOptions{});
}

TEST_F(CertificatesTest, HalfAPair) {
  const std::string cert = home.write("root/etc/containers/certs.d/example.org/me.cert", "me");
  const Error lonely = error_of([&] { find("example.org/app"); });
  EXPECT_TRUE(contains(lonely.what(), cert)) << lonely.what();
  EXPECT_TRUE(contains(lonely.hint(), ".crt"));
  home.remove("root/etc/containers/certs.d/example.org/me.cert");
  home.write("root/etc/containers/certs.d/example.org/me.key", "key");
  EXPECT_EQ(error_of([&] { find("example.org/app"); }).kind(), ErrorKind::input);
}

TEST_F(CertificatesTest, SeveralClients) {
  for (const char* name : {"a.cert", "a.key", "b.cert", "b.key"})
    home.write(std::string("root/etc/containers/certs.d/example.org/") + name, "x");
  const Endpoints found = find("example.org/app");
  EXPECT_EQ(found.writing.tls.client_cert, home.at("root/etc/containers/certs.d/example.org/a.cert"));
  EXPECT_TRUE(contains(found.warning, "a.cert is used")) << found.warning;
}

// --- hosts.toml ---

struct TomlCase {
  const char* name;
  std::string toml, reference, reading, writing;
};

const TomlCase kTomlCases[] = {
    {"Empty", "", "example.org/app", "https://example.org/v2/app\n", "https://example.org/v2/app"},
    {"MirrorsInTheOrderOfTheText",
     "server = 'https://example.org'\n[host.'https://z.example.net']\ncapabilities = ['pull', 'resolve']\n[host.'https://a.example.net']\n",
     "example.org/app", "https://z.example.net/v2/app mirror ns\nhttps://a.example.net/v2/app mirror ns\nhttps://example.org/v2/app\n",
     "https://example.org/v2/app"},
    {"PullAlone", "[host.'https://m.example.net']\ncapabilities = ['pull']\n", "example.org/app",
     "https://m.example.net/v2/app mirror ns digests\nhttps://example.org/v2/app\n", "https://example.org/v2/app"},
    {"NoPull", "[host.'https://m.example.net']\ncapabilities = ['resolve', 'push', 'referrers']\n", "example.org/app",
     "https://example.org/v2/app\n", "https://example.org/v2/app"},
    {"Paths",
     "[host.'https://m.example.net/hub/']\n[host.'https://m.example.net/hub2/v2']\n[host.'https://m.example.net/o']\noverride_path = true\n"
     "[host.'https://m.example.net']\noverride_path = true\n",
     "example.org/app",
     "https://m.example.net/hub/v2/app mirror ns\nhttps://m.example.net/hub2/v2/app mirror ns\nhttps://m.example.net/o/app mirror ns\n"
     "https://m.example.net/app mirror ns\nhttps://example.org/v2/app\n",
     "https://example.org/v2/app"},
    {"PlainHttp", "[host.'http://m.example.net:5000']\n", "example.org/app",
     "http://m.example.net:5000/v2/app mirror ns\nhttps://example.org/v2/app\n", "https://example.org/v2/app"},
    {"HttpWithTlsSettings",
     "[host.'http://m.example.net:5000']\nskip_verify = true\n[host.'http://n.example.net:80']\nskip_verify = true\n", "example.org/app",
     "https?://m.example.net:5000/v2/app unverified mirror ns\nhttp://n.example.net:80/v2/app unverified mirror "
     "ns\nhttps://example.org/v2/app\n",
     "https://example.org/v2/app"},
    {"SkipVerify", "[host.'https://m.example.net']\nskip_verify = true\n", "example.org/app",
     "https://m.example.net/v2/app unverified mirror ns\nhttps://example.org/v2/app\n", "https://example.org/v2/app"},
    {"WithoutScheme", "server = 'example.org'\n[host.'m.example.net']\n", "example.org/app",
     "https://m.example.net/v2/app mirror ns\nhttps://example.org/v2/app\n", "https://example.org/v2/app"},
    {"AnotherServer", "server = 'https://s.example.net'\n", "example.org/app", "https://s.example.net/v2/app ns\n",
     "https://example.org/v2/app"},
    {"TheServerByHttp", "server = 'http://example.org'\n", "example.org/app", "http://example.org/v2/app\n", "http://example.org/v2/app"},
    {"SettingsOfTheServer", "skip_verify = true\n", "example.org/app", "https://example.org/v2/app unverified\n",
     "https://example.org/v2/app unverified"},
    {"TheServerAmongTheMirrors", "[host.'https://example.org']\n", "example.org/app", "https://example.org/v2/app\n",
     "https://example.org/v2/app"},
    {"TheServerAmongTheMirrorsForDigests", "[host.'https://example.org']\ncapabilities = ['pull']\n", "example.org/app",
     "https://example.org/v2/app mirror digests\nhttps://example.org/v2/app\n", "https://example.org/v2/app"},
    {"TheServerWithoutResolve", "server = 'https://s.example.net'\ncapabilities = ['pull']\n", "example.org/app",
     "https://s.example.net/v2/app ns\n", "https://example.org/v2/app"},
    {"UnknownKeys", "future = 1\n[host.'https://m.example.net']\ndial_timeout = '1s'\nfuture = 2\n", "example.org/app",
     "https://m.example.net/v2/app mirror ns\nhttps://example.org/v2/app\n", "https://example.org/v2/app"},
};

class HostsToml : public HostsTest, public testing::WithParamInterface<TomlCase> {};
TEST_P(HostsToml, GivesEndpoints) {
  home.write("root/etc/containerd/certs.d/example.org/hosts.toml", GetParam().toml);
  EXPECT_EQ(reading(GetParam().reference), GetParam().reading);
  EXPECT_EQ(writing(GetParam().reference), GetParam().writing);
}
INSTANTIATE_TEST_SUITE_P(, HostsToml, testing::ValuesIn(kTomlCases), [](const auto& each) { return std::string(each.param.name); });

TEST_F(HostsTest, HostsTomlOfTheHub) {
  home.write("root/etc/containerd/certs.d/docker.io/hosts.toml",
             "server = 'https://registry-1.docker.io'\n[host.'https://m.example.net']\n");
  EXPECT_EQ(reading("debian"),
            "https://m.example.net/v2/library/debian mirror ns\nhttps://registry-1.docker.io/v2/library/debian login:docker.io\n");
  EXPECT_EQ(writing("debian"), "https://registry-1.docker.io/v2/library/debian login:docker.io");
  home.write("root/etc/containerd/certs.d/docker.io/hosts.toml", "server = 'https://docker.io'\n");  // as in containerd's documentation
  EXPECT_EQ(reading("debian"), "https://registry-1.docker.io/v2/library/debian login:docker.io\n");
}

TEST_F(HostsTest, FoldersOfHostsToml) {
  const auto mirror = [](const std::string& name) { return "[host.'https://" + name + ".example.net']\n"; };
  const auto expected = [](const std::string& name) {
    return "https://" + name + ".example.net/v2/app mirror ns\nhttps://example.org:5000/v2/app\n";
  };
  home.write("root/etc/containerd/certs.d/_default/hosts.toml", mirror("default"));
  EXPECT_EQ(reading("example.org:5000/app"), expected("default"));
  home.write("root/etc/containerd/certs.d/example.org:5000/hosts.toml", mirror("colon"));
  EXPECT_EQ(reading("example.org:5000/app"), expected("colon"));
  home.write("root/etc/containerd/certs.d/example.org_5000_/hosts.toml", mirror("underscores"));
  EXPECT_EQ(reading("example.org:5000/app"), expected("underscores"));
  home.write("root/etc/docker/certs.d/example.org:5000/hosts.toml", mirror("docker"));
  EXPECT_EQ(reading("example.org:5000/app"), expected("docker"));
  EXPECT_EQ(reading("example.com/app"), "https://default.example.net/v2/app mirror ns\nhttps://example.com/v2/app\n");
  cert_dir = home.at("root");
  EXPECT_EQ(reading("example.org:5000/app"), "https://example.org:5000/v2/app\n");
}

TEST_F(HostsTest, RegistriesConfComesFirst) {
  conf("[[registry]]\nprefix = 'example.com'\nlocation = 'example.org/x'\n[[registry.mirror]]\nlocation = 'first.example.net'\n");
  home.write("root/etc/containerd/certs.d/example.org/hosts.toml", "[host.'https://second.example.net']\n");
  EXPECT_EQ(reading("example.com/app"),
            "https://first.example.net/v2/app mirror\nhttps://second.example.net/v2/x/app mirror ns\nhttps://example.org/v2/x/app\n");
}

TEST_F(HostsTest, CertificatesInHostsToml) {
  for (const char* name : {"a.pem", "b.pem", "c.pem", "me.pem", "me.key"})
    home.write(std::string("root/etc/containerd/certs.d/example.org/") + name, name);
  const std::string absolute = home.write("absolute.pem", "absolute");
  home.write("root/etc/containerd/certs.d/example.org/hosts.toml",
             "ca = 'a.pem'\nclient = 'me.pem'\n"
             "[host.'https://one.example.net']\nca = ['b.pem', 'c.pem']\nclient = [['me.pem', 'me.key']]\n"
             "[host.'https://two.example.net']\nca = ['" +
                 absolute +
                 "']\nclient = [['me.pem', '']]\n"
                 "[host.'https://three.example.net']\nclient = ['me.pem']\n");
  const std::string folder = home.at("root/etc/containerd/certs.d/example.org/");
  const Endpoints found = find("example.org/app");
  ASSERT_EQ(found.reading.size(), 4u);
  EXPECT_EQ(found.reading[0].tls.authorities, "b.pem\nc.pem\n");
  EXPECT_EQ(found.reading[0].tls.client_cert, folder + "me.pem");
  EXPECT_EQ(found.reading[0].tls.client_key, folder + "me.key");
  EXPECT_EQ(found.reading[1].tls,
            (io::TlsOptions{.verify = true, .authorities = "absolute\n", .client_cert = folder + "me.pem", .client_key = folder + "me.pem"}));
  EXPECT_EQ(found.reading[2].tls,
            (io::TlsOptions{.verify = true, .authorities = {}, .client_cert = folder + "me.pem", .client_key = folder + "me.pem"}));
  EXPECT_EQ(found.reading[3].tls.authorities, "a.pem\n");
  EXPECT_EQ(found.writing.tls, found.reading[3].tls);
}

TEST_F(HostsTest, DamageInHostsToml) {
  struct Case {
    std::string toml, message;
  };
  const Case cases[] = {
      {"[host.'ftp://m.example.net']\n", "line 1: a host is written as https://host[:port][/path]"},
      {"[host.'https://']\n", "line 1: a host is written as https://host[:port][/path]"},
      {"server = 'https://me:pw@m.example.net'\n", "line 1: a host is written without user, query and fragment"},
      {"server = 'https://m.example.net?x'\n", "line 1: a host is written without user, query and fragment"},
      {"\n[host.'https://m.example.net']\ncapabilities = ['pull', 'fly']\n", "line 3: the capability \"fly\" is not known"},
      {"[host.'https://m.example.net']\nca = 1\n", "line 2: \"ca\" must name files"},
      {"[host.'https://m.example.net']\nca = ['']\n", "line 2: \"ca\" must name files"},
      {"[host.'https://m.example.net']\nclient = [['a', 'b', 'c']]\n", "line 2: a pair in \"client\" is a certificate and its key"},
      {"host = 1\n", "line 1: \"host\" must be tables: [host.\"https://mirror.example.org\"]"},
      {"[host]\nx = 1\n", "line 2: \"host\" must be tables: [host.\"https://mirror.example.org\"]"},
      {"skip_verify = 'yes'\n", "line 1: \"skip_verify\" must be true or false, not a string"},
      {"server = [\n", "line "},
  };
  for (const Case& each : cases) {
    const std::string file = home.write("root/etc/containerd/certs.d/example.org/hosts.toml", each.toml);
    const Error error = error_of([&] { find("example.org/app"); });
    EXPECT_EQ(error.kind(), ErrorKind::input);
    EXPECT_TRUE(std::string_view(error.what()).starts_with(file + ": " + each.message)) << error.what();
    EXPECT_FALSE(contains(error.what(), "pw@"));
  }
  home.write("root/etc/containerd/certs.d/example.org/hosts.toml", "ca = 'missing.pem'\n");
  EXPECT_TRUE(contains(error_of([&] { find("example.org/app"); }).what(), "missing.pem"));
  home.write("root/etc/containerd/certs.d/example.org/hosts.toml", "[header]\nx = 'y'\n");
  EXPECT_TRUE(contains(find("example.org/app").warning, "\"header\" in ")) << find("example.org/app").warning;
}

TEST(FuzzReplay, RegistriesConf) {
  std::vector<std::string> seeds;
  for (const ConfCase& each : kConfCases) seeds.push_back(each.conf);
  fuzz::replay(seeds, 10000, fuzz::registries_conf);
}

TEST(FuzzReplay, HostsToml) {
  std::vector<std::string> seeds{
      "ca = ['a', 'b']\nclient = [['a', 'b'], ['c', '']]\nserver = 'https://example.org:5000/x/v2'\n[header]\nx = ['y']\n"};
  for (const TomlCase& each : kTomlCases) seeds.push_back(each.toml);
  fuzz::replay(seeds, 10000, fuzz::hosts_toml);
}

// --- skopeo ---

// Which repositories skopeo asks for the manifest, in order, and whether we would. ONE, TWO and MAIN stand for three servers without the
// image.
TEST_F(HostsTest, SkopeoAsksWhereWeDo) {
  if (!has_tool("skopeo")) GTEST_SKIP() << "skopeo is not installed";
  HttpServer one({.tls = HttpTls{}}), two({.tls = HttpTls{}}), main({.tls = HttpTls{}});
  const std::string digest = kDigest;
  struct Case {
    std::string conf, reference;
  };
  const std::string insecure = "insecure = true\n";
  const Case cases[] = {
      {"[[registry]]\nlocation = 'MAIN'\n" + insecure, "MAIN/team/app:1"},
      {"[[registry]]\nprefix = 'example.org'\nlocation = 'MAIN/x'\n" + insecure, "example.org/team/app:1"},
      {"[[registry]]\nprefix = 'example.org/team'\nlocation = 'MAIN'\n" + insecure + "[[registry.mirror]]\nlocation = 'ONE/m'\n" +
           insecure + "[[registry.mirror]]\nlocation = 'TWO'\n" + insecure,
       "example.org/team/app:1"},
      {"[[registry]]\nprefix = 'example.org'\nlocation = 'MAIN/short'\n" + insecure +
           "[[registry]]\nprefix = 'example.org/team/app'\nlocation = 'MAIN/long'\n" + insecure,
       "example.org/team/app/x:1"},
      {"[[registry]]\nprefix = 'example.org'\nlocation = 'MAIN/short'\n" + insecure +
           "[[registry]]\nprefix = 'example.org/team/ap'\nlocation = 'MAIN/long'\n" + insecure,
       "example.org/team/app:1"},
      {"[[registry]]\nprefix = '*.example.org'\nlocation = 'MAIN/all'\n" + insecure + "[[registry.mirror]]\nlocation = 'ONE'\n" + insecure,
       "a.b.example.org/team/app:1"},
      {"[[registry]]\nprefix = 'example.org'\nlocation = 'MAIN'\n" + insecure +
           "[[registry.mirror]]\nlocation = 'ONE/d'\npull-from-mirror = 'digest-only'\n" + insecure +
           "[[registry.mirror]]\nlocation = 'TWO/t'\npull-from-mirror = 'tag-only'\n" + insecure,
       "example.org/app:1"},
      {"[[registry]]\nprefix = 'example.org'\nlocation = 'MAIN'\n" + insecure +
           "[[registry.mirror]]\nlocation = 'ONE/d'\npull-from-mirror = 'digest-only'\n" + insecure +
           "[[registry.mirror]]\nlocation = 'TWO/t'\npull-from-mirror = 'tag-only'\n" + insecure,
       "example.org/app" + digest},
      {"[[registry]]\nprefix = 'example.org'\nlocation = 'MAIN'\nmirror-by-digest-only = true\n" + insecure +
           "[[registry.mirror]]\nlocation = 'ONE/d'\n" + insecure,
       "example.org/app" + digest},
      {"[[registry]]\nprefix = 'example.org'\nlocation = 'MAIN'\nmirror-by-digest-only = true\n" + insecure +
           "[[registry.mirror]]\nlocation = 'ONE/d'\n" + insecure,
       "example.org/app:1"},
      {"[[registry]]\nprefix = 'example.org'\nlocation = 'MAIN/1'\n" + insecure +
           "[[registry]]\nprefix = 'example.org'\nlocation = 'MAIN/2'\n" + insecure,
       "example.org/app:1"},
      {"[[registry]]\nlocation = 'docker.io'\n[[registry.mirror]]\nlocation = 'ONE/hub'\n" + insecure +
           "[[registry]]\nprefix = 'docker.io/library'\nlocation = 'MAIN/lib'\n" + insecure,
       "docker.io/nginx:1"},
  };
  std::vector<std::string> asked;
  std::mutex mutex;
  for (HttpServer* server : {&one, &two, &main}) {
    server->open_rest([&, host = server->host()](const HttpSeen& seen) {
      const bool ping = seen.path == "/v2/";
      if (const std::size_t at = seen.path.find("/manifests/"); at != std::string::npos) {
        const std::lock_guard lock(mutex);
        asked.push_back(host + seen.path.substr(0, at));
      }
      return HttpPlan{.answer = [ping](const HttpSeen&) { return HttpAnswer{.status = ping ? 200 : 404, .body = "{}"}; }};
    });
  }
  for (const Case& each : cases) {
    const auto filled = [&](std::string text) {
      for (const auto& [word, server] : {std::pair{"ONE", &one}, {"TWO", &two}, {"MAIN", &main}}) {
        for (std::size_t at; (at = text.find(word)) != std::string::npos;) text.replace(at, std::string_view(word).size(), server->host());
      }
      return text;
    };
    home.write("home/.config/containers/registries.conf", filled(each.conf));
    asked.clear();
    home.run({"skopeo", "inspect", "--raw", "docker://" + filled(each.reference)});
    std::vector<std::string> ours;
    const oci::Reference reference = oci::Reference::parse(filled(each.reference));
    for (const Endpoint& endpoint : registry::endpoints_of(reference, options()).reading) {
      if (endpoint.digests_only && reference.digest.empty()) continue;
      ours.push_back(fmt::format("{}{}/{}", endpoint.host, endpoint.path, endpoint.repository));
    }
    EXPECT_EQ(join(asked, "\n"), join(ours, "\n")) << filled(each.conf) << each.reference;
  }
  // And it refuses what we refuse.
  home.write("home/.config/containers/registries.conf", "[[registry]]\nlocation = '" + main.host() + "'\nblocked = true\n");
  EXPECT_NE(home.run({"skopeo", "inspect", "--raw", "docker://" + main.host() + "/app:1"}).exit_code, 0);
  EXPECT_EQ(error_of([&] { find(main.host() + "/app:1"); }).kind(), ErrorKind::refused);
}

}  // namespace
}  // namespace resole::test
