// SPDX-License-Identifier: Apache-2.0
// TLS options, and connections over a unix socket.
#include "io/requests.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

using namespace io;

class HttpTlsTest : public RequestTest {
 protected:
  HttpTlsTest() { secure.file("/a", "body"); }

  HttpRequest with_ca(const std::string& path, const std::string& method = "GET") {
    HttpRequest request = request_to(secure.url(path), method);
    request.tls.authorities = text_of(secure.ca_file());
    return request;
  }

  static std::string text_of(const std::string& file) { return read_file(file, 1 << 20); }

  static void expect_untrusted(const Answer& answer) {
    EXPECT_EQ(answer.outcome.ending, Ending::failed) << answer.outcome.trouble;
    EXPECT_TRUE(answer.outcome.tls_trouble);
    EXPECT_EQ(answer.status(), 0);
    EXPECT_NE(answer.outcome.trouble, "");
  }

  HttpServer secure{HttpServerOptions{.tls = HttpTls{}, .keep_body = 64u << 20}};
};

TEST_F(HttpTlsTest, Authorities) {
  EXPECT_EQ(sent(client(), with_ca("/a")).body, "body");
  expect_untrusted(sent(client(), request_to(secure.url("/a"))));  // also though a trusted connection is kept
  HttpRequest request = with_ca("/a");
  const HttpServer other({.tls = HttpTls{}});
  request.tls.authorities = text_of(other.ca_file());
  expect_untrusted(sent(client(), request));
  request.tls.authorities = "no certificate at all";
  expect_untrusted(sent(client(), request));
  EXPECT_EQ(secure.seen().size(), 1u);
}

// Those of a request are added: to each other, and to the system's.
TEST_F(HttpTlsTest, AuthoritiesAreAdded) {
  HttpServer second({.tls = HttpTls{}}), of_the_system({.tls = HttpTls{}});
  second.file("/a", "second");
  of_the_system.file("/a", "system");
  options.system_authorities = of_the_system.ca_file();
  const std::string both = text_of(secure.ca_file()) + text_of(second.ca_file());
  for (const auto& [place, body] : {std::pair(&secure, "body"), std::pair(&second, "second"), std::pair(&of_the_system, "system")}) {
    HttpRequest request = request_to(place->url("/a"));
    request.tls.authorities = both;
    EXPECT_EQ(sent(client(), request).body, body);
  }
  EXPECT_EQ(sent(client(), request_to(of_the_system.url("/a"))).body, "system");
  expect_untrusted(sent(client(), request_to(second.url("/a"))));
}

TEST_F(HttpTlsTest, NamesAndDates) {
  auto authority = std::make_shared<CertificateAuthority>();
  HttpServer misnamed({.tls = HttpTls{.names = {"registry.example.org"}, .authority = authority}});
  HttpServer expired({.tls = HttpTls{.days = -1, .authority = authority}});
  for (HttpServer* bad : {&misnamed, &expired}) {
    bad->file("/a", "body");
    HttpRequest request = request_to(bad->url("/a"));
    request.tls.authorities = text_of(authority->ca_file());
    expect_untrusted(sent(client(), request));
    EXPECT_TRUE(bad->seen().empty());
    request.tls = {.verify = false};
    EXPECT_EQ(sent(client(), request).body, "body");
  }
  HttpRequest verifying = request_to(misnamed.url("/a"));
  expect_untrusted(sent(client(), verifying));  // the unverified connection is not taken
}

TEST_F(HttpTlsTest, ClientCertificate) {
  HttpServer choosy({.tls = HttpTls{.client_certificate = true}});
  choosy.file("/a", "body");
  HttpRequest request = request_to(choosy.url("/a"));
  request.tls.authorities = text_of(choosy.ca_file());
  EXPECT_NE(sent(client(), request).outcome.ending, Ending::complete);
  const CertificateFiles files = choosy.client_certificate();
  request.tls.client_cert = files.certificate;
  request.tls.client_key = files.key;
  EXPECT_EQ(sent(client(), request).body, "body");
  ASSERT_EQ(choosy.seen().size(), 1u);
  EXPECT_NE(choosy.seen().front().client_name, "");
  request.tls.client_key = "/nonexistent/key.pem";
  HttpClient another(options);
  expect_untrusted(sent(another, request));
}

TEST_F(HttpTlsTest, UploadsAndStreams) {
  const std::string bytes = noise(20 << 20);
  secure.file("/from", bytes);
  secure.file("/to", "");
  HttpRequest request = with_ca("/to", "PUT");
  request.body = HttpBody{[&] { return client().stream(with_ca("/from")); }, bytes.size()};
  EXPECT_EQ(sent(client(), request).status(), 200);
  EXPECT_TRUE(secure.seen("/to").back().body == bytes);
}

TEST_F(HttpTlsTest, EarlyAnswer) {
  const std::string bytes = noise(20 << 20);
  const auto refuse = [](const HttpSeen&) { return HttpAnswer{.status = 413, .body = "too much"}; };
  secure.open("/to", [refuse](const HttpSeen&) { return HttpPlan{.answer = refuse, .answer_first = true}; });
  for (int i = 0; i < 10; ++i) {
    HttpRequest request = with_ca("/to", "PUT");
    request.body = body_of(bytes);
    const Answer answer = sent(client(), request);
    ASSERT_EQ(answer.status(), 413) << i << ": " << answer.outcome.trouble;
    EXPECT_EQ(answer.body, "too much");
  }
}

// A server that does not even read what is on its way resets the connection, now and then before its answer was read: no TLS library gives
// out what came before a reset. Another attempt is allowed then.
TEST_F(HttpTlsTest, EarlyAnswerAndReset) {
  const std::string bytes = noise(20 << 20);
  const auto refuse = [](const HttpSeen&) { return HttpAnswer{.status = 413, .close = true}; };
  secure.open("/to", [refuse](const HttpSeen&) { return HttpPlan{.answer = refuse, .answer_first = true}; });
  int answered = 0;
  for (int i = 0; i < 20; ++i) {
    HttpRequest request = with_ca("/to", "PUT");
    request.body = body_of(bytes);
    const Answer answer = sent(client(), request);
    answered += answer.status() == 413 ? 1 : 0;
    EXPECT_TRUE(answer.status() == 413 || answer.outcome.ending == Ending::interrupted) << answer.status();
  }
  EXPECT_GT(answered, 0);
}

TEST_F(HttpTlsTest, ServerWithoutTls) {
  options.connect_timeout = 0.2;  // this one waits for the end of the head
  const Answer answer = sent(client(), request_to("https://" + server.host() + "/a"));
  EXPECT_EQ(answer.outcome.ending, Ending::interrupted);
  EXPECT_TRUE(answer.outcome.tls_trouble) << answer.outcome.trouble;
}

// Another port of the host keeps them, another host does not, though its certificate is of the same authority.
TEST_F(HttpTlsTest, OptionsStayWithTheHost) {
  auto authority = std::make_shared<CertificateAuthority>();
  HttpServer first({.tls = HttpTls{.authority = authority}}), second({.tls = HttpTls{.authority = authority}});
  second.file("/a", "body");
  first.script("/port", {{.status = 307, .fields = {{"Location", second.url("/a")}}}});
  const std::string elsewhere = "https://localhost:" + std::to_string(second.port()) + "/a";
  first.script("/host", {{.status = 307, .fields = {{"Location", elsewhere}}}});
  options.allowed_private_hosts = {"localhost"};
  for (const TlsOptions& tls : {TlsOptions{.authorities = text_of(authority->ca_file())}, TlsOptions{.verify = false}}) {
    HttpRequest request = request_to(first.url("/port"));
    request.tls = tls;
    EXPECT_EQ(sent(client(), request).body, "body");
    request.url = Url::parse(first.url("/host"));
    expect_untrusted(sent(client(), request));
  }
}

TEST_F(HttpTlsTest, FromHttpsToHttpIsRefused) {
  server.file("/a", "plain");
  secure.script("/down", {{.status = 302, .fields = {{"Location", server.url("/a")}}}});
  EXPECT_EQ(error_of([&] { sent(client(), with_ca("/down")); }).kind(), ErrorKind::network);
  EXPECT_TRUE(server.seen().empty());
}

class UnixSocketTest : public RequestTest {
 protected:
  HttpRequest over_socket(const std::string& path, const std::string& method = "GET") {
    HttpRequest request{.url = Url::parse("http://localhost" + path), .method = method};
    request.unix_socket = socket;
    return request;
  }

  TemporaryDirectory directory;
  std::string socket = directory.path() / "engine.sock";
  HttpServer engine{HttpServerOptions{.unix_socket = socket, .keep_body = 64u << 20}};
};

TEST_F(UnixSocketTest, Requests) {
  const std::string bytes = noise(5 << 20);
  engine.file("/a", bytes);
  EXPECT_TRUE(sent(client(), over_socket("/a")).body == bytes);
  EXPECT_EQ(engine.seen().back().field("host"), "localhost");
  HttpRequest upload = over_socket("/a", "POST");
  upload.body = body_of(bytes);
  EXPECT_EQ(sent(client(), upload).status(), 200);
  EXPECT_TRUE(engine.seen().back().body == bytes);
  EXPECT_TRUE(rest_of(*client().stream(over_socket("/a"))) == bytes);
}

// The environment's proxy is not for sockets.
TEST_F(UnixSocketTest, NoProxy) {
  options.environment = [&](const char* name) { return std::string(name) == "http_proxy" ? server.url("") : std::string(); };
  engine.file("/a", "body");
  EXPECT_EQ(sent(client(), over_socket("/a")).body, "body");
  EXPECT_TRUE(server.seen().empty());
}

TEST_F(UnixSocketTest, RedirectsAreNotFollowed) {
  engine.script("/a", {{.status = 302, .fields = {{"Location", server.url("/b")}}}});
  EXPECT_EQ(sent(client(), over_socket("/a")).status(), 302);
  EXPECT_EQ(client().stream(over_socket("/a"))->head().status, 302);
  EXPECT_TRUE(server.seen().empty());
}

TEST_F(UnixSocketTest, NobodyThere) {
  HttpRequest request = over_socket("/a");
  request.unix_socket = directory.path() / "none.sock";
  const Answer answer = sent(client(), request);
  EXPECT_EQ(answer.outcome.ending, Ending::interrupted);
  EXPECT_NE(answer.outcome.trouble, "");
}

}  // namespace
}  // namespace resole::test
