// SPDX-License-Identifier: Apache-2.0
#include "patch/downloads.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>

#include "base/error.hpp"

namespace resole::patch {
namespace RESOLE_TEST_FILE {

using namespace std::chrono_literals;

// Does what the test tells it, one step after the other: hand over a resource, fail, or end. As a real one it lets pass what the callback
// throws, and hands nothing over after that.
class ToldFetcher : public Fetcher {
 public:
  void deliver(std::size_t index) { tell(index); }
  void fail(std::exception_ptr failure) {
    failure_ = std::move(failure);
    tell(kFail);
  }
  void end() { tell(kEnd); }

  void fetch_all(std::span<const Resource> resources, const std::function<void(std::size_t, Blob)>& done) override {
    running_ = true;
    const std::shared_ptr<void> stop(this, [](void* self) { static_cast<ToldFetcher*>(self)->running_ = false; });
    for (std::size_t index = next(); index != kEnd; index = next()) {
      if (index == kFail) std::rethrow_exception(failure_);
      done(index, Blob::of(resources[index].url));
      ++delivered;
    }
  }
  Blob fetch(const Resource&) override { throw std::logic_error("not asked for"); }
  std::string fetch_range(const Resource&, std::uint64_t, std::uint64_t) override { throw std::logic_error("not asked for"); }
  std::optional<Blob> cached(const Digest&) override { return std::nullopt; }

  bool is_running() const { return running_; }
  std::atomic<std::size_t> delivered = 0;

 private:
  static constexpr std::size_t kEnd = ~std::size_t{0}, kFail = kEnd - 1;

  void tell(std::size_t step) {
    const std::lock_guard lock(mutex_);
    steps_.push_back(step);
    told_.notify_all();
  }
  std::size_t next() {
    std::unique_lock lock(mutex_);
    told_.wait(lock, [&] { return !steps_.empty(); });
    const std::size_t step = steps_.front();
    steps_.pop_front();
    return step;
  }

  std::mutex mutex_;
  std::condition_variable told_;
  std::deque<std::size_t> steps_;
  std::exception_ptr failure_;
  std::atomic<bool> running_ = false;
};

std::vector<Resource> resources(std::size_t count) {
  std::vector<Resource> all(count);
  for (std::size_t i = 0; i < count; ++i) all[i].url = "http://mirror.example.org/" + std::to_string(i);
  return all;
}

std::string url(std::size_t index) { return resources(index + 1).back().url; }

void no_check(std::size_t) {}

template <class Call>
std::string problem_of(const Call& call) {
  try {
    call();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

TEST(Downloads, EachIsThereAsSoonAsItHasArrived) {
  ToldFetcher fetcher;
  Downloads downloads(fetcher, resources(3), no_check);
  for (const std::size_t index : {2, 0, 1}) {
    fetcher.deliver(index);
    EXPECT_EQ(downloads.get(index).bytes(), url(index));
  }
  EXPECT_EQ(downloads.get(2).bytes(), url(2)) << "more than once";
  fetcher.end();
  downloads.finish();
}

TEST(Downloads, GetAndFinishWait) {
  ToldFetcher fetcher;
  Downloads downloads(fetcher, resources(2), no_check);
  auto got = std::async(std::launch::async, [&] { return std::string(downloads.get(0).bytes()); });
  auto finished = std::async(std::launch::async, [&] { downloads.finish(); });
  fetcher.deliver(1);
  EXPECT_EQ(downloads.get(1).bytes(), url(1));
  EXPECT_EQ(got.wait_for(30ms), std::future_status::timeout) << "another one is not this one";
  fetcher.deliver(0);
  EXPECT_EQ(got.get(), url(0));
  EXPECT_EQ(finished.wait_for(30ms), std::future_status::timeout);
  fetcher.end();
  EXPECT_EQ(finished.wait_for(10s), std::future_status::ready);
}

TEST(Downloads, EachIsCheckedBeforeItIsSeen) {
  ToldFetcher fetcher;
  std::promise<void> checking, go_on;
  std::vector<std::size_t> checked;
  Downloads downloads(fetcher, resources(2), [&](std::size_t index) {
    checked.push_back(index);
    if (index != 1) return;
    checking.set_value();
    go_on.get_future().wait();
  });
  auto got = std::async(std::launch::async, [&] { return std::string(downloads.get(1).bytes()); });
  fetcher.deliver(1);
  checking.get_future().wait();
  EXPECT_EQ(got.wait_for(30ms), std::future_status::timeout) << "its check is not done";
  go_on.set_value();
  EXPECT_EQ(got.get(), url(1));
  fetcher.deliver(0);
  fetcher.end();
  downloads.finish();
  EXPECT_EQ(checked, (std::vector<std::size_t>{1, 0}));
}

TEST(Downloads, TheFailureOfOneIsThrownByAll) {
  ToldFetcher fetcher;
  Downloads downloads(fetcher, resources(3), no_check);
  auto waiting = std::async(std::launch::async, [&] { return problem_of([&] { downloads.get(1); }); });
  fetcher.deliver(0);
  fetcher.fail(std::make_exception_ptr(Error(ErrorKind::network, "package b: 404 not found", "use another mirror")));
  EXPECT_EQ(waiting.get(), "package b: 404 not found") << "who waited when it happened";
  EXPECT_EQ(problem_of([&] { downloads.get(2); }), "package b: 404 not found") << "who comes later";
  try {
    downloads.finish();
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::network);
    EXPECT_EQ(error.hint(), "use another mirror");
  }
  EXPECT_EQ(downloads.get(0).bytes(), url(0)) << "what has arrived stays";
}

TEST(Downloads, ACheckThatFailsEndsThem) {
  ToldFetcher fetcher;
  std::atomic<int> checks = 0;
  Downloads downloads(fetcher, resources(3), [&](std::size_t index) {
    ++checks;
    if (index == 1) throw Error(ErrorKind::verification, "package b is not what was planned");
  });
  fetcher.deliver(0);
  fetcher.deliver(1);
  fetcher.deliver(2);
  EXPECT_EQ(problem_of([&] { downloads.get(1); }), "package b is not what was planned");
  EXPECT_EQ(problem_of([&] { downloads.get(2); }), "package b is not what was planned");
  EXPECT_EQ(problem_of([&] { downloads.finish(); }), "package b is not what was planned");
  EXPECT_EQ(downloads.get(0).bytes(), url(0));
  EXPECT_EQ(checks.load(), 2);
}

TEST(Downloads, OtherExceptionsAreCarriedToo) {
  ToldFetcher fetcher;
  Downloads downloads(fetcher, resources(1), no_check);
  fetcher.fail(std::make_exception_ptr(std::bad_alloc()));
  EXPECT_THROW(downloads.get(0), std::bad_alloc);
  EXPECT_THROW(downloads.finish(), std::bad_alloc);
}

TEST(Downloads, TheDestructorBreaksOffWhatStillRuns) {
  ToldFetcher fetcher;
  std::atomic<int> checks = 0;
  std::thread mirror;
  auto destroyed = std::async(std::launch::async, [&] {
    Downloads downloads(fetcher, resources(100), [&](std::size_t) { ++checks; });
    fetcher.deliver(0);
    fetcher.deliver(1);
    downloads.get(1);
    // As a mirror that goes on: the rest arrives while the destructor waits.
    mirror = std::thread([&] {
      std::this_thread::sleep_for(100ms);
      for (std::size_t index = 2; index < 100; ++index) fetcher.deliver(index);
    });
  });
  const bool in_time = destroyed.wait_for(20s) == std::future_status::ready;
  mirror.join();
  if (!in_time) fetcher.end();
  ASSERT_TRUE(in_time) << "the destructor hangs";
  EXPECT_FALSE(fetcher.is_running()) << "the thread is gone";
  EXPECT_EQ(fetcher.delivered.load(), 2u) << "nothing is taken any more";
  EXPECT_EQ(checks.load(), 2);
}

TEST(Downloads, TheDestructorAfterTheEndAndAfterAFailure) {
  for (const bool fails : {false, true}) {
    ToldFetcher fetcher;
    Downloads downloads(fetcher, resources(1), no_check);
    fetcher.deliver(0);
    if (fails) fetcher.fail(std::make_exception_ptr(Error(ErrorKind::network, "gone")));
    if (!fails) fetcher.end();
    downloads.get(0);
  }
}

TEST(Downloads, NothingToDownload) {
  ToldFetcher fetcher;
  fetcher.end();
  Downloads downloads(fetcher, {}, [](std::size_t) { ADD_FAILURE() << "there is nothing to check"; });
  downloads.finish();
  downloads.finish();
}

// The callback of fetch_all runs on several threads at once.
TEST(Downloads, ManyThreadsArriveAndManyWait) {
  class ParallelFetcher : public ToldFetcher {
   public:
    void fetch_all(std::span<const Resource> all, const std::function<void(std::size_t, Blob)>& done) override {
      parallel_for(all.size(), 8, [&](std::size_t index) { done(index, Blob::of(all[index].url)); });
    }
  };
  constexpr std::size_t count = 500;
  ParallelFetcher fetcher;
  std::vector<std::atomic<int>> checked(count);
  Downloads downloads(fetcher, resources(count), [&](std::size_t index) { ++checked[index]; });
  parallel_for(count, 8, [&](std::size_t i) {
    const std::size_t index = count - 1 - i;
    if (downloads.get(index).bytes() != url(index) || checked[index] != 1) throw std::logic_error("resource " + std::to_string(index));
  });
  downloads.finish();
}

}  // namespace
}  // namespace resole::patch
