// SPDX-License-Identifier: Apache-2.0
// A fetcher on a cache of its own, with a server, a reporter that remembers and a sleep that only counts.
#pragma once
#include <gtest/gtest.h>

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "io/fetcher.hpp"
#include "support/http_server.hpp"

namespace resole::test {

class RememberingReporter : public Reporter {
 public:
  int begin(std::string_view phase, std::uint64_t) override {
    const std::lock_guard lock(mutex_);
    phases.emplace_back(phase);
    return static_cast<int>(phases.size());
  }
  void progress(int, std::uint64_t bytes_done, std::string_view) override {
    const std::lock_guard lock(mutex_);
    last_progress = bytes_done;
  }
  void end(int) override {}
  void note(std::string_view message) override { remember(message); }
  void warn(std::string_view message) override { remember(message); }
  void debug(std::string_view message) override { remember(message); }

  std::string text() const {
    std::string all;
    for (const std::string& message : messages) all += message + "\n";
    return all;
  }

  std::vector<std::string> phases, messages;
  std::uint64_t last_progress = 0;

 private:
  void remember(std::string_view message) {
    const std::lock_guard lock(mutex_);
    messages.emplace_back(message);
  }
  std::mutex mutex_;
};

class FixedClock : public Clock {
 public:
  std::int64_t now() const override { return seconds; }
  double monotonic() const override { return ticks; }
  std::int64_t seconds = 1750000000;
  double ticks = 0;
};

// The Error that `body` throws; a test failure when it throws none.
template <class Body>
Error error_of(Body&& body) {
  try {
    body();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no Error was thrown";
  return Error(ErrorKind::internal, "no Error was thrown");
}

inline bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// Bytes that do not compress and do not repeat, the same in every run.
inline std::string noise(std::size_t size, unsigned seed = 1) {
  std::string bytes(size, '\0');
  std::uint64_t state = seed;
  for (char& byte : bytes) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    byte = static_cast<char>(state >> 56);
  }
  return bytes;
}

class FetchingTest : public testing::Test {
 protected:
  Fetcher& fetcher() {
    if (!fetcher_) fetcher_ = make();
    return *fetcher_;
  }
  // A fetcher with the options as they are now, on the same cache directory: as a later process would have it.
  std::unique_ptr<Fetcher> make() {
    cache = io::disk_cache(directory.path() / "cache");
    HttpOptions given = options;
    given.sleep = [this](double seconds) {
      const std::lock_guard lock(mutex_);
      slept.push_back(seconds);
    };
    return io::http_fetcher(given, *cache, directory.path() / "cache", reporter, clock);
  }
  using HttpOptions = io::HttpOptions;

  Resource known(const std::string& path, const std::string& body) const {
    return {.url = server.url(path), .sha256 = Digest::of(body), .size = static_cast<std::int64_t>(body.size()), .what = "package " + path};
  }
  Resource unknown(const std::string& path) const { return {.url = server.url(path), .what = "InRelease " + path}; }

  HttpServer server;
  io::TemporaryDirectory directory;
  HttpOptions options{.allowed_private_hosts = {server.host()}};
  RememberingReporter reporter;
  FixedClock clock;
  std::vector<double> slept;
  std::unique_ptr<Cache> cache;

 private:
  std::unique_ptr<Fetcher> fetcher_;
  std::mutex mutex_;
};

}  // namespace resole::test
