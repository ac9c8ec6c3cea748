// SPDX-License-Identifier: Apache-2.0
#include "io/retry.hpp"

#include "base/text.hpp"
#include "io/fetching.hpp"
#include "io/http_fields.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

using namespace io;

TEST(RetryDelay, Table) {
  struct Row {
    unsigned attempt;
    double retry_after, random, expected;
  };
  const Row rows[] = {
      {1, -1, 0, 0.25},   {1, -1, 0.5, 0.375}, {2, -1, 0, 0.5},   {3, -1, 0, 1},      {4, -1, 0.5, 3},
      {7, -1, 0, 15},     {8, -1, 0, 15},      {1000, -1, 0, 15}, {1, 0, 0, 0},       {1, 0, 0.5, 0.5},
      {1, 7, 0.25, 7.25}, {9, 7, 0, 7},        {1, 60, 0.9, 60},  {1, 3600, 0.1, 60}, {1, 59.5, 0.25, 59.75},
  };
  for (const Row& row : rows)
    EXPECT_DOUBLE_EQ(retry_delay(row.attempt, row.retry_after, row.random), row.expected) << row.attempt << " " << row.retry_after;
}

TEST(RetryAfter, SecondsAndDates) {
  const auto seconds = [](const std::string& value) {
    return retry_after_seconds({503, {{"retry-after", value}}}, *parse_time("2026-11-21T18:00:00Z"));
  };
  EXPECT_EQ(seconds("12"), 12);
  EXPECT_EQ(seconds("Sat, 21 Nov 2026 18:00:30 GMT"), 30);
  EXPECT_EQ(seconds("Sat, 21 Nov 2026 17:00:30 GMT"), 0);
  EXPECT_EQ(seconds("soon"), -1);
  EXPECT_EQ(retry_after_seconds({503, {}}, 0), -1);
}

TEST(ContentRangeField, Parses) {
  const auto range = parse_content_range("bytes 5-9/10");
  ASSERT_TRUE(range);
  EXPECT_EQ(range->first, 5u);
  EXPECT_EQ(range->last, 9u);
  EXPECT_EQ(range->total, 10u);
  EXPECT_FALSE(parse_content_range("bytes 5-9/*")->total);
  for (const char* text : {"", "bytes", "bytes 5-9", "bytes 9-5/10", "bytes 5-10/10", "bytes */10", "items 5-9/10", "bytes -9/10",
                           "bytes 5-9/10x", "bytes 5/9-10"}) {
    EXPECT_FALSE(parse_content_range(text)) << text;
  }
}

TEST(PassingTroubleOf, LeavesFinalStatusesToTheCaller) {
  const Url url = Url::parse("https://registry.example.org/v2/");
  const auto trouble = [&](int status, Ending ending) { return passing_trouble_of({ending, {status, {}}, "broken"}, "manifest", url, 0); };
  for (const int status : {200, 201, 202, 307, 400, 401, 403, 404, 405, 412, 416, 501})
    EXPECT_FALSE(trouble(status, Ending::complete)) << status;
  for (const int status : {408, 429, 499, 500, 502, 503, 504, 522}) {
    ASSERT_TRUE(trouble(status, Ending::interrupted)) << status;
    EXPECT_TRUE(trouble(status, Ending::interrupted)->again) << status;
  }
  EXPECT_TRUE(trouble(206, Ending::interrupted)->again);
  EXPECT_FALSE(trouble(0, Ending::failed)->again);
  EXPECT_FALSE(trouble(200, Ending::stopped));
  EXPECT_EQ(passing_trouble_of({Ending::complete, {503, {{"retry-after", "7"}}}, {}}, "", url, 0)->retry_after, 7);
}

TEST(TroubleOf, Statuses) {
  const Url url = Url::parse("https://u:p@deb.example.org/a?key=1");
  const auto trouble = [&](int status) { return trouble_of({Ending::complete, {status, {}}, {}}, "package a", url, 0); };
  for (const int status : {200, 206, 304}) EXPECT_FALSE(trouble(status)) << status;
  for (const int status : {300, 400, 401, 403, 404, 407, 410, 416, 451, 501}) {
    ASSERT_TRUE(trouble(status)) << status;
    EXPECT_FALSE(trouble(status)->again) << status;
  }
  for (const int status : {408, 429, 499, 500, 502, 503, 504, 522}) EXPECT_TRUE(trouble(status)->again) << status;
  EXPECT_EQ(trouble(429)->error.kind(), ErrorKind::throttled);
  EXPECT_EQ(trouble(503)->error.kind(), ErrorKind::network);
  EXPECT_EQ(trouble(404)->error.message(), "package a: 404 not found (https://deb.example.org/a?key=...)");
}

using RetryTest = FetchingTest;

TEST_F(RetryTest, ServerErrorsAreTriedAgain) {
  server.script("/a", {{.status = 503}, {.status = 500}, {.status = 408}, {.body = "body"}});
  EXPECT_EQ(fetcher().fetch(known("/a", "body")).bytes(), "body");
  ASSERT_EQ(slept.size(), 3u);
  EXPECT_GE(slept[2], 1.0);
}

TEST_F(RetryTest, GivesUpAfterTheTries) {
  server.script("/a", {{.status = 503}});
  const Error error = error_of([&] { fetcher().fetch(known("/a", "body")); });
  EXPECT_EQ(error.kind(), ErrorKind::network);
  EXPECT_TRUE(contains(error.message(), "503 service unavailable"));
  EXPECT_EQ(server.seen().size(), 4u);
  EXPECT_EQ(slept.size(), 3u);
}

TEST_F(RetryTest, RetryAfterIsHonoured) {
  clock.seconds = *parse_time("2026-11-21T18:00:00Z");
  server.script("/a", {{.status = 429, .fields = {{"Retry-After", "7"}}},
                       {.status = 503, .fields = {{"Retry-After", "Sat, 21 Nov 2026 18:00:20 GMT"}}},
                       {.status = 429, .fields = {{"Retry-After", "86400"}}},
                       {.body = "body"}});
  EXPECT_EQ(fetcher().fetch(known("/a", "body")).bytes(), "body");
  ASSERT_EQ(slept.size(), 3u);
  EXPECT_TRUE(slept[0] >= 7 && slept[0] < 8) << slept[0];
  EXPECT_TRUE(slept[1] >= 20 && slept[1] < 21) << slept[1];
  EXPECT_EQ(slept[2], 60);
}

TEST_F(RetryTest, TooManyRequestsInTheEndIsThrottled) {
  server.script("/a", {{.status = 429, .fields = {{"Retry-After", "1"}}}});
  const Error error = error_of([&] { fetcher().fetch(known("/a", "body")); });
  EXPECT_EQ(error.kind(), ErrorKind::throttled);
  EXPECT_EQ(exit_code(error.kind()), 75);
}

TEST_F(RetryTest, NobodyListens) {
  std::string url;
  {
    const HttpServer gone;
    url = gone.url("/a");
    options.allowed_private_hosts.push_back(gone.host());
  }
  const Error error = error_of([&] { fetcher().fetch({.url = url, .sha256 = Digest::of("x"), .size = 1, .what = "package a"}); });
  EXPECT_EQ(error.kind(), ErrorKind::network);
  EXPECT_EQ(slept.size(), 3u);
}

TEST_F(RetryTest, StallIsTriedAgain) {
  const std::string body = noise(50000);
  options.stall_timeout = 1;
  server.script("/a", {{.body = body, .cut_after = 20000, .stall = 4}, {.body = body}});
  EXPECT_EQ(fetcher().fetch(known("/a", body)).bytes(), body);
  EXPECT_EQ(slept.size(), 1u);
}

}  // namespace
}  // namespace resole::test
