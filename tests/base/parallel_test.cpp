// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/effects.hpp"
#include "base/error.hpp"

namespace resole {
namespace RESOLE_TEST_FILE {

TEST(ParallelFor, RunsEachIndexOnce) {
  for (unsigned jobs : {0u, 1u, 2u, 7u}) {
    std::vector<std::atomic<int>> runs(1000);
    parallel_for(runs.size(), jobs, [&](std::size_t i) { ++runs[i]; });
    for (const auto& count : runs) EXPECT_EQ(count, 1);
  }
  parallel_for(0, 4, [](std::size_t) { FAIL(); });
}

TEST(ParallelFor, RethrowsTheLowestFailure) {
  for (unsigned jobs : {1u, 2u, 8u}) {
    for (int round = 0; round < 20; ++round) {
      try {
        parallel_for(100, jobs, [](std::size_t i) {
          if (i == 10) std::this_thread::sleep_for(std::chrono::milliseconds(1));  // so that a later one fails first
          if (i >= 10) throw Error(ErrorKind::input, std::to_string(i));
        });
        FAIL();
      } catch (const Error& error) {
        EXPECT_EQ(error.message(), "10");
      }
    }
  }
}

}  // namespace
}  // namespace resole
