// SPDX-License-Identifier: Apache-2.0
#include "io/fetcher.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <future>
#include <set>

#include "io/fetching.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

namespace fs = std::filesystem;

using FetcherTest = FetchingTest;

TEST_F(FetcherTest, DownloadsVerifiesAndCaches) {
  const std::string body = noise(300000);
  server.file("/a.deb", body);
  EXPECT_EQ(fetcher().fetch(known("/a.deb", body)).bytes(), body);
  EXPECT_EQ(fetcher().fetch(known("/a.deb", body)).bytes(), body);
  EXPECT_EQ(server.seen().size(), 1u);
  EXPECT_EQ(fetcher().cached(Digest::of(body))->bytes(), body);
  EXPECT_FALSE(fetcher().cached(Digest::of("other")));
}

TEST_F(FetcherTest, EmptyFile) {
  server.file("/empty", "");
  EXPECT_EQ(fetcher().fetch(known("/empty", "")).size(), 0u);
  EXPECT_EQ(fetcher().fetch(known("/empty", "")).size(), 0u);
  EXPECT_EQ(server.seen().size(), 1u);
}

TEST_F(FetcherTest, KeepsTheConnection) {
  for (int i = 0; i < 5; ++i) server.file("/f" + std::to_string(i), std::to_string(i));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(fetcher().fetch(known("/f" + std::to_string(i), std::to_string(i))).bytes(), std::to_string(i));
  EXPECT_EQ(server.connections(), 1u);
}

TEST_F(FetcherTest, KeepsTheConnectionAfterAnError) {
  server.file("/f", "body");
  EXPECT_EQ(error_of([&] { fetcher().fetch(known("/absent", "x")); }).kind(), ErrorKind::network);
  EXPECT_EQ(fetcher().fetch(known("/f", "body")).bytes(), "body");
  EXPECT_EQ(server.connections(), 1u);
}

TEST_F(FetcherTest, NotFoundIsFinalAndNamesTheUrlWithoutSecrets) {
  Resource resource = known("/pool/a.deb?token=s3cret", "x");
  resource.url.insert(7, "user:passw0rd@");
  resource.what = "package a";
  const Error error = error_of([&] { fetcher().fetch(resource); });
  EXPECT_EQ(error.kind(), ErrorKind::network);
  EXPECT_TRUE(contains(error.message(), "404 not found")) << error.message();
  EXPECT_TRUE(contains(error.message(), server.host() + "/pool/a.deb")) << error.message();
  EXPECT_FALSE(contains(error.message(), "s3cret") || contains(error.message(), "passw0rd")) << error.message();
  EXPECT_EQ(server.seen().size(), 1u);
  EXPECT_TRUE(slept.empty());
}

TEST_F(FetcherTest, GoneIsFinal) {
  server.script("/a", {{.status = 410}});
  const Error error = error_of([&] { fetcher().fetch(known("/a", "x")); });
  EXPECT_EQ(error.kind(), ErrorKind::network);
  EXPECT_TRUE(contains(error.message(), "not found")) << error.message();
  EXPECT_EQ(server.seen().size(), 1u);
}

TEST_F(FetcherTest, WrongDigestIsRefusedAndNotKept) {
  server.file("/a", "tampered");
  const Error error = error_of([&] { fetcher().fetch(known("/a", "original")); });
  EXPECT_EQ(error.kind(), ErrorKind::verification);
  EXPECT_FALSE(cache->get("download", Digest::of("original").hex()));
  EXPECT_FALSE(cache->get("download", Digest::of("tampered").hex()));
}

TEST_F(FetcherTest, AnotherSizeIsRefusedBeforeTheBodyIsRead) {
  server.file("/a", noise(100000));
  const Error error = error_of([&] { fetcher().fetch(known("/a", "original")); });
  EXPECT_EQ(error.kind(), ErrorKind::verification);
  EXPECT_TRUE(contains(error.message(), "100000")) << error.message();
}

TEST_F(FetcherTest, EndlessBodyIsCutAtTheKnownSize) {
  server.script("/a", {{.body = noise(5 << 20), .until_close = true}});
  EXPECT_EQ(error_of([&] { fetcher().fetch(known("/a", "original")); }).kind(), ErrorKind::verification);
}

TEST_F(FetcherTest, UnknownSizeIsBoundedByTheLimit) {
  server.script("/a", {{.body = noise(5000), .until_close = true}});
  Resource resource = unknown("/a");
  resource.limit = 4999;
  EXPECT_EQ(error_of([&] { fetcher().fetch(resource); }).kind(), ErrorKind::verification);
  resource.limit = 5000;
  EXPECT_EQ(fetcher().fetch(resource).size(), 5000u);
}

TEST_F(FetcherTest, OfflineUsesTheCacheOnly) {
  server.file("/a", "body");
  fetcher().fetch(known("/a", "body"));
  options.offline = true;
  const auto offline = make();
  EXPECT_EQ(offline->fetch(known("/a", "body")).bytes(), "body");
  const Error error = error_of([&] { offline->fetch(known("/b", "other")); });
  EXPECT_EQ(error.kind(), ErrorKind::network);
  EXPECT_TRUE(contains(error.message(), "--offline"));
  EXPECT_FALSE(error.hint().empty());
  EXPECT_EQ(server.seen().size(), 1u);
}

TEST_F(FetcherTest, BundleIsLookedAtBeforeTheNetwork) {
  const std::string hex(Digest::of("bundled").hex());
  fs::create_directories(directory.path() / "bundle/blobs/sha256");
  const fs::path blob = directory.path() / "bundle/blobs/sha256" / hex;
  std::ofstream(blob) << "bundled";
  options.extra_blobs = directory.path() / "bundle";
  EXPECT_EQ(fetcher().fetch(known("/a", "bundled")).bytes(), "bundled");
  EXPECT_EQ(fetcher().fetch_range(known("/a", "bundled"), 2, 3), "ndl");
  std::ofstream(blob) << "bandled";
  const Error error = error_of([&] { fetcher().fetch(known("/a", "bundled")); });
  EXPECT_EQ(error.kind(), ErrorKind::verification);
  EXPECT_TRUE(contains(error.message(), hex));
  EXPECT_TRUE(server.seen().empty());
}

TEST_F(FetcherTest, FileUrls) {
  const fs::path path = directory.path() / "my mirror";
  std::ofstream(path) << "local";
  Resource resource{
      .url = "file://" + (directory.path() / "my%20mirror").native(), .sha256 = Digest::of("local"), .size = 5, .what = "local file"};
  options.offline = true;
  EXPECT_EQ(fetcher().fetch(resource).bytes(), "local");
  EXPECT_EQ(fetcher().fetch_range(resource, 3, 100), "al");
  resource.sha256 = Digest::of("other");
  EXPECT_EQ(error_of([&] { fetcher().fetch(resource); }).kind(), ErrorKind::verification);
  resource.size = 6;
  EXPECT_EQ(error_of([&] { fetcher().fetch(resource); }).kind(), ErrorKind::verification);
  resource.url += "x";
  const Error error = error_of([&] { fetcher().fetch(resource); });
  EXPECT_EQ(error.kind(), ErrorKind::network);
  EXPECT_TRUE(contains(error.message(), "not found")) << error.message();
  resource.url = "file://elsewhere/etc/hostname";
  EXPECT_EQ(error_of([&] { fetcher().fetch(resource); }).kind(), ErrorKind::input);
}

TEST_F(FetcherTest, OtherSchemesAreRefused) {
  EXPECT_EQ(error_of([&] { fetcher().fetch({.url = "ftp://example.org/x"}); }).kind(), ErrorKind::input);
}

TEST_F(FetcherTest, RangeFromServerCacheAndIgnorantServer) {
  const std::string body = noise(200000);
  server.file("/a", body);
  server.script("/whole", {{.body = body, .ranges = false}});
  EXPECT_EQ(fetcher().fetch_range(known("/a", body), 100, 5000), body.substr(100, 5000));
  EXPECT_EQ(fetcher().fetch_range(known("/a", body), 199990, 5000), body.substr(199990));
  EXPECT_EQ(fetcher().fetch_range(known("/a", body), 200000, 10), "");
  EXPECT_EQ(fetcher().fetch_range(unknown("/a"), 300000, 10), "");  // 416
  EXPECT_EQ(fetcher().fetch_range(known("/whole", body), 70000, 1000), body.substr(70000, 1000));
  const std::size_t before = server.seen().size();
  fetcher().fetch(known("/a", body));
  EXPECT_EQ(fetcher().fetch_range(known("/a", body), 100, 5000), body.substr(100, 5000));
  EXPECT_EQ(server.seen().size(), before + 1);
}

TEST_F(FetcherTest, RangeIsTriedAgain) {
  const std::string body = noise(5000);
  server.script("/a", {{.status = 503}, {.body = body, .cut_after = 10}, {.body = body}});
  EXPECT_EQ(fetcher().fetch_range(known("/a", body), 100, 1000), body.substr(100, 1000));
  EXPECT_EQ(slept.size(), 2u);
}

TEST_F(FetcherTest, WrongRangeIsRefused) {
  server.script("/a", {{.status = 206, .body = "abcd", .fields = {{"Content-Range", "bytes 0-3/100"}}}});
  EXPECT_EQ(error_of([&] { fetcher().fetch_range(unknown("/a"), 10, 4); }).kind(), ErrorKind::network);
}

TEST_F(FetcherTest, FetchAllIsParallelAndBiggestFirst) {
  std::vector<Resource> resources;
  std::vector<std::string> bodies;
  for (unsigned i = 0; i < 12; ++i) {
    bodies.push_back(noise(1000 * (i + 1), i + 1));
    const std::string path = "/p" + std::to_string(i);
    server.script(path, {{.body = bodies.back(), .delay = 0.1}});
    resources.push_back(known(path, bodies.back()));
  }
  options.connections = 4;
  std::set<std::size_t> done;
  std::mutex mutex;
  fetcher().fetch_all(resources, [&](std::size_t index, Blob bytes) {
    const std::lock_guard lock(mutex);
    EXPECT_EQ(bytes.bytes(), bodies[index]);
    EXPECT_TRUE(done.insert(index).second);
  });
  EXPECT_EQ(done.size(), 12u);
  EXPECT_EQ(server.most_at_once(), 4u);
  std::set<std::string> first;
  for (std::size_t i = 0; i < 4; ++i) first.insert(server.seen()[i].path);
  EXPECT_EQ(first, (std::set<std::string>{"/p11", "/p10", "/p9", "/p8"}));
  EXPECT_EQ(reporter.phases, (std::vector<std::string>{"downloading"}));
  EXPECT_EQ(reporter.last_progress, 78000u);
  fetcher().fetch_all(resources, [](std::size_t, const Blob&) {});
  EXPECT_EQ(reporter.phases.size(), 1u);  // all cached: nothing to show
}

// The server holds one download back until the callback of the other has run.
TEST_F(FetcherTest, CallbacksRunWhileOthersDownload) {
  std::promise<void> used;
  auto use = used.get_future();
  bool in_time = false;
  server.file("/quick", "quick");
  server.handle("/slow", [&](const HttpSeen&) {
    in_time = use.wait_for(std::chrono::seconds(5)) == std::future_status::ready;
    return HttpAnswer{.body = "slow"};
  });
  const std::vector<Resource> resources{known("/slow", "slow"), known("/quick", "quick")};
  fetcher().fetch_all(resources, [&](std::size_t index, const Blob&) {
    if (index == 1) used.set_value();
  });
  EXPECT_TRUE(in_time);
}

TEST_F(FetcherTest, FetchAllStopsAtTheFirstFailure) {
  server.script("/stalled", {{.body = noise(100000), .cut_after = 10, .stall = 5}});
  const std::vector<Resource> resources{known("/stalled", noise(100000)), known("/absent", "x")};
  const auto begin = std::chrono::steady_clock::now();
  const Error error = error_of([&] { fetcher().fetch_all(resources, [](std::size_t, const Blob&) {}); });
  EXPECT_TRUE(contains(error.message(), "404 not found")) << error.message();
  EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(), 3);
}

TEST_F(FetcherTest, FetchAllRethrowsFromTheCallback) {
  server.file("/a", "a");
  const std::vector<Resource> resources{known("/a", "a")};
  EXPECT_EQ(
      error_of([&] { fetcher().fetch_all(resources, [](std::size_t, const Blob&) { throw Error(ErrorKind::unsupported, "no"); }); }).kind(),
      ErrorKind::unsupported);
  fetcher().fetch_all({}, [](std::size_t, const Blob&) { FAIL(); });
}

TEST_F(FetcherTest, OneDownloadForEqualDigests) {
  server.script("/a", {{.body = "same", .delay = 0.1}});
  server.script("/b", {{.body = "same", .delay = 0.1}});
  const std::vector<Resource> resources{known("/a", "same"), known("/b", "same"), known("/a", "same")};
  std::atomic<int> done = 0;
  fetcher().fetch_all(resources, [&](std::size_t, const Blob& bytes) { done += bytes.bytes() == "same"; });
  EXPECT_EQ(done, 3);
  EXPECT_EQ(server.seen().size(), 1u);
}

// A cache that cannot be written: a file stands where its directory should be.
TEST_F(FetcherTest, GoesOnWithoutTheCache) {
  std::ofstream(directory.path() / "cache") << "in the way";
  server.file("/a", "body");
  server.file("/InRelease", "release");
  EXPECT_EQ(fetcher().fetch(known("/a", "body")).bytes(), "body");
  EXPECT_EQ(fetcher().fetch(unknown("/InRelease")).bytes(), "release");
  EXPECT_TRUE(contains(reporter.text(), "going on without the cache")) << reporter.text();
  EXPECT_TRUE(contains(reporter.text(), directory.path().native())) << reporter.text();
  Resource huge = known("/a", "body");
  huge.size = -1;  // no promise that it fits into memory
  EXPECT_EQ(error_of([&] { fetcher().fetch(huge); }).kind(), ErrorKind::input);
}

// Client certificates belong to the host that they were given for.
TEST_F(FetcherTest, ShowsItsCertificateToTheHostThatItIsFor) {
  HttpServer secure({.tls = HttpTls{.client_certificate = true}});
  secure.file("/a", "body");
  const CertificateFiles own = secure.client_certificate();
  const io::TlsOptions with_certificate{.authorities = io::read_file(secure.ca_file(), 1 << 20), .client_cert = own.certificate, .client_key = own.key};
  const Resource wanted{.url = secure.url("/a"), .sha256 = Digest::of("body"), .size = 4, .what = "a"};
  const auto other = [&](const Url& url) { return url.host() == "elsewhere.example.org" ? with_certificate : io::TlsOptions{.authorities = with_certificate.authorities}; };
  options.allowed_private_hosts.push_back(secure.host());
  options.tls = other;
  EXPECT_EQ(error_of([&] { make()->fetch(wanted); }).kind(), ErrorKind::network);
  EXPECT_EQ(error_of([&] { (void)make()->fetch_range(wanted, 1, 2); }).kind(), ErrorKind::network);
  options.tls = [&](const Url&) { return with_certificate; };
  EXPECT_EQ(make()->fetch_range(wanted, 1, 2), "od");
  EXPECT_EQ(make()->fetch(wanted).bytes(), "body");
  EXPECT_NE(secure.seen().back().client_name, "");
}

TEST_F(FetcherTest, ShowsAPhaseForALargeDownload) {
  const std::string body = noise(2 << 20);
  server.file("/large", body);
  fetcher().fetch(known("/large", body));
  ASSERT_EQ(reporter.phases.size(), 1u);
  EXPECT_EQ(reporter.last_progress, body.size());
}

}  // namespace
}  // namespace resole::test
