// SPDX-License-Identifier: Apache-2.0
// Every fault at every request of a plan and a build from one repository of a registry to another, the registry's requests and the
// mirror's. After each: the destination is the old image or the new one; what was reported is an error of the right kind with a message;
// the cache holds nothing that is not what it says; the same again without the fault succeeds with this cache, and gives the image that a
// run without faults gives. The mirror's also of a run that could recall the plan of the one before.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>

#include "base/error.hpp"
#include "patch/way_rig.hpp"
#include "support/fault_table.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

constexpr const char* kFrom = "team/app:1";
constexpr const char* kRepository = "patched/app";

enum class Side { registry, mirror, mirror_again };

// What all cases start from.
struct World {
  SmallDebian debian;
  ArchiveFiles archives = debian.archives({{"amd64", 3}});
  SampleTree source = built_image({.layers = {debian.layer("amd64")}}), old, patched;
  std::map<Side, std::vector<std::string>> requests;  // of a run without faults

  World() {
    FakeMirror earlier, now;
    earlier.serve(debian.archives({{"amd64", 2}}));
    now.serve(archives);
    WayRig first(earlier);
    first.registry.add_image("team/app", source, "1");
    first.patch(first.at(kFrom), first.at("patched/app:1"));
    old = tree_at(first.registry, kRepository, "1");

    WayRig rig(now, {.access = {.auth = Auth::bearer}});
    begin(rig);
    rig.patch(rig.at(kFrom), rig.at("patched/app:1"));
    patched = tree_at(rig.registry, kRepository, "1");
    for (const RegistryRequest& request : rig.registry.log()) requests[Side::registry].push_back(request.method + " " + request.path);
    requests[Side::mirror] = now.log();
    now.forget();
    rig.patch(rig.at(kFrom), rig.at("patched/app:1"));
    requests[Side::mirror_again] = now.log();
  }

  void begin(WayRig& rig) const {
    rig.jobs = 1;  // the nth request is then the same one each time
    rig.registry.add_image("team/app", source, "1");
    rig.registry.add_image(kRepository, old, "1");
    rig.registry.forget();
  }
};

// Which kinds of error a fault may end in; empty: none, it must not be noticed.
std::set<ErrorKind> outcomes_of(const NamedFault& fault) {
  if (fault.passes) return {};
  const std::string name = fault.name;
  if (name == "unauthorized") return {ErrorKind::network};
  if (name == "forbidden" || name == "not_found") return {ErrorKind::network, ErrorKind::input, ErrorKind::refused};
  if (name == "blocked") return {ErrorKind::network};
  // "refused" is a destination that is said to be another one than it was: by a wrong digest, or by the answer to another request.
  if (name == "duplicated" || name == "wrong_digest")
    return {ErrorKind::network, ErrorKind::verification, ErrorKind::input, ErrorKind::refused};
  return {ErrorKind::network, ErrorKind::verification, ErrorKind::input};
}

void expect_good_cache(const io::Path& folder, const std::string& which) {
  namespace fs = std::filesystem;
  if (!fs::exists(folder)) return;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    const fs::path path = entry.path();
    EXPECT_NE(path.parent_path(), folder / "tmp") << which << ": " << path << " was left behind";
    if (path.parent_path().parent_path() != folder / "download") continue;
    EXPECT_EQ(sha256_hex_of(io::read_file(path, 64u << 20)), path.filename().native()) << which;
  }
}

void expect_a_message(const Error& error, const std::set<ErrorKind>& kinds, const std::string& which) {
  EXPECT_TRUE(kinds.contains(error.kind())) << which << ": kind " << static_cast<int>(error.kind()) << ": " << error.what();
  EXPECT_FALSE(error.message().empty()) << which;
  EXPECT_FALSE(error.hint().empty()) << which << ": no hint: " << error.what();
  EXPECT_EQ(std::string(error.what()).find("secret"), std::string::npos) << which;
}

class WholeWay : public testing::TestWithParam<NamedFault> {
 protected:
  static void SetUpTestSuite() {
    if (TestKey::possible()) world_ = std::make_unique<World>();
  }
  static void TearDownTestSuite() { world_.reset(); }
  void SetUp() override {
    if (!world_) GTEST_SKIP() << "gpg is not on this machine";
  }

  static void one_case(Side side, std::size_t at, const NamedFault& fault) {
    const std::string which = fmt::format("{} at {} ({})", fault.name, at, world_->requests.at(side)[at - 1]);
    FakeMirror mirror;
    mirror.serve(world_->archives);
    WayRig rig(mirror, {.access = {.auth = Auth::bearer}});
    world_->begin(rig);
    if (side == Side::mirror_again) {
      rig.patch(rig.at(kFrom), rig.at("patched/app:1"));
      rig.registry.tag(kRepository, "1", world_->old.root.digest);
    }
    side == Side::registry ? rig.registry.fail(at, fault.fault) : mirror.fail(at, fault.fault);
    if (fault.fault.duplicate) rig.stall = 0.7;  // each of them is waited for

    bool failed = false;
    try {
      EXPECT_EQ(rig.patch(rig.at(kFrom), rig.at("patched/app:1")).result.patched.digest, world_->patched.root.digest) << which;
    } catch (const Error& error) {
      failed = true;
      expect_a_message(error, outcomes_of(fault), which);
    }
    EXPECT_GT(side == Side::registry ? rig.registry.faults_struck() : mirror.faults_struck(), 0u) << which << ": nothing happened";
    const bool is_new = rig.registry.holds(kRepository, "1", world_->patched), is_old = rig.registry.holds(kRepository, "1", world_->old);
    EXPECT_TRUE(is_new || is_old) << which << ": neither the old image nor the new one";
    EXPECT_TRUE(failed || is_new) << which << ": no error, but the old image";
    expect_good_cache(rig.cache_folder(), which);

    if (!failed && fault.passes) return;  // it ended as a run without faults does, and so would the next one
    rig.registry.stop_failing();
    mirror.stop_failing();
    rig.stall = 2;
    try {
      rig.patch(rig.at(kFrom), rig.at("patched/app:1"));
      EXPECT_TRUE(rig.registry.holds(kRepository, "1", world_->patched)) << "rerun after " << which;
    } catch (const Error& error) {
      ADD_FAILURE() << "rerun after " << which << ": " << error.what();
    }
  }

  static void every_request(Side side, const NamedFault& fault) {
    const std::size_t count = world_->requests.at(side).size();
    ASSERT_GE(count, side == Side::registry ? 20u : side == Side::mirror ? 6u : 2u);
    parallel_for(count, 2, [&](std::size_t i) {
      if (is_tried(fault, i + 1)) one_case(side, i + 1, fault);
    });
  }

  static inline std::unique_ptr<World> world_;
};
INSTANTIATE_TEST_SUITE_P(Faults, WholeWay, testing::ValuesIn(all_faults()), [](const auto& each) { return std::string(each.param.name); });

TEST_P(WholeWay, AtEveryRequestToTheRegistry) { every_request(Side::registry, GetParam()); }
TEST_P(WholeWay, AtEveryRequestToTheMirror) { every_request(Side::mirror, GetParam()); }
TEST_P(WholeWay, AtEveryRequestToTheMirrorOfARunThatRecalls) { every_request(Side::mirror_again, GetParam()); }

}  // namespace
}  // namespace resole::test
