// SPDX-License-Identifier: Apache-2.0
#include "io/fetching.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

using ResumeTest = FetchingTest;

TEST_F(ResumeTest, GoesOnWhereItBroke) {
  const std::string body = noise(100000);
  server.script("/a", {{.body = body, .etag = "\"one\"", .cut_after = 60000}, {.body = body, .etag = "\"one\""}});
  EXPECT_EQ(fetcher().fetch(known("/a", body)).bytes(), body);
  ASSERT_EQ(server.seen().size(), 2u);
  EXPECT_EQ(server.seen()[1].fields.at("range"), "bytes=60000-");
  EXPECT_EQ(server.seen()[1].fields.at("if-range"), "\"one\"");
}

TEST_F(ResumeTest, BreaksSeveralTimes) {
  const std::string body = noise(100000);
  server.script(
      "/a", {{.body = body, .cut_after = 30000}, {.body = body, .cut_after = 30000}, {.body = body, .cut_after = 30000}, {.body = body}});
  EXPECT_EQ(fetcher().fetch(known("/a", body)).bytes(), body);
  EXPECT_EQ(server.seen().back().fields.at("range"), "bytes=90000-");
}

// Each attempt brings more than a megabyte: more breaks than tries are survived.
TEST_F(ResumeTest, ProgressStartsTheCountAnew) {
  const std::string body = noise(8 << 20);
  server.script("/a", {{.body = body, .cut_after = (1 << 20) + 1000}});
  options.tries = 2;
  EXPECT_EQ(fetcher().fetch(known("/a", body)).bytes(), body);
  EXPECT_EQ(server.seen().size(), 8u);
}

TEST_F(ResumeTest, LittleProgressDoesNot) {
  const std::string body = noise(8 << 20);
  server.script("/a", {{.body = body, .cut_after = 1000}});
  EXPECT_EQ(error_of([&] { fetcher().fetch(known("/a", body)); }).kind(), ErrorKind::network);
  EXPECT_EQ(server.seen().size(), 4u);
}

TEST_F(ResumeTest, ServerWithoutRangesStartsOver) {
  const std::string body = noise(100000);
  server.script("/a", {{.body = body, .ranges = false, .cut_after = 60000}, {.body = body, .ranges = false}});
  EXPECT_EQ(fetcher().fetch(known("/a", body)).bytes(), body);
}

TEST_F(ResumeTest, ChangedFileStartsOver) {
  const std::string old_body = noise(100000, 1), body = noise(100000, 2);
  server.script("/a", {{.body = old_body, .etag = "\"one\"", .cut_after = 60000}, {.body = body, .etag = "\"two\""}});
  EXPECT_EQ(fetcher().fetch(known("/a", body)).bytes(), body);
  EXPECT_EQ(server.seen().size(), 2u);
}

// No validators, so the change shows only in the digest.
TEST_F(ResumeTest, ChangedFileWithoutValidatorStartsOverAfterTheDigest) {
  const std::string old_body = noise(100000, 1), body = noise(100000, 2);
  server.script("/a", {{.body = old_body, .cut_after = 60000}, {.body = body}});
  EXPECT_EQ(fetcher().fetch(known("/a", body)).bytes(), body);
  EXPECT_FALSE(server.seen().back().has("range"));
}

TEST_F(ResumeTest, OnlyTheExactRangeIsTaken) {
  const std::string body = noise(1000);
  const auto partial = [&](const std::string& content_range) {
    return HttpAnswer{.status = 206, .body = body.substr(600), .fields = {{"Content-Range", content_range}}};
  };
  for (const char* range : {"bytes 599-998/1000", "bytes 600-999/1001", "bytes 600-998/1000", "bytes 600-999/*", "nonsense"}) {
    server.script("/a", {{.body = body, .cut_after = 600}, partial(range), {.body = body}});
    const auto fresh = make();
    Resource resource = known("/a", body);
    EXPECT_EQ(fresh->fetch(resource).bytes(), body) << range;
    EXPECT_FALSE(server.seen().back().has("range")) << range;
    std::filesystem::remove_all(directory.path() / "cache");
  }
}

TEST_F(ResumeTest, PartialContentNobodyAskedFor) {
  server.script("/a", {{.status = 206, .body = "body", .fields = {{"Content-Range", "bytes 0-3/4"}}}});
  EXPECT_EQ(error_of([&] { fetcher().fetch(known("/a", "body")); }).kind(), ErrorKind::network);
}

TEST_F(ResumeTest, EndWithoutLengthIsNoticed) {
  const std::string body = noise(5000);
  server.script("/a", {{.body = body.substr(0, 3000), .until_close = true}, {.body = body}});
  EXPECT_EQ(fetcher().fetch(known("/a", body)).bytes(), body);
  EXPECT_EQ(slept.size(), 1u);
}

TEST_F(ResumeTest, UnknownDigestResumesToo) {
  const std::string body = noise(5000);
  server.script("/a", {{.body = body, .last_modified = "Sat, 21 Nov 2026 18:00:00 GMT", .cut_after = 3000},
                       {.body = body, .last_modified = "Sat, 21 Nov 2026 18:00:00 GMT"}});
  EXPECT_EQ(fetcher().fetch(unknown("/a")).bytes(), body);
  EXPECT_EQ(server.seen().back().fields.at("if-range"), "Sat, 21 Nov 2026 18:00:00 GMT");
}

TEST_F(ResumeTest, TruncatedForEverIsAnError) {
  server.script("/a", {{.body = "half", .announced_length = 8}});
  const Error error = error_of([&] { fetcher().fetch(unknown("/a")); });
  EXPECT_EQ(error.kind(), ErrorKind::network);
}

}  // namespace
}  // namespace resole::test
