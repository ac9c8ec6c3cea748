// SPDX-License-Identifier: Apache-2.0
// Every fault at every request of a pull and of a push in turn. After each: the destination is the old image or the new one, what was reported is an error
// with a message, and the same again without the fault succeeds with the same cache.
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "registry/remote_rig.hpp"
#include "support/fault_table.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

class EveryFault : public testing::TestWithParam<NamedFault> {};
INSTANTIATE_TEST_SUITE_P(Remote, EveryFault, testing::ValuesIn(all_faults()), [](const auto& each) { return std::string(each.param.name); });

void expect_a_message(const Error& error, std::size_t at) {
  EXPECT_NE(error.kind(), ErrorKind::internal) << at << ": " << error.what();
  EXPECT_NE(error.kind(), ErrorKind::usage) << at << ": " << error.what();
  EXPECT_FALSE(error.message().empty());
  EXPECT_EQ(std::string(error.what()).find("secret"), std::string::npos);
}

constexpr std::size_t kMostRequests = 200;

TEST_P(EveryFault, AtEveryRequestOfAPull) {
  const SampleTree tree = sample_index("one");
  for (std::size_t at = 1; at < kMostRequests; ++at) {
    if (!is_tried(GetParam(), at)) continue;
    RemoteRig rig({.access = {.auth = Auth::bearer}});
    rig.registry.add_image("team/app", tree, "1");
    rig.registry.fail(at, GetParam().fault);
    MemoryStore store;
    bool failed = false;
    try {
      EXPECT_EQ(rig.pull("team/app:1", store).digest, tree.root.digest);
    } catch (const Error& error) {
      failed = true;
      expect_a_message(error, at);
      EXPECT_FALSE(GetParam().passes) << at << ": " << error.what();
    }
    const bool struck = rig.registry.faults_struck() > 0;
    rig.registry.stop_failing();
    MemoryStore again;
    EXPECT_EQ(rig.pull("team/app:1", again).digest, tree.root.digest) << "rerun after " << at;
    for (const auto& [digest, bytes] : tree.blobs) EXPECT_TRUE(again.has_blob(describe("a/b", bytes)));
    if (!struck) return;
    if (!failed) {
      for (const auto& [digest, bytes] : tree.blobs) EXPECT_TRUE(store.has_blob(describe("a/b", bytes))) << at;
    }
  }
  FAIL() << "more requests than expected";
}

TEST_P(EveryFault, AtEveryRequestOfAPush) {
  const SampleTree old = sample_image("old"), tree = sample_index("new");
  for (std::size_t at = 1; at < kMostRequests; ++at) {
    if (!is_tried(GetParam(), at)) continue;
    RemoteRig rig({.access = {.auth = Auth::bearer}});
    rig.registry.add_image("team/app", old, "1");
    rig.registry.fail(at, GetParam().fault);
    if (GetParam().fault.duplicate) rig.stall = 0.7;  // each of them is waited for
    bool failed = false;
    try {
      rig.push(tree, "team/app:1", old.root.digest);
    } catch (const Error& error) {
      failed = true;
      expect_a_message(error, at);
      EXPECT_FALSE(GetParam().passes) << at << ": " << error.what();
    }
    const bool struck = rig.registry.faults_struck() > 0;
    const bool is_new = rig.registry.holds("team/app", "1", tree), is_old = rig.registry.holds("team/app", "1", old);
    EXPECT_TRUE(is_new || is_old) << at;
    if (!failed) {
      EXPECT_TRUE(is_new) << at << ": no error, but the old image";
    }
    rig.registry.stop_failing();
    rig.stall = 2;
    const Digest there = rig.registry.manifest("team/app", "1")->digest;
    rig.push(tree, "team/app:1", there);
    EXPECT_TRUE(rig.registry.holds("team/app", "1", tree)) << "rerun after " << at;
    if (!struck) return;
  }
  FAIL() << "more requests than expected";
}

}  // namespace
}  // namespace resole::test
