// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <sstream>

#include "io/fetching.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

namespace fs = std::filesystem;

using RevalidationTest = FetchingTest;

TEST_F(RevalidationTest, NotModifiedUsesTheKeptBody) {
  server.script("/InRelease", {{.body = "one", .etag = "\"1\"", .last_modified = "Sat, 21 Nov 2026 18:00:00 GMT"}});
  EXPECT_EQ(fetcher().fetch(unknown("/InRelease")).bytes(), "one");
  EXPECT_FALSE(server.seen()[0].has("if-none-match"));
  const auto later = make();
  EXPECT_EQ(later->fetch(unknown("/InRelease")).bytes(), "one");
  ASSERT_EQ(server.seen().size(), 2u);
  EXPECT_EQ(server.seen()[1].fields.at("if-none-match"), "\"1\"");
  EXPECT_EQ(server.seen()[1].fields.at("if-modified-since"), "Sat, 21 Nov 2026 18:00:00 GMT");
  EXPECT_TRUE(contains(reporter.text(), "not modified"));
}

TEST_F(RevalidationTest, LastModifiedAlone) {
  server.script("/InRelease", {{.body = "one", .last_modified = "Sat, 21 Nov 2026 18:00:00 GMT"}});
  for (int i = 0; i < 2; ++i) EXPECT_EQ(fetcher().fetch(unknown("/InRelease")).bytes(), "one");
  EXPECT_TRUE(contains(reporter.text(), "not modified"));
}

TEST_F(RevalidationTest, ChangedBodyReplacesTheKeptOne) {
  server.script("/InRelease", {{.body = "one", .etag = "\"1\""}, {.body = "two", .etag = "\"2\""}});
  EXPECT_EQ(fetcher().fetch(unknown("/InRelease")).bytes(), "one");
  EXPECT_EQ(fetcher().fetch(unknown("/InRelease")).bytes(), "two");
  EXPECT_EQ(fetcher().fetch(unknown("/InRelease")).bytes(), "two");
  EXPECT_EQ(server.seen().back().fields.at("if-none-match"), "\"2\"");
}

TEST_F(RevalidationTest, WithoutValidatorsAPlainGet) {
  server.file("/InRelease", "one");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(fetcher().fetch(unknown("/InRelease")).bytes(), "one");
  EXPECT_EQ(server.seen().size(), 2u);
  EXPECT_FALSE(server.seen()[1].has("if-none-match") || server.seen()[1].has("if-modified-since"));
}

TEST_F(RevalidationTest, OfflineUsesTheKeptBody) {
  server.file("/InRelease", "one");
  fetcher().fetch(unknown("/InRelease"));
  options.offline = true;
  EXPECT_EQ(make()->fetch(unknown("/InRelease")).bytes(), "one");
  const Error error = error_of([&] { make()->fetch(unknown("/Other")); });
  EXPECT_EQ(error.kind(), ErrorKind::network);
  EXPECT_FALSE(error.hint().empty());
  EXPECT_EQ(server.seen().size(), 1u);
}

TEST_F(RevalidationTest, UncalledForNotModifiedIsAnError) {
  server.script("/InRelease", {{.status = 304}});
  EXPECT_EQ(error_of([&] { fetcher().fetch(unknown("/InRelease")); }).kind(), ErrorKind::network);
}

// One bad answer with a date of the future must not end in "not modified" for ever.
TEST_F(RevalidationTest, OnlyAcceptedBodiesAreKept) {
  server.script("/InRelease", {{.body = "evil", .etag = "\"1\""}, {.body = "good", .etag = "\"2\""}});
  Resource resource = unknown("/InRelease");
  const auto accept = [](std::string_view wanted) {
    return [wanted](std::string_view bytes) {
      if (bytes != wanted) throw Error(ErrorKind::verification, "not " + std::string(wanted));
    };
  };
  resource.accept = accept("good");
  EXPECT_EQ(error_of([&] { fetcher().fetch(resource); }).kind(), ErrorKind::verification);
  EXPECT_EQ(make()->fetch(resource).bytes(), "good");
  EXPECT_FALSE(server.seen().back().has("if-none-match")) << "the bad one was not kept";
  EXPECT_EQ(make()->fetch(resource).bytes(), "good");
  EXPECT_TRUE(server.seen().back().has("if-none-match"));

  // What was kept is believed no more: asked for again, once, without conditions.
  const std::size_t before = server.seen().size();
  resource.accept = accept("better");
  EXPECT_EQ(error_of([&] { make()->fetch(resource); }).kind(), ErrorKind::verification);
  ASSERT_EQ(server.seen().size(), before + 2);
  EXPECT_TRUE(server.seen()[before].has("if-none-match"));
  EXPECT_FALSE(server.seen()[before + 1].has("if-none-match"));
  options.offline = true;
  EXPECT_EQ(error_of([&] { make()->fetch(resource); }).kind(), ErrorKind::verification);
}

TEST_F(RevalidationTest, DamagedEntryIsFetchedAgain) {
  server.script("/InRelease", {{.body = "one", .etag = "\"1\""}});
  fetcher().fetch(unknown("/InRelease"));
  for (const auto& entry : fs::recursive_directory_iterator(directory.path() / "cache/http")) {
    if (entry.is_regular_file()) fs::resize_file(entry.path(), 20);
  }
  EXPECT_EQ(make()->fetch(unknown("/InRelease")).bytes(), "one");
  EXPECT_FALSE(server.seen().back().has("if-none-match"));
}

TEST_F(RevalidationTest, NoSecretReachesTheDisk) {
  server.script("/InRelease", {{.body = "one", .etag = "\"1\""}});
  fetcher().fetch({.url = "http://alice:passw0rd@" + server.host() + "/InRelease?token=s3cret"});
  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(directory.path() / "cache")) {
    if (!entry.is_regular_file()) continue;
    std::ostringstream text;
    text << entry.path().native() << std::ifstream(entry.path()).rdbuf();
    for (const char* secret : {"alice", "passw0rd", "s3cret"}) EXPECT_FALSE(contains(text.str(), secret)) << entry.path();
    ++files;
  }
  EXPECT_EQ(files, 1u);
  // Another password is the same resource.
  fetcher().fetch({.url = "http://bob:other@" + server.host() + "/InRelease?token=s3cret"});
  EXPECT_TRUE(server.seen().back().has("if-none-match"));
}

}  // namespace
}  // namespace resole::test
