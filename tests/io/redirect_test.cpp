// SPDX-License-Identifier: Apache-2.0
#include "io/fetching.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

class RedirectTest : public FetchingTest {
 protected:
  static HttpAnswer to(const std::string& location, int status = 302) {
    return {.status = status, .body = "moved", .fields = {{"Location", location}}};
  }
};

TEST_F(RedirectTest, RelativeAndAbsolute) {
  server.file("/pool/a", "body");
  for (const int status : {301, 302, 303, 307, 308}) {
    const std::string path = "/r" + std::to_string(status);
    server.script(path, {to(status % 2 == 0 ? "pool/a" : server.url("/pool/a"), status)});
    EXPECT_EQ(fetcher().fetch({.url = server.url(path), .what = path}).bytes(), "body") << status;
  }
  EXPECT_EQ(server.connections(), 1u);
}

TEST_F(RedirectTest, FiveAreFollowedSixAreNot) {
  for (int i = 0; i < 6; ++i) server.script("/" + std::to_string(i), {to("/" + std::to_string(i + 1))});
  server.file("/6", "end");
  EXPECT_EQ(fetcher().fetch(unknown("/1")).bytes(), "end");
  const Error error = error_of([&] { fetcher().fetch(unknown("/0")); });
  EXPECT_EQ(error.kind(), ErrorKind::network);
  EXPECT_TRUE(contains(error.message(), "redirects")) << error.message();
}

TEST_F(RedirectTest, Loop) {
  server.script("/a", {to("/b")});
  server.script("/b", {to("/a")});
  EXPECT_EQ(error_of([&] { fetcher().fetch(known("/a", "x")); }).kind(), ErrorKind::network);
  EXPECT_LE(server.seen().size(), 6u);
}

TEST_F(RedirectTest, CredentialsStayWithTheirOrigin) {
  HttpServer other;
  options.allowed_private_hosts.push_back(other.host());
  other.file("/there", "body");
  server.file("/here", "body");
  server.script("/same", {to("/here")});
  server.script("/away", {to("http://spy:spy@" + other.host() + "/there")});
  const auto with_password = [&](const std::string& path) {
    return Resource{.url = "http://user:p%40ss@" + server.host() + path, .what = "file"};
  };
  EXPECT_EQ(fetcher().fetch(with_password("/same")).bytes(), "body");
  EXPECT_EQ(server.seen("/same").front().fields.at("authorization"), "Basic dXNlcjpwQHNz");  // user:p@ss
  EXPECT_EQ(server.seen("/here").front().fields.at("authorization"), "Basic dXNlcjpwQHNz");
  EXPECT_EQ(fetcher().fetch(with_password("/away")).bytes(), "body");
  EXPECT_FALSE(other.seen("/there").front().has("authorization"));
}

TEST_F(RedirectTest, OtherSchemesAreNotFollowed) {
  server.script("/file", {to("file:///etc/passwd")});
  server.script("/ftp", {to("ftp://example.org/x")});
  server.script("/nonsense", {to("http://")});
  for (const char* path : {"/file", "/ftp"})
    EXPECT_EQ(error_of([&] { fetcher().fetch(unknown(path)); }).kind(), ErrorKind::network) << path;
  EXPECT_THROW(fetcher().fetch(unknown("/nonsense")), Error);
}

TEST_F(RedirectTest, PrivateAddressesAreRefused) {
  server.script("/metadata", {to("http://169.254.169.254/latest/meta-data")});
  const Error error = error_of([&] { fetcher().fetch(unknown("/metadata")); });
  EXPECT_EQ(error.kind(), ErrorKind::refused);
  EXPECT_TRUE(contains(error.message(), "169.254.169.254")) << error.message();
  EXPECT_FALSE(error.hint().empty());
}

// The other server listens on loopback too, but only the first one's host and port were named.
TEST_F(RedirectTest, AnotherPortIsAnotherHost) {
  HttpServer other;
  other.file("/x", "secret");
  server.script("/a", {to(other.url("/x"))});
  EXPECT_EQ(error_of([&] { fetcher().fetch(unknown("/a")); }).kind(), ErrorKind::refused);
  EXPECT_TRUE(other.seen().empty());
}

// Names that resolve to a private address are caught when the socket is opened.
TEST_F(RedirectTest, NamesAreCheckedAfterResolution) {
  server.file("/a", "body");
  for (const std::string host : {"localhost", "127.1", "2130706433", "0x7f.0.0.1"}) {
    const Error error = error_of([&] { fetcher().fetch({.url = "http://" + host + ":" + std::to_string(server.port()) + "/a"}); });
    EXPECT_EQ(error.kind(), ErrorKind::refused) << host << ": " << error.message();
  }
  EXPECT_TRUE(server.seen().empty());
}

TEST_F(RedirectTest, NamedHostsAreAllowedWithAndWithoutPort) {
  server.file("/a", "body");
  options.allowed_private_hosts = {"LocalHost"};
  EXPECT_EQ(make()->fetch({.url = "http://localhost:" + std::to_string(server.port()) + "/a"}).bytes(), "body");
  options.allowed_private_hosts = {"localhost:1"};
  EXPECT_EQ(error_of([&] { make()->fetch({.url = "http://localhost:" + std::to_string(server.port()) + "/a"}); }).kind(),
            ErrorKind::refused);
}

TEST_F(RedirectTest, TheOperatorsProxyMayBePrivate) {
  options.allowed_private_hosts.clear();
  server.handle("http://deb.example.org/a", [](const HttpSeen&) { return HttpAnswer{.body = "through the proxy"}; });
  setenv("http_proxy", ("http://" + server.host()).c_str(), 1);
  const auto proxied = make();
  EXPECT_EQ(proxied->fetch({.url = "http://deb.example.org/a"}).bytes(), "through the proxy");
  // What the proxy would connect to is judged by its name, there is nothing else.
  EXPECT_EQ(error_of([&] { proxied->fetch({.url = "http://10.0.0.1/a"}); }).kind(), ErrorKind::refused);
  EXPECT_EQ(error_of([&] { proxied->fetch({.url = "http://localhost/a"}); }).kind(), ErrorKind::refused);
  unsetenv("http_proxy");
}

}  // namespace
}  // namespace resole::test
