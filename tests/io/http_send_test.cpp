// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "base/digest.hpp"
#include "io/requests.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

using namespace io;

using HttpSendTest = RequestTest;

const std::string kBig = noise(20 << 20);

TEST_F(HttpSendTest, MethodsAndSizes) {
  const std::string five = noise(5 << 20);
  server.handle("/a", [](const HttpSeen& request) { return HttpAnswer{.status = 201, .body = request.method}; });
  std::size_t count = 0;
  for (const std::string method : {"POST", "PUT", "PATCH"}) {
    for (const std::size_t size : {0u, 1u, 1u << 20, (1u << 20) + 1, 5u << 20}) {
      const std::string_view bytes = std::string_view(five).substr(0, size);
      const Answer answer = sent(client(), upload_to(server.url("/a"), bytes, method));
      EXPECT_EQ(answer.outcome.ending, Ending::complete);
      EXPECT_EQ(answer.status(), 201);
      EXPECT_EQ(answer.body, method);
      const HttpSeen seen = server.seen().back();
      EXPECT_EQ(seen.method, method);
      EXPECT_EQ(seen.field("content-length"), std::to_string(size));
      EXPECT_FALSE(seen.has("expect"));
      EXPECT_FALSE(seen.has("transfer-encoding"));
      EXPECT_FALSE(seen.has("content-type"));
      EXPECT_TRUE(seen.body == bytes) << method << " " << size;
      ++count;
    }
  }
  EXPECT_EQ(server.seen().size(), count);
  EXPECT_EQ(server.connections(), 1u);
}

TEST_F(HttpSendTest, WithoutBody) {
  server.handle("/a", [](const HttpSeen&) { return HttpAnswer{.status = 202}; });
  for (const std::string method : {"POST", "PUT", "PATCH", "DELETE", "GET", "OPTIONS"}) {
    HttpRequest request = request_to(server.url("/a"), method);
    request.fields = {"X-Here: yes"};
    EXPECT_EQ(sent(client(), request).status(), 202);
    const HttpSeen seen = server.seen().back();
    EXPECT_EQ(seen.method, method);
    EXPECT_EQ(seen.field("x-here"), "yes");
    EXPECT_EQ(seen.field("content-length"), method.starts_with('P') ? "0" : "") << method;
  }
}

TEST_F(HttpSendTest, Head) {
  server.file("/a", noise(100000));
  server.script("/moved", {{.status = 307, .fields = {{"Location", "/a"}}}});
  for (const char* path : {"/a", "/moved"}) {
    const Answer answer = sent(client(), request_to(server.url(path), "HEAD"));
    EXPECT_EQ(answer.outcome.ending, Ending::complete);
    EXPECT_EQ(answer.status(), 200);
    EXPECT_EQ(answer.outcome.head.content_length(), 100000u);
    EXPECT_EQ(answer.body, "");
  }
  for (const HttpSeen& seen : server.seen()) EXPECT_EQ(seen.method, "HEAD");
  EXPECT_EQ(server.connections(), 1u);
}

TEST_F(HttpSendTest, SourceInSmallPieces) {
  const std::string bytes = noise(20001);
  server.file("/a", "");
  HttpRequest request = request_to(server.url("/a"), "PATCH");
  request.body = HttpBody{[&] { return std::make_unique<SteppingSource>(bytes, 7); }, bytes.size()};
  EXPECT_EQ(sent(client(), request).status(), 200);
  EXPECT_TRUE(server.seen().back().body == bytes);
}

// A body that is not what was said never looks complete to the server, whatever its size.
TEST_F(HttpSendTest, WrongSizes) {
  const std::string bytes = noise(3 << 20);
  server.file("/a", "");
  for (const std::size_t real : {0u, 1u, 1000u, 1u << 20, 3u << 20}) {
    for (const std::size_t said : {0u, 1u, 999u, 1u << 20, (3u << 20) - 1}) {
      if (real == said) continue;
      HttpRequest request = request_to(server.url("/a"), "PUT");
      request.body = HttpBody{opener_of(std::string_view(bytes).substr(0, real)), said};
      const Error error = error_of([&] { sent(client(), request); });
      EXPECT_EQ(error.kind(), ErrorKind::verification) << error.what();
      EXPECT_TRUE(contains(error.message(), real < said ? "ended after" : "is longer than")) << error.message();
    }
  }
  for (const HttpSeen& seen : server.seen()) EXPECT_FALSE(seen.body_whole) << seen.body_size;
}

TEST_F(HttpSendTest, WrongDigest) {
  const std::string bytes = noise(3 << 20);
  server.file("/a", "");
  HttpRequest request = request_to(server.url("/a"), "PUT");
  request.body = HttpBody{[&] { return verified(source_of(bytes), 3 << 20, Digest::of("else"), "layer"); }, bytes.size()};
  EXPECT_EQ(error_of([&] { sent(client(), request); }).kind(), ErrorKind::verification);
  for (const HttpSeen& seen : server.seen()) EXPECT_FALSE(seen.body_whole);
}

TEST_F(HttpSendTest, BodyThrows) {
  const std::string bytes = noise(5 << 20);
  server.file("/a", "");
  for (const std::size_t at : {0u, 100'000u, 4u << 20}) {
    HttpRequest request = request_to(server.url("/a"), "PUT");
    const auto step = [at](std::size_t done) {
      if (done >= at) throw Error(ErrorKind::input, "the file is gone");
    };
    request.body = HttpBody{[&] { return std::make_unique<SteppingSource>(bytes, 50'000, step); }, bytes.size()};
    EXPECT_EQ(error_of([&] { sent(client(), request); }).message(), "the file is gone");
  }
  for (const HttpSeen& seen : server.seen()) EXPECT_FALSE(seen.body_whole);
  EXPECT_EQ(sent(client(), request_to(server.url("/a"))).status(), 200);
}

// The answer comes before the body was read, and the connection is closed on the rest of it: the answer is what counts.
TEST_F(HttpSendTest, EarlyAnswerAndClosed) {
  for (const int status : {401, 413, 500}) {
    const auto refuse = [status](const HttpSeen&) {
      return HttpAnswer{.status = status, .body = "no", .fields = {{"X-Why", "quota"}}, .close = true};
    };
    server.open("/a", [refuse](const HttpSeen&) { return HttpPlan{.answer = refuse, .answer_first = true}; });
    for (int i = 0; i < 15; ++i) {
      const Answer answer = sent(client(), upload_to(server.url("/a"), kBig));
      ASSERT_EQ(answer.status(), status) << i << ": " << answer.outcome.trouble;
      EXPECT_EQ(answer.outcome.ending, Ending::complete);
      EXPECT_EQ(*answer.outcome.head.field("x-why"), "quota");
      EXPECT_EQ(answer.body, "no");
    }
  }
}

TEST_F(HttpSendTest, EarlyAnswerAndTheRestIsRead) {
  const auto refuse = [](const HttpSeen&) { return HttpAnswer{.status = 401, .body = "who are you?"}; };
  server.open("/a", [refuse](const HttpSeen&) { return HttpPlan{.answer = refuse, .answer_first = true}; });
  std::size_t read = 0;
  HttpRequest request = request_to(server.url("/a"), "PATCH");
  request.body =
      HttpBody{[&] { return std::make_unique<SteppingSource>(kBig, 100'000, [&](std::size_t done) { read = done; }); }, kBig.size()};
  const Answer answer = sent(client(), request);
  EXPECT_EQ(answer.status(), 401);
  EXPECT_EQ(answer.body, "who are you?");
  EXPECT_LT(read, kBig.size());
}

// The body fails because nobody wants it any more.
TEST_F(HttpSendTest, EarlyAnswerAndTheBodyFailsThen) {
  const auto refuse = [](const HttpSeen&) { return HttpAnswer{.status = 413}; };
  server.open("/a", [refuse](const HttpSeen&) { return HttpPlan{.answer = refuse, .answer_first = true}; });
  HttpRequest request = request_to(server.url("/a"), "PUT");
  const auto step = [](std::size_t done) {
    if (done < 1000) return;
    pause(0.2);
    throw Error(ErrorKind::input, "broken");
  };
  request.body = HttpBody{[&] { return std::make_unique<SteppingSource>(kBig, 1000, step); }, kBig.size()};
  EXPECT_EQ(sent(client(), request).status(), 413);
}

// From one repository to another with nothing in between; a single transfer at once is enough.
TEST_F(HttpSendTest, FedByAStreamOfTheSameClient) {
  options.connections = 1;
  server.file("/from", kBig);
  server.file("/to", "");
  for (int i = 0; i < 2; ++i) {
    HttpRequest request = request_to(server.url("/to"), "PUT");
    request.body = HttpBody{[&] { return client().stream(request_to(server.url("/from"))); }, kBig.size()};
    EXPECT_EQ(sent(client(), request).status(), 200);
    EXPECT_TRUE(server.seen("/to").back().body == kBig);
  }
  EXPECT_EQ(server.connections(), 2u);
}

TEST_F(HttpSendTest, TheBodyMaySendRequestsItself) {
  options.connections = 1;
  server.file("/token", "token");
  server.file("/to", "");
  HttpRequest request = request_to(server.url("/to"), "PUT");
  const auto step = [&](std::size_t) { EXPECT_EQ(sent(client(), request_to(server.url("/token"))).body, "token"); };
  request.body = HttpBody{[&] { return std::make_unique<SteppingSource>(kBig, 8 << 20, step); }, kBig.size()};
  EXPECT_EQ(sent(client(), request).status(), 200);
  EXPECT_GT(server.seen("/token").size(), 100u);
}

TEST_F(HttpSendTest, ManyUploadsAtOnce) {
  options.connections = 2;
  server.file("/to", "");
  std::vector<std::jthread> threads;
  for (int i = 0; i < 12; ++i) {
    threads.emplace_back([&, i] {
      const std::string bytes = noise(2 << 20, static_cast<unsigned>(i) + 1);
      EXPECT_EQ(sent(client(), upload_to(server.url("/to"), bytes)).status(), 200);
    });
  }
  client();
  threads.clear();
  std::set<std::string> bodies;
  for (const HttpSeen& seen : server.seen()) bodies.insert(seen.body);
  EXPECT_EQ(bodies.size(), 12u);
  for (int i = 0; i < 12; ++i) EXPECT_TRUE(bodies.contains(noise(2 << 20, static_cast<unsigned>(i) + 1)));
}

// curl begins again by itself when a kept connection is dead, but the first part of the body is spent then.
TEST_F(HttpSendTest, KeptConnectionWasDead) {
  server.file("/a", "");
  unsigned tries = 0, opened = 0;
  server.open("/to", [&](const HttpSeen&) {
    HttpPlan plan{.answer = [](const HttpSeen&) { return HttpAnswer{.status = 201}; }};
    if (tries++ % 2 == 0) plan.cut_after = tries > 2 ? 0 : 100;
    return plan;
  });
  const std::string body(1000, 'x');  // sent at once: a connection that breaks while much is still to be sent is the caller's to decide
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(sent(client(), request_to(server.url("/a"))).status(), 200);
    HttpRequest request = request_to(server.url("/to"), "PUT");
    request.body = HttpBody{[&] {
                              ++opened;
                              return source_of(body);
                            },
                            body.size()};
    const Answer answer = sent(client(), request);
    EXPECT_EQ(answer.status(), 201) << answer.outcome.trouble;
    EXPECT_TRUE(server.seen("/to").back().body == body);
  }
  EXPECT_EQ(opened, 4u);
}

// The server may have taken a part, and would take it twice: that is the caller's to decide.
TEST_F(HttpSendTest, KeptConnectionWasDeadButSendingTwiceMayHarm) {
  server.file("/a", "");
  server.open("/to", [&](const HttpSeen&) { return HttpPlan{.answer = {}, .cut_after = 100'000}; });
  ASSERT_EQ(sent(client(), request_to(server.url("/a"))).status(), 200);
  const Answer answer = sent(client(), upload_to(server.url("/to"), kBig, "PATCH"));
  EXPECT_EQ(answer.outcome.ending, Ending::interrupted);
  EXPECT_EQ(server.seen("/to").size(), 1u);
}

TEST_F(HttpSendTest, ConnectionBreaks) {
  server.open("/to", [](const HttpSeen&) { return HttpPlan{.answer = {}, .cut_after = 100'000}; });
  const Answer answer = sent(client(), upload_to(server.url("/to"), kBig));
  EXPECT_EQ(answer.outcome.ending, Ending::interrupted);
  EXPECT_EQ(answer.status(), 0);
  EXPECT_NE(answer.outcome.trouble, "");
}

TEST_F(HttpSendTest, RedirectsOfBodiesAreTheCallers) {
  server.script("/moved", {{.status = 307, .body = "there", .fields = {{"Location", "/a"}}}});
  for (const std::string method : {"POST", "PUT", "PATCH", "DELETE"}) {
    const Answer answer = sent(client(), request_to(server.url("/moved"), method));
    EXPECT_EQ(answer.status(), 307);
    EXPECT_EQ(*answer.outcome.head.field("location"), "/a");
    EXPECT_EQ(answer.body, "there");
  }
  EXPECT_TRUE(server.seen("/a").empty());
}

TEST_F(HttpSendTest, AuthorizationStaysWithTheOrigin) {
  HttpServer other;
  other.file("/there", "there");
  server.file("/here", "here");
  server.script("/same", {{.status = 302, .fields = {{"Location", "/here"}}}});
  server.script("/away", {{.status = 302, .fields = {{"Location", other.url("/there")}}}});
  other.script("/back", {{.status = 302, .fields = {{"Location", server.url("/here")}}}});
  server.script("/round", {{.status = 302, .fields = {{"Location", other.url("/back")}}}});
  for (const auto& [path, expected] : {std::pair{"/same", "Bearer t0ken"}, {"/round", ""}}) {
    HttpRequest request = request_to(server.url(path));
    request.authorization = "Bearer t0ken";
    EXPECT_EQ(sent(client(), request).body, "here");
    EXPECT_EQ(server.seen(path).back().field("authorization"), "Bearer t0ken");
    EXPECT_EQ(server.seen("/here").back().field("authorization"), expected);
  }
  HttpRequest request = request_to("http://user:password@" + server.host() + "/away");
  request.authorization = "Bearer t0ken";
  EXPECT_EQ(sent(client(), request).body, "there");
  EXPECT_EQ(server.seen("/away").back().field("authorization"), "Bearer t0ken");
  for (const HttpSeen& seen : other.seen()) EXPECT_FALSE(seen.has("authorization"));
}

TEST_F(HttpSendTest, DamagedFieldsAreNotSent) {
  HttpRequest request = request_to(server.url("/a"));
  request.authorization = "Bearer x\r\nX-Evil: yes";
  EXPECT_EQ(error_of([&] { sent(client(), request); }).kind(), ErrorKind::internal);
  EXPECT_FALSE(contains(error_of([&] { sent(client(), request); }).message(), "Bearer"));
  EXPECT_EQ(error_of([&] { sent(client(), request_to(server.url("/a"), "GE T")); }).kind(), ErrorKind::internal);
  EXPECT_TRUE(server.seen().empty());
}

TEST_F(HttpSendTest, ServerThatDoesNotRead) {
  options.stall_timeout = 0.2;
  server.open("/to", [](const HttpSeen&) { return HttpPlan{.answer = {}, .delay = 3}; });
  const std::string huge(64 << 20, 'x');
  const Answer answer = sent(client(), upload_to(server.url("/to"), huge));
  EXPECT_EQ(answer.outcome.ending, Ending::interrupted);
  EXPECT_TRUE(contains(answer.outcome.trouble, "stopped reading")) << answer.outcome.trouble;
}

TEST_F(HttpSendTest, TheRequestsOwnStallTimeout) {
  options.stall_timeout = 0.05;
  server.script("/slow", {{.body = "done", .delay = 0.7}});
  HttpRequest request = request_to(server.url("/slow"), "POST");
  EXPECT_EQ(sent(client(), request).outcome.ending, Ending::interrupted);
  request.stall_timeout = 5;
  EXPECT_EQ(sent(client(), request).body, "done");
}

// Ours to wait for, not the server's.
TEST_F(HttpSendTest, SlowSource) {
  options.stall_timeout = 1;
  server.file("/to", "");
  const std::string bytes = noise(10000);
  HttpRequest request = request_to(server.url("/to"), "PUT");
  request.body = HttpBody{[&] { return std::make_unique<SteppingSource>(bytes, 1000, [](std::size_t) { pause(0.15); }); }, bytes.size()};
  const Answer answer = sent(client(), request);
  EXPECT_EQ(answer.status(), 200) << answer.outcome.trouble;
  EXPECT_TRUE(server.seen().back().body == bytes);
}

// Nothing is received for longer than the stall timeout, but bytes are sent all the time. The end goes fast: what the kernels hold is
// nothing that we see moving.
TEST_F(HttpSendTest, SentBytesAreMovement) {
  options.stall_timeout = 1;
  std::uint64_t taken = 0;
  const auto sink = [&](std::string_view piece) {
    taken += piece.size();
    if (taken < (36u << 20)) pause(4.5e-8 * static_cast<double>(piece.size()));
    return true;
  };
  server.open("/to", [&](const HttpSeen&) { return HttpPlan{.answer = [](const HttpSeen&) { return HttpAnswer{}; }, .sink = sink}; });
  const std::string huge(64 << 20, 'x');
  const auto begin = std::chrono::steady_clock::now();
  const Answer answer = sent(client(), upload_to(server.url("/to"), huge));
  EXPECT_EQ(answer.status(), 200) << answer.outcome.trouble;
  EXPECT_GT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(1500));
}

TEST_F(HttpSendTest, Cancelled) {
  std::atomic<bool> cancelled = false;
  server.open("/to", [&](const HttpSeen&) {
    cancelled = true;
    return HttpPlan{.answer = {}, .delay = 3};
  });
  const std::string huge(64 << 20, 'x');
  HttpRequest request = upload_to(server.url("/to"), huge);
  request.cancelled = &cancelled;
  EXPECT_EQ(sent(client(), request).outcome.ending, Ending::stopped);
}

TEST_F(HttpSendTest, ReceiverStopsOrThrows) {
  server.file("/a", kBig);
  Collector collector;
  collector.most = 1000;
  EXPECT_EQ(client().send(request_to(server.url("/a")), collector).ending, Ending::stopped);
  EXPECT_LT(collector.body_.size(), kBig.size());

  class Thrower : public HttpReceiver {
    bool head(const HttpHead&) override { return true; }
    bool body(std::string_view) override { throw Error(ErrorKind::input, "not that"); }
  } thrower;
  EXPECT_EQ(error_of([&] { client().send(request_to(server.url("/a")), thrower); }).message(), "not that");
}

TEST_F(HttpSendTest, NobodyListens) {
  std::string url;
  {
    const HttpServer gone;
    url = gone.url("/a");
  }
  const Answer answer = sent(client(), upload_to(url, kBig));
  EXPECT_EQ(answer.outcome.ending, Ending::interrupted);
  EXPECT_FALSE(answer.outcome.tls_trouble);
  EXPECT_EQ(answer.status(), 0);
}

}  // namespace
}  // namespace resole::test
