// SPDX-License-Identifier: Apache-2.0
#include "io/requests.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

using namespace io;

using HttpStreamTest = RequestTest;

// A body of any size that costs no memory.
HttpAnswer endless(std::uint64_t size) {
  return {.content = HttpContent{size, [](std::uint64_t, char* out, std::size_t count) { std::fill_n(out, count, 'z'); }}};
}

TEST_F(HttpStreamTest, Sizes) {
  for (const std::size_t size : {0u, 1u, 1u << 20, (1u << 20) + 1, 5u << 20}) {
    const std::string bytes = noise(size);
    server.file("/a", bytes);
    const auto stream = client().stream(request_to(server.url("/a")));
    EXPECT_EQ(stream->head().status, 200);
    EXPECT_EQ(stream->head().content_length(), size);
    EXPECT_TRUE(rest_of(*stream) == bytes) << size;
    EXPECT_EQ(stream->outcome().ending, Ending::complete);
    char byte = 0;
    EXPECT_EQ(stream->read(&byte, 1), 0u);
  }
  EXPECT_EQ(server.connections(), 1u);
}

TEST_F(HttpStreamTest, SmallReads) {
  const std::string bytes = noise(3 << 20);
  server.script("/a", {{.body = bytes, .chunked = true}});
  const auto stream = client().stream(request_to(server.url("/a")));
  std::string got;
  char buffer[1001];
  while (const std::size_t count = stream->read(buffer, sizeof buffer)) got.append(buffer, count);
  EXPECT_TRUE(got == bytes);
}

TEST_F(HttpStreamTest, TheHeadComesFirst) {
  server.script("/a", {{.body = noise(100000), .cut_after = 1000, .stall = 0.2}});
  const auto stream = client().stream(request_to(server.url("/a")));
  EXPECT_EQ(stream->head().content_length(), 100000u);
  EXPECT_EQ(rest_of(*stream).size(), 1000u);
  EXPECT_EQ(stream->outcome().ending, Ending::interrupted);
  EXPECT_EQ(stream->outcome().head.status, 200);
}

TEST_F(HttpStreamTest, ErrorsHaveBodies) {
  server.script("/a", {{.status = 404, .body = R"({"errors":[]})"}});
  const auto stream = client().stream(request_to(server.url("/a")));
  EXPECT_EQ(stream->head().status, 404);
  EXPECT_EQ(rest_of(*stream), R"({"errors":[]})");
}

TEST_F(HttpStreamTest, Head) {
  server.file("/a", "12345");
  const auto stream = client().stream(request_to(server.url("/a"), "HEAD"));
  EXPECT_EQ(stream->head().content_length(), 5u);
  EXPECT_EQ(rest_of(*stream), "");
  EXPECT_EQ(stream->outcome().ending, Ending::complete);
}

// A slow reader stops the server, and is no reason to believe that the server stalled.
TEST_F(HttpStreamTest, SlowReader) {
  options.stall_timeout = 1;
  const std::string bytes = noise(24 << 20);
  server.file("/a", bytes);
  const auto stream = client().stream(request_to(server.url("/a")));
  std::string got(8 * 25, '\0');
  for (int i = 0; i < 8; ++i) {
    pause(0.2);
    ASSERT_EQ(stream->read(got.data() + 25 * i, 25), 25u);
  }
  got += rest_of(*stream);
  EXPECT_TRUE(got == bytes);
  EXPECT_EQ(stream->outcome().ending, Ending::complete) << stream->outcome().trouble;
}

TEST_F(HttpStreamTest, ServerThatStalls) {
  options.stall_timeout = 0.1;
  server.script("/a", {{.body = noise(100000), .cut_after = 1000, .stall = 3}});
  const auto stream = client().stream(request_to(server.url("/a")));
  EXPECT_EQ(rest_of(*stream).size(), 1000u);
  EXPECT_EQ(stream->outcome().ending, Ending::interrupted);
  EXPECT_EQ(stream->outcome().trouble, "the server stopped sending");
}

TEST_F(HttpStreamTest, BrokenOff) {
  constexpr std::uint64_t kSize = 1u << 30;
  server.script("/a", {endless(kSize)});
  server.file("/b", "still here");
  {
    const auto stream = client().stream(request_to(server.url("/a")));
    char buffer[10];
    EXPECT_GT(stream->read(buffer, sizeof buffer), 0u);
  }
  {
    const auto stream = client().stream(request_to(server.url("/a")));
    EXPECT_EQ(stream->outcome().ending, Ending::stopped);
    char byte = 0;
    EXPECT_EQ(stream->read(&byte, 1), 0u);
  }
  client().stream(request_to(server.url("/a")));  // not read at all
  EXPECT_EQ(sent(client(), request_to(server.url("/b"))).body, "still here");
  for (const HttpSeen& seen : server.seen("/a")) EXPECT_LT(seen.sent, kSize / 2);
}

TEST_F(HttpStreamTest, ManyAtOnceOnOneThread) {
  options.connections = 1;
  constexpr std::size_t kStreams = 32, kSize = 2 << 20;
  std::vector<std::unique_ptr<HttpStream>> streams;
  std::vector<std::string> got(kStreams);
  for (std::size_t i = 0; i < kStreams; ++i) {
    const std::string path = "/" + std::to_string(i);
    server.file(path, noise(kSize, static_cast<unsigned>(i)));
    streams.push_back(client().stream(request_to(server.url(path))));
  }
  EXPECT_EQ(sent(client(), request_to(server.url("/none"))).status(), 404);  // the one place is free
  std::string buffer(50'000, '\0');
  for (bool more = true; more;) {
    more = false;
    for (std::size_t i = 0; i < kStreams; ++i) {
      const std::size_t count = streams[i]->read(buffer.data(), buffer.size());
      got[i].append(buffer, 0, count);
      more = more || count > 0;
    }
  }
  for (std::size_t i = 0; i < kStreams; ++i) EXPECT_TRUE(got[i] == noise(kSize, static_cast<unsigned>(i))) << i;
}

TEST_F(HttpStreamTest, NoResponse) {
  std::string url;
  {
    const HttpServer gone;
    url = gone.url("/a");
  }
  server.script("/silent", {{.silent = true}});
  server.script("/moved", {{.status = 302, .fields = {{"Location", url}}}});
  for (const std::string& from : {url, server.url("/silent"), server.url("/moved")}) {
    const auto stream = client().stream(request_to(from));
    EXPECT_EQ(stream->head().status, 0);
    EXPECT_EQ(rest_of(*stream), "");
    EXPECT_EQ(stream->outcome().ending, Ending::interrupted);
    EXPECT_NE(stream->outcome().trouble, "");
  }
}

TEST_F(HttpStreamTest, Redirects) {
  HttpServer other;
  other.file("/there", "there");
  server.script("/a", {{.status = 302, .body = "moved", .fields = {{"Location", "/b"}}}});
  server.script("/b", {{.status = 307, .body = "moved", .fields = {{"Location", other.url("/there")}}}});
  server.script("/loop", {{.status = 307, .fields = {{"Location", "/loop"}}}});
  HttpRequest request = request_to(server.url("/a"));
  request.authorization = "Bearer secret";
  const auto stream = client().stream(request);
  EXPECT_EQ(rest_of(*stream), "there");
  EXPECT_EQ(server.seen("/b").front().field("authorization"), "Bearer secret");
  EXPECT_FALSE(other.seen().front().has("authorization"));
  EXPECT_EQ(error_of([&] { client().stream(request_to(server.url("/loop"))); }).kind(), ErrorKind::network);
}

TEST_F(HttpStreamTest, Cancelled) {
  server.script("/a", {{.body = noise(100000), .cut_after = 1000, .stall = 3}});
  std::atomic<bool> cancelled = false;
  HttpRequest request = request_to(server.url("/a"));
  request.cancelled = &cancelled;
  const auto stream = client().stream(request);
  cancelled = true;
  rest_of(*stream);
  EXPECT_EQ(stream->outcome().ending, Ending::stopped);
}

TEST_F(HttpStreamTest, OutlivesTheClient) {
  const std::string bytes = noise(5 << 20);
  server.file("/a", bytes);
  std::unique_ptr<HttpStream> stream;
  {
    HttpClient short_lived(options);
    stream = short_lived.stream(request_to(server.url("/a")));
  }
  EXPECT_TRUE(rest_of(*stream) == bytes);
}

TEST_F(HttpStreamTest, NoBodyGoesWithIt) {
  EXPECT_EQ(error_of([&] { client().stream(upload_to(server.url("/a"), "x")); }).kind(), ErrorKind::internal);
}

TEST_F(HttpStreamTest, RefusedAddress) {
  HttpRequest request = request_to(server.url("/a"));
  request.reach = Reach::public_only;
  EXPECT_EQ(error_of([&] { client().stream(request); }).kind(), ErrorKind::refused);
}

}  // namespace
}  // namespace resole::test
