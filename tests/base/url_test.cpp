// SPDX-License-Identifier: Apache-2.0
#include "base/url.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace resole {
namespace RESOLE_TEST_FILE {

TEST(Url, Parts) {
  const Url url = Url::parse("HTTPS://Mirror.Example.org:8443/debian/pool?x=1");
  EXPECT_EQ(url.text(), "HTTPS://Mirror.Example.org:8443/debian/pool?x=1");
  EXPECT_EQ(url.scheme(), "https");
  EXPECT_EQ(url.host(), "mirror.example.org");
  EXPECT_EQ(url.port(), 8443);
  EXPECT_EQ(url.path(), "/debian/pool");
  EXPECT_EQ(url.origin(), "https://mirror.example.org:8443");
  EXPECT_EQ(Url::parse("http://example.org").path(), "/");
  EXPECT_EQ(Url::parse("http://example.org").port(), 80);
  EXPECT_EQ(Url::parse("https://example.org:").port(), 443);
  EXPECT_EQ(Url::parse("http://[2001:db8::1]:5000/v2/").host(), "2001:db8::1");
  EXPECT_EQ(Url::parse("http://[2001:db8::1]:5000/v2/").origin(), "http://[2001:db8::1]:5000");
  EXPECT_EQ(Url::parse("http://1.2.3.4.example.org/x").origin(), "http://1.2.3.4.example.org:80") << "and not that of 1.2.3.4";
  EXPECT_EQ(Url::parse("http://1.2.3.4.example.org/x").path(), "/x");
  EXPECT_EQ(Url::parse("http://1.2.3.4.example.org:8080").origin(), "http://1.2.3.4.example.org:8080");
  EXPECT_FALSE(Url::try_parse("http://1.2.3.4.example.org:80x/"));
  EXPECT_FALSE(Url::try_parse("http://1.2.3.4@example.org:80x/"));
  const Url file = Url::parse("file:///var/mirror/debian");
  EXPECT_EQ(file.host(), "");
  EXPECT_EQ(file.path(), "/var/mirror/debian");
  EXPECT_EQ(file.port(), 0);
}

TEST(Url, RefusesWhatIsNone) {
  for (const char* bad :
       {"", "example.org/debian", "/debian", "http://", "http:///debian", "http://exa mple.org/", "http://example.org/a b",
         "http://example.org:99999/", "http://example.org:0/", "http://[::1/", "http://example.org:80x/", "http://example.org:x", "http://example.org/\n", "//example.org/x"}) {
    EXPECT_FALSE(Url::try_parse(bad)) << bad;
    EXPECT_THROW(Url::parse(bad), Error) << bad;
  }
}

TEST(Url, ShownHasNoSecrets) {
  EXPECT_EQ(Url::parse("https://bob:secret@example.org/x?token=abc&flag&sig=d%20e#part").shown(),
            "https://example.org/x?token=...&flag&sig=...");
  EXPECT_EQ(Url::parse("https://example.org/x").shown(), "https://example.org/x");
  try {
    Url::parse("https://bob:secret@exa mple.org/");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).find("secret"), std::string::npos);
  }
}

TEST(Url, PublicFormHasNoSecretsAtAll) {
  EXPECT_EQ(public_url("https://bob:secret@example.org:8443/debian?token=abc#part"), "https://example.org:8443/debian");
  EXPECT_EQ(public_url("https://bob:sec@ret@example.org").find("ret"), std::string::npos);
  EXPECT_EQ(public_url("https://example.org/a@b/"), "https://example.org/a@b/");
  EXPECT_EQ(public_url("http://bob:se/cret@example.org/"), "http:...") << "which part is the password is anyone's guess";
  EXPECT_EQ(public_url("http://bob:secret@exa mple.org/"), "http:...");
  EXPECT_EQ(public_url("file:/srv/mirror"), "file:/srv/mirror");
  EXPECT_EQ(public_url("bob"), "");
}

TEST(Url, Join) {
  const Url base = Url::parse("http://example.org/debian");
  EXPECT_EQ(base.join("dists/bookworm/InRelease").text(), "http://example.org/debian/dists/bookworm/InRelease");
  EXPECT_EQ(Url::parse("http://example.org/debian/").join("/pool/x").text(), "http://example.org/debian/pool/x");
  // As `apt-get --print-uris` writes names.
  EXPECT_EQ(base.join("pool/c/c++_1%3a2~b.deb").text(), "http://example.org/debian/pool/c/c%2b%2b_1%253a2%7eb.deb");
  EXPECT_EQ(base.join("pool/a:b,c;d@e!f$g(h)*i\xc3\xa9.deb").text(), "http://example.org/debian/pool/a:b,c;d@e!f$g(h)*i%c3%a9.deb");
  EXPECT_EQ(base.join("a b?c#d%zz").text(), "http://example.org/debian/a%20b%3fc%23d%25zz");
  EXPECT_EQ(Url::parse("https://example.org/debian?sig=1#x").join("pool/x").text(), "https://example.org/debian/pool/x?sig=1");
  for (const char* bad : {"../x", "a/../../x", "..", "a/%2e%2E/b", ".%2e/x"}) EXPECT_THROW(base.join(bad), Error) << bad;
  EXPECT_EQ(base.join("a..b/...").path(), "/debian/a..b/...");
}

TEST(Url, ResolveFollowsRfc3986) {
  const Url base = Url::parse("http://a/b/c/d;p?q");
  const std::vector<std::pair<std::string, std::string>> examples = {{"g:h", "g:h"},
                                                                     {"g", "http://a/b/c/g"},
                                                                     {"/g", "http://a/g"},
                                                                     {"//g", "http://g"},
                                                                     {"?y", "http://a/b/c/d;p?y"},
                                                                     {"../g", "http://a/b/g"},
                                                                     {"../../../g", "http://a/g"},
                                                                     {"https://example.org/x", "https://example.org/x"}};
  for (const auto& [reference, expected] : examples) EXPECT_EQ(base.resolve(reference).text(), expected) << reference;
  EXPECT_THROW(base.resolve("http://exa mple/"), Error);
}

TEST(Url, PrivateAddresses) {
  for (const char* host : {"localhost",
                           "LOCALHOST",
                           "localhost.",
                           "db.localhost",
                           "127.0.0.1",
                           "127.255.0.1",
                           "10.1.2.3",
                           "172.16.0.1",
                           "172.31.255.255",
                           "192.168.1.1",
                           "169.254.169.254",
                           "100.64.0.1",
                           "0.0.0.0",
                           "224.0.0.1",
                           "255.255.255.255",
                           "[::1]",
                           "[::]",
                           "[fe80::1]",
                           "[fc00::1]",
                           "[fd12::1]",
                           "[ff02::1]",
                           "[::ffff:127.0.0.1]",
                           "[::ffff:10.0.0.1]",
                           "[64:ff9b::7f00:1]",
                           "[2002:7f00:1::]",
                           "127.1",
                           "2130706433",
                           "0x7f000001",
                           "0x7f.1",
                           "0177.0.0.1",
                           "[::7f00:1]"}) {
    EXPECT_TRUE(Url::parse(std::string("http://") + host + "/").is_private_address()) << host;
  }
  EXPECT_TRUE(Url::parse("http://8.8.8.8.localhost/").is_private_address());
  EXPECT_TRUE(Url::parse("http://127.0.0.1./").is_private_address());
  EXPECT_EQ(Url::parse("http://10.0.0.5.example.org/").host(), "10.0.0.5.example.org");
  for (const char* host : {"example.org", "8.8.8.8", "8.8.8.8.example.org", "172.32.0.1", "172.15.0.1", "192.167.1.1", "11.0.0.1", "[2600::1]",
                           "[64:ff9b::808:808]", "localhost.example.org", "0x.example.org", "10.example.org", "[::ffff:8.8.8.8]"}) {
    EXPECT_FALSE(Url::parse(std::string("http://") + host + "/").is_private_address()) << host;
  }
}

}  // namespace
}  // namespace resole
