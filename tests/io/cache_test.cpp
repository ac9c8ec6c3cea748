// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>

#include "io/cache_seal.hpp"
#include "io/fetching.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

namespace fs = std::filesystem;
using namespace io;

class CacheTest : public testing::Test {
 protected:
  // As another process would open it: nothing is known to be checked.
  std::unique_ptr<Cache> fresh() const { return disk_cache(root); }

  std::vector<fs::path> files(const std::string& below = ".") const {
    std::vector<fs::path> found;
    if (!fs::exists(root / below)) return found;
    for (const auto& entry : fs::recursive_directory_iterator(root / below)) {
      if (entry.is_regular_file()) found.push_back(entry.path());
    }
    return found;
  }

  static void overwrite(const fs::path& path, std::size_t at, char byte) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(at));
    file.put(byte);
  }

  TemporaryDirectory directory;
  fs::path root = directory.path() / "cache";
  std::unique_ptr<Cache> cache = disk_cache(root);
};

TEST_F(CacheTest, PutAndGet) {
  EXPECT_FALSE(cache->get("layer-index", "a"));
  EXPECT_EQ(cache->put("layer-index", "a", "bytes").bytes(), "bytes");
  EXPECT_EQ(cache->get("layer-index", "a")->bytes(), "bytes");
  EXPECT_EQ(fresh()->get("layer-index", "a")->bytes(), "bytes");
  EXPECT_FALSE(cache->get("packages", "a"));
  cache->put("layer-index", "a", "other");
  EXPECT_EQ(cache->get("layer-index", "a")->bytes(), "other");
  cache->put("layer-index", "empty", "");
  EXPECT_EQ(fresh()->get("layer-index", "empty")->size(), 0u);
}

TEST_F(CacheTest, StreamedEntryExistsAfterCommitOnly) {
  const std::string body = noise(1 << 20);
  auto writer = cache->create("segment", "k");
  writer->write(std::string_view(body).substr(0, 700000));
  EXPECT_FALSE(cache->get("segment", "k"));
  writer->write(std::string_view(body).substr(700000));
  EXPECT_FALSE(fresh()->get("segment", "k"));
  const Blob committed = writer->commit();
  writer.reset();
  EXPECT_EQ(committed.bytes(), body);
  EXPECT_EQ(fresh()->get("segment", "k")->bytes(), body);
  cache->create("segment", "dropped")->write("x");
  EXPECT_FALSE(cache->get("segment", "dropped"));
  EXPECT_TRUE(files("tmp").empty());
}

TEST_F(CacheTest, StrangeKeysStayInsideAndApart) {
  const std::vector<std::string> keys{"",
                                      ".",
                                      "..",
                                      "../../escape",
                                      "/etc/passwd",
                                      "a/b",
                                      std::string(5000, 'k'),
                                      std::string("nul\0l", 5),
                                      "~tilde",
                                      "line\nbreak",
                                      "a:b+c_d.e-f",
                                      "x",
                                      sha256_hex_of("../../escape")};
  for (const std::string& key : keys) cache->put("packages", key, "value of " + key);
  for (const std::string& key : keys) EXPECT_EQ(fresh()->get("packages", key)->bytes(), "value of " + key);
  EXPECT_EQ(files().size(), keys.size());
  EXPECT_EQ(std::distance(fs::directory_iterator(directory.path()), fs::directory_iterator()), 1);
  EXPECT_TRUE(fs::exists(root / "packages/a:/a:b+c_d.e-f"));
}

TEST_F(CacheTest, RoomsAreWords) {
  for (const char* room : {"", "..", "a/b", "tmp", "Upper"})
    EXPECT_EQ(error_of([&] { cache->get(room, "k"); }).kind(), ErrorKind::internal) << room;
  EXPECT_EQ(error_of([&] { cache->get("download", "not a digest"); }).kind(), ErrorKind::internal);
}

TEST_F(CacheTest, DamagedDerivedEntriesAreAbsent) {
  const std::string body = noise(10000);
  const auto damaged = [&](auto&& damage) {
    cache->put("payload", "k", body);
    const fs::path path = files("payload").at(0);
    damage(path);
    const bool absent = !fresh()->get("payload", "k");
    return absent && files("payload").empty();  // and removed
  };
  EXPECT_TRUE(damaged([](const fs::path& path) { fs::resize_file(path, 0); }));
  EXPECT_TRUE(damaged([](const fs::path& path) { fs::resize_file(path, 5000); }));
  EXPECT_TRUE(damaged([](const fs::path& path) { fs::resize_file(path, fs::file_size(path) + 1); }));
  EXPECT_TRUE(damaged([](const fs::path& path) { overwrite(path, 777, '\0'); }));
  EXPECT_TRUE(damaged([](const fs::path& path) { overwrite(path, fs::file_size(path) - 1, '\0'); }));
  EXPECT_TRUE(damaged([](const fs::path& path) {  // what some file systems leave after a power cut: the length, but no bytes
    const auto size = fs::file_size(path);
    fs::resize_file(path, 0);
    fs::resize_file(path, size);
  }));
}

TEST_F(CacheTest, DamagedDownloadsAreAbsent) {
  const std::string body = noise(10000), key = sha256_hex_of(body);
  cache->put("download", key, body);
  EXPECT_EQ(fresh()->get("download", key)->bytes(), body);
  const fs::path path = root / "download" / key.substr(0, 2) / key;
  EXPECT_EQ(fs::file_size(path), body.size());  // as downloaded, byte by byte
  overwrite(path, 500, static_cast<char>(~body[500]));
  EXPECT_FALSE(fresh()->get("download", key));
  EXPECT_FALSE(fs::exists(path));
  cache->put("download", key, "something else");
  EXPECT_FALSE(cache->get("download", key));
}

TEST_F(CacheTest, DamageAfterTheCheckIsSeenWhenTheFileChanged) {
  const std::string body = noise(10000), key = sha256_hex_of(body);
  cache->put("download", key, body);
  ASSERT_TRUE(cache->get("download", key));
  fs::resize_file(root / "download" / key.substr(0, 2) / key, 9999);
  EXPECT_FALSE(cache->get("download", key));
}

TEST_F(CacheTest, OldTemporaryFilesAreRemoved) {
  fs::create_directories(root / "tmp");
  std::ofstream(root / "tmp/old.tmp") << "x";
  std::ofstream(root / "tmp/recent.tmp") << "x";
  fs::last_write_time(root / "tmp/old.tmp", fs::file_time_type::clock::now() - std::chrono::hours(25));
  cache->put("packages", "k", "v");
  EXPECT_FALSE(fs::exists(root / "tmp/old.tmp"));
  EXPECT_TRUE(fs::exists(root / "tmp/recent.tmp"));
}

TEST_F(CacheTest, KilledWriterLeavesOnlyTemporaryFiles) {
  const std::string body = noise(2 << 20);
  for (int round = 0; round < 6; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      const auto own = fresh();
      for (int i = 0;; ++i) own->put("segment", "k" + std::to_string(i % 3), body);
    }
    usleep(static_cast<useconds_t>(8000 + 3000 * round));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    const auto later = fresh();
    for (int i = 0; i < 3; ++i) {
      const auto entry = later->get("segment", "k" + std::to_string(i));
      EXPECT_TRUE(!entry || entry->bytes() == body);
    }
    for (const fs::path& file : files("segment")) EXPECT_EQ(fs::file_size(file), body.size() + kSealSize) << "a partial entry: " << file;
  }
}

TEST_F(CacheTest, SeveralProcessesAtOnce) {
  std::vector<pid_t> children;
  for (int number = 0; number < 4; ++number) {
    const pid_t child = fork();
    if (child == 0) {
      const auto own = fresh();
      bool good = true;
      for (int i = 0; i < 60; ++i) {
        const std::string key = std::to_string(i % 7), body = noise(20000, static_cast<unsigned>(i % 7) + 1);
        own->put("packages", key, body);
        const auto found = own->get("packages", key);
        good = good && found && found->bytes() == body;
      }
      _exit(good ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  EXPECT_EQ(files("packages").size(), 7u);
  EXPECT_TRUE(files("tmp").empty());
}

// The mapping of a reader survives that the entry is replaced and removed.
TEST_F(CacheTest, BlobsOutliveTheirEntry) {
  const Blob first = cache->put("packages", "k", "first");
  cache->put("packages", "k", "second");
  fs::remove_all(root);
  EXPECT_EQ(first.bytes(), "first");
}

TEST_F(CacheTest, FullDiskCostsThePutNothing) {
  fs::create_directories(root);
  const pid_t child = fork();
  if (child == 0) {
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("tmpfs", root.c_str(), "tmpfs", 0, "size=256k") != 0) {
      _exit(77);
    }
    const std::string body = noise(1 << 20);
    const auto small = fresh();
    if (small->put("payload", "k", body).bytes() != body) _exit(1);
    if (small->get("payload", "k")) _exit(2);
    const auto writer = small->create("payload", "k");
    for (std::size_t at = 0; at < body.size(); at += 1000) writer->write(std::string_view(body).substr(at, 1000));
    if (writer->commit().bytes() != body) _exit(3);
    if (!files("tmp").empty()) _exit(4);
    _exit(small->put("payload", "small", "fits").bytes() == "fits" && small->get("payload", "small") ? 0 : 5);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "mounting a small file system is not permitted here";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(CacheTest, AnImpossiblePlaceCostsOnlyTheCache) {
  std::ofstream(directory.path() / "file") << "x";
  const auto impossible = disk_cache(directory.path() / "file/cache");
  EXPECT_EQ(impossible->put("packages", "k", "v").bytes(), "v");
  EXPECT_FALSE(impossible->get("packages", "k"));
  const auto writer = impossible->create("packages", "k");
  writer->write("streamed");
  EXPECT_EQ(writer->commit().bytes(), "streamed");
  // Downloads have a landing of their own, which says that the cache cannot be written.
  const Error error = error_of([&] { impossible->create("download", std::string(64, 'a')); });
  EXPECT_EQ(error.kind(), ErrorKind::input);
  EXPECT_TRUE(contains(error.message(), (directory.path() / "file/cache").native())) << error.message();
}

TEST(DefaultCacheDirectory, FollowsTheEnvironment) {
  const auto with = [](const char* chosen, const char* xdg, const char* home) {
    const std::string old_home = std::getenv("HOME") != nullptr ? std::getenv("HOME") : "";
    setenv("RESOLE_CACHE_DIR", chosen, 1);
    setenv("XDG_CACHE_HOME", xdg, 1);
    setenv("HOME", home, 1);
    std::string found;
    try {
      found = default_cache_directory().native();
    } catch (const Error& error) {
      found = kind_name(error.kind());
    }
    unsetenv("RESOLE_CACHE_DIR");
    unsetenv("XDG_CACHE_HOME");
    setenv("HOME", old_home.c_str(), 1);
    return found;
  };
  EXPECT_EQ(with("/c", "/x", "/h"), "/c");
  EXPECT_EQ(with("", "/x", "/h"), "/x/resole");
  EXPECT_EQ(with("", "relative", "/h"), "/h/.cache/resole");
  EXPECT_EQ(with("", "", ""), "usage");
}

TEST(CacheSeal, FitsOnlyItsPayload) {
  const std::string entry = "payload" + make_seal(7, sha256_of("payload"));
  EXPECT_EQ(sealed_payload(entry, true), "payload");
  EXPECT_FALSE(sealed_payload("", true));
  EXPECT_FALSE(sealed_payload("payloax" + entry.substr(7), true));
  EXPECT_TRUE(sealed_payload("payloax" + entry.substr(7), false));
  EXPECT_FALSE(sealed_payload("x" + entry, false));
  EXPECT_FALSE(sealed_payload(entry + "x", false));
}

}  // namespace
}  // namespace resole::test
