// SPDX-License-Identifier: Apache-2.0
// The test server: what tests of clients rest on. curl is the oracle for TLS.
#include "support/http_server.hpp"

#include <gtest/gtest.h>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "io/files.hpp"
#include "io/process.hpp"
#include "support/plain_client.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

PlainAnswer ask(const HttpServer& server, std::string_view text) { return exchange(connected_to(server.port()), text); }
PlainAnswer ask(const HttpServer& server, const PlainRequest& request) { return ask(server, text_of(request, server.host())); }

HttpAnswer echo(const HttpSeen& request) { return {.body = request.method + " " + request.body, .close = true}; }

TEST(HttpServer, ReadsBodiesOfBothFramings) {
  HttpServer server;
  server.handle("/echo", echo);
  EXPECT_EQ(ask(server, {.method = "PUT", .target = "/echo", .body = "abc"}).body, "PUT abc");
  const std::string chunked =
      "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: 1\r\n\r\n";
  EXPECT_EQ(ask(server, chunked).body, "POST abc0123456789");
  EXPECT_EQ(server.seen("/echo").at(1).body_size, 13u);
  EXPECT_TRUE(server.seen("/echo").at(1).body_whole);
}

TEST(HttpServer, KeepsOnlyTheBeginningOfLongBodies) {
  HttpServer server({.keep_body = 4});
  server.handle("/echo", echo);
  EXPECT_EQ(ask(server, {.method = "PUT", .target = "/echo", .body = "0123456789"}).body, "PUT 0123");
  EXPECT_EQ(server.seen().at(0).body_size, 10u);
}

TEST(HttpServer, HandsBigBodiesToASink) {
  HttpServer server;
  Hasher hasher(Algorithm::sha256);
  std::uint64_t size = 0;
  server.open("/up", [&](const HttpSeen&) {
    return HttpPlan{.answer = [](const HttpSeen&) { return HttpAnswer{.status = 201, .close = true}; },
                    .sink =
                        [&](std::string_view piece) {
                          hasher.update(piece);
                          size += piece.size();
                          return true;
                        }};
  });
  const std::string body(5'000'000, 'x');
  EXPECT_EQ(ask(server, {.method = "PATCH", .target = "/up", .fields = {"Expect: 100-continue"}, .body = body}).status, 201);
  EXPECT_EQ(size, body.size());
  EXPECT_EQ(Digest::sha256(hasher.finish_sha256()), Digest::of(body));
  EXPECT_TRUE(server.seen().at(0).body.empty());
}

TEST(HttpServer, CutsARequest) {
  HttpServer server;
  bool answered = false, broken = false;
  server.open("/up", [&](const HttpSeen&) {
    return HttpPlan{.answer = [&](const HttpSeen&) { return answered = true, HttpAnswer{}; },
                    .cut_after = 1000,
                    .broken = [&](const HttpSeen& seen) { broken = seen.body_size == 1000; }};
  });
  const PlainAnswer answer = ask(server, {.method = "PUT", .target = "/up", .body = std::string(3'000'000, 'x')});
  EXPECT_EQ(answer.status, 0);
  EXPECT_TRUE(answer.reset);
  EXPECT_TRUE(broken);
  EXPECT_FALSE(answered);
  EXPECT_EQ(server.seen().at(0).status, 0);
}

TEST(HttpServer, AnswersBeforeTheBody) {
  HttpServer server;
  server.open("/up", [](const HttpSeen&) {
    return HttpPlan{.answer = [](const HttpSeen& seen) { return HttpAnswer{.status = 401, .body = std::to_string(seen.body_size)}; },
                    .answer_first = true};
  });
  const PlainAnswer answer = ask(server, "PUT /up HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 9000000\r\n\r\n");
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(answer.body, "0");
}

TEST(HttpServer, AnswersTwiceOrNeverOrWithoutABody) {
  HttpServer server;
  server.script("/twice", {{.body = "x", .duplicate = true, .close = true}});
  server.script("/never", {{.silent = true}});
  server.script("/reset", {{.silent = true, .reset = true}});
  server.script("/chunked", {{.body = "abc", .chunked = true, .close = true}});
  server.script("/broken", {{.body = "abc", .cut_after = 2, .chunked = true}});
  EXPECT_NE(ask(server, {.target = "/twice"}).body.find("HTTP/1.1 200"), std::string::npos);
  const PlainAnswer never = ask(server, {.target = "/never"});
  EXPECT_EQ(never.status, 0);
  EXPECT_FALSE(never.reset);
  EXPECT_TRUE(ask(server, {.target = "/reset"}).reset);
  EXPECT_EQ(ask(server, {.target = "/chunked"}).body, "3\r\nabc\r\n0\r\n\r\n");
  EXPECT_EQ(ask(server, {.target = "/broken"}).body, "2\r\nab\r\n");
}

TEST(HttpServer, AnswersHeadWithTheLengthOnly) {
  HttpServer server;
  server.script("/a", {{.body = "hello", .close = true}});
  const PlainAnswer answer = ask(server, {.method = "HEAD", .target = "/a"});
  EXPECT_EQ(answer.field("Content-Length"), "5");
  EXPECT_EQ(answer.body, "");
}

TEST(HttpServer, ServesRangesOfGeneratedContent) {
  HttpServer server;
  const HttpContent content{.size = 1'000'000, .read = [](std::uint64_t offset, char* out, std::size_t count) {
                              for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<char>('a' + (offset + i) % 26);
                            }};
  server.script("/big", {{.content = content, .close = true}});
  EXPECT_EQ(ask(server, {.target = "/big"}).body.size(), 1'000'000u);
  EXPECT_EQ(ask(server, {.target = "/big", .fields = {"Range: bytes=26-28"}}).body, "abc");
  EXPECT_EQ(ask(server, {.target = "/big", .fields = {"Range: bytes=-2"}}).field("Content-Range"), "bytes 999998-999999/1000000");
  EXPECT_EQ(ask(server, {.target = "/big", .fields = {"Range: bytes=1000000-"}}).status, 416);
  EXPECT_EQ(ask(server, {.target = "/big", .fields = {"Range: lines=1-2"}}).status, 200);
}

TEST(HttpServer, ListensOnAUnixSocket) {
  const io::TemporaryDirectory folder;
  const std::string path = (folder.path() / "socket").native();
  HttpServer server({.unix_socket = path});
  server.script("/a", {{.body = "hello", .close = true}});
  EXPECT_EQ(exchange(connected_to(path), text_of({.target = "/a"}, server.host())).body, "hello");
  EXPECT_EQ(server.url("/a"), "http://localhost/a");
}

io::ProcessResult curl(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"curl", "-sS", "--noproxy", "*"});
  return io::run_process({.arguments = std::move(arguments), .environment = {}, .directory = {}, .input = {}});
}

bool has_curl() {
  try {
    return curl({"--version"}).exit_code == 0;
  } catch (const Error&) {
    return false;
  }
}

TEST(HttpServer, TurnsTlsClientsAwayAtOnceWithoutTls) {
  if (!has_curl()) GTEST_SKIP() << "curl is not installed";
  HttpServer server;
  const io::ProcessResult result = curl({"--max-time", "5", "-k", "https://" + server.host() + "/"});
  EXPECT_EQ(result.exit_code, 35) << result.err;  // not 28, a timeout
  EXPECT_TRUE(server.seen().empty());
}

TEST(HttpServer, SpeaksTls) {
  if (!has_curl()) GTEST_SKIP() << "curl is not installed";
  HttpServer server({.tls = HttpTls{}});
  server.file("/a", "hello");
  EXPECT_EQ(curl({"--cacert", server.ca_file(), server.url("/a")}).out, "hello");
  EXPECT_EQ(curl({server.url("/a")}).exit_code, 60);  // the authority is unknown
  EXPECT_NE(curl({"http://" + server.host() + "/a"}).out.find("HTTP request to an HTTPS server"), std::string::npos);
  EXPECT_EQ(server.seen().size(), 1u);
}

TEST(HttpServer, ChecksClientCertificates) {
  if (!has_curl()) GTEST_SKIP() << "curl is not installed";
  HttpServer server({.tls = HttpTls{.client_certificate = true}});
  server.handle("/who", [](const HttpSeen& request) { return HttpAnswer{.body = request.client_name}; });
  const CertificateFiles own = server.client_certificate();
  EXPECT_EQ(curl({"--cacert", server.ca_file(), "--cert", own.certificate, "--key", own.key, server.url("/who")}).out, "client");
  EXPECT_NE(curl({"--cacert", server.ca_file(), server.url("/who")}).exit_code, 0);
  CertificateAuthority other;
  const CertificateFiles foreign = other.issue({"client"});
  EXPECT_NE(curl({"--cacert", server.ca_file(), "--cert", foreign.certificate, "--key", foreign.key, server.url("/who")}).exit_code, 0);
}

TEST(HttpServer, ShowsBadCertificates) {
  if (!has_curl()) GTEST_SKIP() << "curl is not installed";
  const auto authority = std::make_shared<CertificateAuthority>();
  HttpServer expired({.tls = HttpTls{.days = -1, .authority = authority}}),
      misnamed({.tls = HttpTls{.names = {"elsewhere"}, .authority = authority}});
  EXPECT_EQ(curl({"--cacert", authority->ca_file(), expired.url("/")}).exit_code, 60);
  EXPECT_EQ(curl({"--cacert", authority->ca_file(), misnamed.url("/")}).exit_code, 60);
}

}  // namespace
}  // namespace resole::test
