// SPDX-License-Identifier: Apache-2.0
// What was planned and built before is taken again only while nothing that it follows from has changed.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>

#include "base/error.hpp"
#include "patch/watched.hpp"
#include "patch/way_rig.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

class Recall : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (TestKey::possible()) debian_ = std::make_unique<SmallDebian>();
  }
  static void TearDownTestSuite() { debian_.reset(); }
  void SetUp() override {
    if (!debian_) GTEST_SKIP() << "gpg is not on this machine";
    serve(2);
    rig_.registry.add_image("team/app", built_image({.layers = {debian_->layer("amd64")}, .architecture = "amd64"}), "1");
  }

  // A level a day: the security archive is dated by it.
  void serve(int level) { mirror_.serve(debian_->archives({{"amd64", level}}, fmt::format("Tue, {} Nov 2026 00:00:00 UTC", 15 + level))); }
  document::Plan plan(const WishForPatch& wish = {}) { return rig_.plan(rig_.at("team/app:1"), wish); }
  static std::string version_in(const document::Plan& plan) { return plan.platforms.at(0).packages.empty() ? "" : plan.platforms[0].packages[0].to; }
  bool asked_for_indexes() const {
    const auto log = mirror_.log();
    return std::any_of(log.begin(), log.end(), [](const std::string& line) { return line.find("Packages") != std::string::npos || line.find("by-hash") != std::string::npos; });
  }
  // Plans; whether it was made anew.
  bool planned_anew(const WishForPatch& wish = {}) {
    std::filesystem::remove_all(rig_.cache_folder() / "packages");
    std::filesystem::remove_all(rig_.cache_folder() / "download");
    mirror_.forget();
    plan(wish);
    return asked_for_indexes();
  }

  static inline std::unique_ptr<SmallDebian> debian_;
  FakeMirror mirror_;
  WayRig rig_{mirror_};
};

TEST_F(Recall, TheSameInputsGiveTheSamePlanWithoutAnIndex) {
  const document::Plan first = plan();
  EXPECT_FALSE(planned_anew());
  document::Plan second = plan({.as_of = kNow + 3600});
  EXPECT_EQ(second.as_of, format_time(kNow + 3600));
  second.as_of = first.as_of;
  EXPECT_EQ(document::write_plan(second), document::write_plan(first));
}

TEST_F(Recall, ANewReleaseIsPlannedWith) {
  EXPECT_EQ(version_in(plan()), SmallDebian::version(2));
  serve(3);
  EXPECT_EQ(version_in(plan()), SmallDebian::version(3));
  EXPECT_FALSE(planned_anew()) << "and that plan is the one that is kept";
}

TEST_F(Recall, EveryReleaseIsAskedForOnceInARun) {
  plan();
  serve(3);
  mirror_.forget();
  plan();
  std::map<std::string, int> times;
  for (const std::string& line : mirror_.log()) {
    if (line.find("InRelease") != std::string::npos) ++times[line.substr(0, line.rfind(' '))];
  }
  EXPECT_FALSE(times.empty());
  for (const auto& [request, count] : times) EXPECT_EQ(count, 1) << request;
}

TEST_F(Recall, NobodyWaitsTwiceForARepositoryInTrouble) {
  mirror_.serve({});
  EXPECT_THROW(plan(), Error);
  const unsigned once = rig_.waits.exchange(0);
  const auto asked = mirror_.log().size();
  serve(2);
  plan();
  mirror_.serve({});
  mirror_.forget();
  EXPECT_THROW(plan(), Error);
  EXPECT_EQ(rig_.waits, once);
  EXPECT_EQ(mirror_.log().size(), asked);
}

TEST_F(Recall, AnotherWishIsAnotherPlan) {
  const document::Plan first = plan();
  const document::Plan without = plan({.hold = {"*"}});
  EXPECT_TRUE(without.platforms[0].packages.empty());
  EXPECT_EQ(plan({.compression = "zstd"}).compression, "zstd");
  EXPECT_EQ(document::write_plan(plan()), document::write_plan(first));
}

TEST_F(Recall, TimeEndsIt) {
  plan();
  EXPECT_FALSE(planned_anew({.as_of = kNow + 2 * 86400}));
  EXPECT_TRUE(planned_anew({.as_of = kNow + 3 * 86400})) << "keys expire without a plan naming them";
}

TEST_F(Recall, AClockThatWentBackEndsIt) {
  plan();
  EXPECT_TRUE(planned_anew({.as_of = kNow - 60}));
}

// The mirror goes back to what it was, after another image was planned from newer releases: that is a rollback, whoever asks.
TEST_F(Recall, ARollbackIsRefusedAlthoughThePlanIsKept) {
  rig_.registry.add_image("team/other", built_image({.layers = {debian_->layer("amd64")}, .architecture = "amd64", .config = R"("Labels":{"a":"b"})"}), "1");
  plan();
  serve(3);
  rig_.plan(rig_.at("team/other:1"));
  serve(2);
  EXPECT_THROW(plan(), Error);
}

TEST_F(Recall, AMirrorThatFailsIsNotAnUnchangedOne) {
  plan();
  mirror_.serve({});
  EXPECT_THROW(plan(), Error);
}

TEST_F(Recall, WhatWasBuiltIsNotBuiltAgain) {
  const document::Plan made = plan();
  const document::Result first = rig_.build(made, rig_.at("team/app:2"));
  std::filesystem::remove_all(rig_.cache_folder() / "download");  // the packages
  std::filesystem::remove_all(rig_.cache_folder() / "segment");
  mirror_.forget();
  rig_.registry.forget();
  const document::Result second = rig_.build(made, rig_.at("elsewhere/app:2"));
  EXPECT_EQ(second.patched.digest, first.patched.digest);
  EXPECT_EQ(mirror_.log(), std::vector<std::string>());
  EXPECT_EQ(rig_.registry.blob_uploads().size(), 3u) << "payload, database, config";
  EXPECT_EQ(tree_at(rig_.registry, "elsewhere/app", "2").blobs, tree_at(rig_.registry, "team/app", "2").blobs);
}

TEST_F(Recall, ACacheThatLostAPartMakesItAgain) {
  const document::Plan made = plan();
  const document::Result first = rig_.build(made, rig_.at("team/app:2"));
  for (const char* room : {"payload", "built", "result"}) {
    std::filesystem::remove_all(rig_.cache_folder() / room);
    EXPECT_EQ(rig_.build(made, rig_.at(std::string("after-") + room + "/app:2")).patched.digest, first.patched.digest) << room;
  }
}

TEST_F(Recall, AnEditedPlanIsNotTheOneThatWasBuilt) {
  document::Plan made = plan();
  rig_.build(made, rig_.at("team/app:2"));
  made.platforms[0].packages[0].repository.sha256 = Digest::of("another file");
  EXPECT_THROW(rig_.build(made, rig_.at("team/app:3")), Error);
}

// The proof stands on keys: with others it is made again.
TEST_F(Recall, OtherKeysAskForTheProofAgain) {
  const document::Plan made = plan();
  rig_.build(made, rig_.at("team/app:2"));
  const TestKey other("ed25519");
  EXPECT_THROW(rig_.build(made, rig_.at("team/app:3"), {.keyring = other.public_key()}), Error);
}

TEST_F(Recall, AResultIsKeptAsLongAsAPlan) {
  const document::Plan made = plan();
  const document::Result first = rig_.build(made, rig_.at("team/app:2"));
  std::filesystem::remove_all(rig_.cache_folder() / "download");
  mirror_.forget();
  EXPECT_EQ(rig_.build(made, rig_.at("team/app:3"), {.as_of = kNow + 4 * 86400}).patched.digest, first.patched.digest);
  EXPECT_FALSE(mirror_.log().empty()) << "the packages were asked for again";
}

TEST_F(Recall, APartThatIsAnotherIsMadeAgain) {
  const document::Plan made = plan();
  const document::Result first = rig_.build(made, rig_.at("team/app:2"));
  const std::string digest(first.platforms[0].config.hex());
  const auto cache = io::disk_cache(rig_.cache_folder());
  const std::string before(cache->get("built", digest).value().bytes());
  cache->put("built", digest, std::string(before.size(), 'x'));
  EXPECT_EQ(rig_.build(made, rig_.at("elsewhere/app:2")).patched.digest, first.patched.digest);
  EXPECT_EQ(tree_at(rig_.registry, "elsewhere/app", "2").blobs, tree_at(rig_.registry, "team/app", "2").blobs);
}

// Whatever a destination lost, the next run puts back.
TEST_F(Recall, ADestinationThatLostAPartGetsItAgain) {
  const std::string layout = (rig_.folder() / "out").native();
  rig_.patch(rig_.at("team/app:1"), "oci:" + layout + ":x");
  std::vector<std::filesystem::path> blobs;
  for (const auto& entry : std::filesystem::directory_iterator(layout + "/blobs/sha256")) blobs.push_back(entry.path());
  ASSERT_EQ(blobs.size(), 5u) << "manifest, config, base layer, payload, database";
  for (const auto& blob : blobs) {
    std::filesystem::remove(blob);
    rig_.patch(rig_.at("team/app:1"), "oci:" + layout + ":x");
    EXPECT_TRUE(std::filesystem::exists(blob)) << blob;
  }
}

// Docker's archives know no manifests: the image there is the same when its config is.
TEST_F(Recall, TheSecondNightIntoADockerArchiveIsQuiet) {
  const std::string archive = "docker-archive:" + (rig_.folder() / "out.tar").native() + ":example.org/app:1";
  for (const std::vector<std::string>& hold : {std::vector<std::string>{"*"}, std::vector<std::string>{}}) {
    rig_.patch(rig_.at("team/app:1"), archive, {.force = true, .hold = hold});
    const auto written = std::filesystem::last_write_time(rig_.folder() / "out.tar");
    rig_.registry.forget();
    rig_.patch(rig_.at("team/app:1"), archive, {.hold = hold});
    EXPECT_EQ(std::filesystem::last_write_time(rig_.folder() / "out.tar"), written);
    EXPECT_EQ(rig_.registry.bytes_down(), 0u);
  }
}

// A plan made while another process saw a newer release is not the one to go on with.
TEST_F(Recall, WhatAnotherProcessSawMeanwhileEndsIt) {
  {
    WayRig::Process process(rig_);
    patch::WatchedCache watched(process.tools.cache, {"release-seen"});
    watched.get("release-seen", "x");
    process.tools.cache.put("release-seen", "x", "newer");
    const auto asked = watched.asked();
    ASSERT_EQ(asked.size(), 1u);
    EXPECT_EQ(asked.begin()->second, "") << "what was seen, not what is there now";
    watched.put("release-seen", "x", "own");
    EXPECT_EQ(watched.asked().begin()->second, "own");
  }
}

TEST_F(Recall, NothingToWriteAsksNothingOfAForeignTag) {
  rig_.registry.add_image("team/foreign", built_image({.layers = {debian_->layer("amd64")}, .architecture = "amd64", .config = R"("Labels":{"a":"b"})"}), "1");
  const WishForPatch idle{.on_unchanged = patch::OnUnchanged::skip, .hold = {"*"}};
  EXPECT_EQ(rig_.patch(rig_.at("team/app:1"), rig_.at("team/foreign:1"), idle).result.outcome, "unchanged");
  EXPECT_THROW(rig_.patch(rig_.at("team/app:1"), rig_.at("team/foreign:1"), {.hold = {"*"}}), Error);
  EXPECT_THROW(rig_.patch(rig_.at("team/app:1"), rig_.at("team/foreign:1")), Error);
}

TEST_F(Recall, ANightWithNothingNewIsHeadsAndConditionalRequests) {
  rig_.patch(rig_.at("team/app:1"), rig_.at("team/app:2"));
  rig_.patch(rig_.at("team/app:1"), rig_.at("team/app:2"));
  rig_.registry.forget();
  mirror_.forget();
  rig_.patch(rig_.at("team/app:1"), rig_.at("team/app:2"));
  // The source twice (two processes), the destination and its manifest; its config and layers.
  EXPECT_EQ(rig_.registry.summary(), (FakeRegistry::Counts{{"HEAD manifest", 4}, {"HEAD blob", 4}}));
  for (const std::string& line : mirror_.log()) EXPECT_TRUE(line.ends_with("InRelease 304")) << line;
  EXPECT_EQ(mirror_.log().size(), 2u);
}

}  // namespace
}  // namespace resole::test
