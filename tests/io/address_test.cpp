// SPDX-License-Identifier: Apache-2.0
#include "io/address.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cstring>
#include <map>

#include "io/proxy.hpp"
#include "io/url_parts.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

using namespace io;

bool is_private(const char* text) {
  sockaddr_storage storage{};
  auto& ipv4 = reinterpret_cast<sockaddr_in&>(storage);
  auto& ipv6 = reinterpret_cast<sockaddr_in6&>(storage);
  if (inet_pton(AF_INET, text, &ipv4.sin_addr) == 1) {
    storage.ss_family = AF_INET;
  } else {
    EXPECT_EQ(inet_pton(AF_INET6, text, &ipv6.sin6_addr), 1) << text;
    storage.ss_family = AF_INET6;
  }
  EXPECT_EQ(address_text(reinterpret_cast<const sockaddr&>(storage)), text);
  return is_private_socket_address(reinterpret_cast<const sockaddr&>(storage));
}

TEST(Address, Private) {
  for (const char* text : {"0.0.0.0",
                           "10.1.2.3",
                           "100.64.0.1",
                           "100.127.255.255",
                           "127.0.0.1",
                           "127.255.0.1",
                           "169.254.169.254",
                           "172.16.0.1",
                           "172.31.255.255",
                           "192.168.0.1",
                           "192.0.0.192",
                           "::",
                           "::1",
                           "fe80::1",
                           "fc00::1",
                           "fd12:3456::1",
                           "fec0::1",
                           "::ffff:127.0.0.1",
                           "64:ff9b::a00:1",
                           "2002:a00:1::1",
                           "64:ff9b:1::1"}) {
    EXPECT_TRUE(is_private(text)) << text;
  }
}

TEST(Address, Public) {
  for (const char* text :
       {"1.1.1.1", "100.63.255.255", "100.128.0.0", "126.0.0.1", "128.0.0.1", "169.253.0.1", "172.15.0.1", "172.32.0.1", "192.0.1.1",
        "192.167.0.1", "203.0.113.5", "198.18.0.1", "2606:4700::1", "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::1"}) {
    EXPECT_FALSE(is_private(text)) << text;
  }
}

TEST(Address, NotAnInternetSocket) {
  sockaddr address{};
  address.sa_family = AF_UNIX;
  EXPECT_TRUE(is_private_socket_address(address));
}

TEST(HostPolicy, NamesHostsAndPorts) {
  const HostPolicy policy({"mirror.internal", "Other.Internal:8080", "[fd00::1]:81", "fd00::2"});
  const auto allows = [&](const char* url) { return policy.allows_private(Url::parse(url)); };
  EXPECT_TRUE(allows("http://mirror.internal/x"));
  EXPECT_TRUE(allows("https://MIRROR.internal:444/x"));
  EXPECT_TRUE(allows("http://other.internal:8080/x"));
  EXPECT_FALSE(allows("http://other.internal/x"));
  EXPECT_FALSE(allows("http://sub.mirror.internal/x"));
  EXPECT_TRUE(allows("http://[fd00::1]:81/"));
  EXPECT_FALSE(allows("http://[fd00::1]/"));
  EXPECT_TRUE(allows("http://[fd00::2]:5000/"));
}

std::string proxy(const char* url, std::map<std::string, std::string> variables) {
  return proxy_for(Url::parse(url), [&](const char* name) { return variables[name]; });
}

TEST(Proxy, ByScheme) {
  EXPECT_EQ(proxy("http://a.example.org/", {}), "");
  EXPECT_EQ(proxy("http://a.example.org/", {{"http_proxy", "http://p:1"}, {"https_proxy", "http://s:1"}}), "http://p:1");
  EXPECT_EQ(proxy("https://a.example.org/", {{"http_proxy", "http://p:1"}, {"HTTPS_PROXY", "http://s:1"}}), "http://s:1");
  EXPECT_EQ(proxy("http://a.example.org/", {{"HTTP_PROXY", "http://evil:1"}}), "");
  EXPECT_EQ(proxy("http://a.example.org/", {{"ALL_PROXY", "socks5h://p:1"}}), "socks5h://p:1");
}

TEST(Proxy, Exemptions) {
  const auto exempt = [](const char* url, const char* list) {
    return proxy(url, {{"http_proxy", "http://p:1"}, {"no_proxy", list}}).empty();
  };
  EXPECT_TRUE(exempt("http://a.example.org/", "*"));
  EXPECT_TRUE(exempt("http://a.example.org/", "x, example.org"));
  EXPECT_TRUE(exempt("http://a.example.org/", ".Example.Org"));
  EXPECT_TRUE(exempt("http://example.org/", ".example.org"));
  EXPECT_FALSE(exempt("http://badexample.org/", "example.org"));
  EXPECT_FALSE(exempt("http://a.example.org/", "example.com b.example.org"));
  EXPECT_TRUE(exempt("http://10.1.2.3/", "10.0.0.0/8"));
  EXPECT_FALSE(exempt("http://11.1.2.3/", "10.0.0.0/8"));
  EXPECT_TRUE(exempt("http://192.168.1.129/", "192.168.1.128/25"));
  EXPECT_FALSE(exempt("http://192.168.1.127/", "192.168.1.128/25"));
  EXPECT_TRUE(exempt("http://10.1.2.3/", "10.1.2.3"));
  EXPECT_TRUE(exempt("http://[fd00::1]/", "fd00::/8"));
  EXPECT_TRUE(exempt("http://[fd00::1]/", "[fd00::1]"));
  EXPECT_FALSE(exempt("http://[fd00::1]/", "10.0.0.0/8"));
  EXPECT_FALSE(exempt("http://10.1.2.3/", "10.0.0.0/99"));
}

TEST(UrlParts, Credentials) {
  const Target none = split_credentials(Url::parse("https://deb.example.org/a@b?c@d"));
  EXPECT_FALSE(none.credentials);
  EXPECT_EQ(none.url.text(), "https://deb.example.org/a@b?c@d");
  const Target both = split_credentials(Url::parse("https://us%3Aer:p%40ss:x@deb.example.org:8443/a"));
  EXPECT_EQ(both.url.text(), "https://deb.example.org:8443/a");
  EXPECT_EQ(both.credentials, (Credentials{"us:er", "p@ss:x"}));
  EXPECT_EQ(split_credentials(Url::parse("https://token@deb.example.org/")).credentials, (Credentials{"token", ""}));
}

TEST(UrlParts, PercentDecoding) {
  EXPECT_EQ(percent_decoded("a%20b%2Fc"), "a b/c");
  EXPECT_EQ(percent_decoded("100%"), "100%");
  EXPECT_EQ(percent_decoded("%zz%2"), "%zz%2");
}

}  // namespace
}  // namespace resole::test
