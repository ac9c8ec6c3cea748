// SPDX-License-Identifier: Apache-2.0
// What the whole way asks of a registry and of a mirror, and nothing else: new layers, configs and manifests go up; a layer that is indexed
// never comes down; a run with nothing to do looks and goes.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "patch/way_rig.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

using Counts = FakeRegistry::Counts;

class LeastWork : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (TestKey::possible()) debian_ = std::make_unique<SmallDebian>();
  }
  static void TearDownTestSuite() { debian_.reset(); }
  void SetUp() override {
    if (!debian_) GTEST_SKIP() << "gpg is not on this machine";
    mirror_.serve(debian_->archives({{"amd64", 2}, {"arm64", 2}}));
  }

  static SampleTree image(const std::string& architecture, const std::string& label = "1") {
    return built_image(
        {.layers = {debian_->layer(architecture)}, .architecture = architecture, .config = R"("Labels":{"build":")" + label + "\"}"});
  }
  static SampleTree index() {
    return built_index({{image("amd64"), platform_member("linux/amd64")}, {image("arm64"), platform_member("linux/arm64/v8")}});
  }
  void forget() {
    rig_.registry.forget();
    mirror_.forget();
  }
  Counts asked() const { return rig_.registry.summary(); }
  // How often packages were downloaded.
  std::size_t packages_down() const {
    const auto log = mirror_.log();
    return static_cast<std::size_t>(
        std::count_if(log.begin(), log.end(), [](const std::string& line) { return line.find(".deb") != std::string::npos; }));
  }

  static inline std::unique_ptr<SmallDebian> debian_;
  FakeMirror mirror_;
  WayRig rig_{mirror_};
};

TEST_F(LeastWork, APatchUploadsNewLayersConfigAndManifest) {
  rig_.registry.add_image("team/app", image("amd64"), "1");
  const document::Plan plan = rig_.plan(rig_.at("team/app:1"));
  forget();
  const document::Result result = rig_.build(plan, rig_.at("team/app:2"));
  ASSERT_EQ(result.platforms[0].layers.size(), 2u);
  EXPECT_EQ(rig_.registry.blob_uploads().size(), 3u) << "payload, database, config";
  // HEAD: source tag; destination tag twice (before the work and before it is written); the manifest; three new blobs and the base layer.
  EXPECT_EQ(
      asked(),
      (Counts{{"HEAD manifest", 4}, {"HEAD blob", 4}, {"POST upload", 3}, {"PATCH upload", 3}, {"PUT upload", 3}, {"PUT manifest", 1}}));
  EXPECT_EQ(rig_.registry.violations(), std::vector<std::string>());
}

TEST_F(LeastWork, APatchOfAnIndexToo) {
  rig_.registry.add_image("team/app", index(), "1");
  const document::Plan plan = rig_.plan(rig_.at("team/app:1"));
  forget();
  rig_.build(plan, rig_.at("team/app:2"));
  EXPECT_EQ(rig_.registry.blob_uploads().size(), 5u) << "a database and a config for each, and the payload, which is the same";
  const Counts counts = asked();
  EXPECT_EQ(counts.at("PUT manifest"), 3u) << "two images and the index";
  EXPECT_EQ(counts.count("GET blob") + counts.count("GET manifest"), 0u) << "what planning has read is known";
  EXPECT_EQ(counts.count("POST mount"), 0u) << "in the same repository there is nothing to mount";
}

TEST_F(LeastWork, IntoAnotherRepositoryTheRestIsMounted) {
  rig_.registry.add_image("team/app", index(), "1");
  const document::Plan plan = rig_.plan(rig_.at("team/app:1"));
  forget();
  rig_.build(plan, rig_.at("patched/app:1"));
  EXPECT_EQ(rig_.registry.mounts().size(), 2u) << "the base layers";
  EXPECT_EQ(rig_.registry.blob_uploads().size(), 5u);
  EXPECT_EQ(asked().count("GET blob"), 0u);
}

TEST_F(LeastWork, PlanningReadsALayerOnceEver) {
  rig_.registry.add_image("team/app", image("amd64"), "1");
  rig_.plan(rig_.at("team/app:1"));
  EXPECT_EQ(asked(), (Counts{{"HEAD manifest", 1}, {"GET manifest", 1}, {"GET blob", 2}})) << "config and layer";
  forget();
  rig_.plan(rig_.at("team/app:1"));
  EXPECT_EQ(asked(), (Counts{{"HEAD manifest", 1}}));
  EXPECT_EQ(packages_down(), 0u) << "and what is known of packages is kept";
  // Another image on the same layer, in another place.
  const SampleTree other = image("amd64", "2");
  rig_.registry.add_image("other/app", other, "1");
  forget();
  rig_.plan(rig_.at("other/app:1"));
  EXPECT_EQ(asked(), (Counts{{"HEAD manifest", 1}, {"GET manifest", 1}, {"GET blob", 1}})) << "its config, and no layer";
}

TEST_F(LeastWork, NothingToDoCostsHeads) {
  rig_.registry.add_image("team/app", index(), "1");
  rig_.patch(rig_.at("team/app:1"), rig_.at("team/app:2"));
  rig_.patch(rig_.at("team/app:2"), rig_.at("team/app:3"));
  forget();
  const Patched again = rig_.patch(rig_.at("team/app:2"), rig_.at("team/app:3"));
  EXPECT_EQ(again.result.patched.digest, again.result.source.digest);
  for (const auto& [kind, count] : asked()) EXPECT_TRUE(kind.starts_with("HEAD ")) << kind << " " << count;
  EXPECT_EQ(rig_.registry.bytes_up() + rig_.registry.bytes_down(), 0u);
  for (const std::string& line : mirror_.log()) EXPECT_TRUE(line.ends_with("InRelease 304")) << line;
}

TEST_F(LeastWork, TheSamePatchForAnotherImageMakesNoLayerAgain) {
  rig_.registry.add_image("team/app", image("amd64"), "1");
  const Patched first = rig_.patch(rig_.at("team/app:1"), rig_.at("team/app:2"));
  rig_.registry.add_image("team/app", image("amd64", "other"), "other");
  forget();
  const Patched second = rig_.patch(rig_.at("team/app:other"), rig_.at("team/app:other-patched"));
  EXPECT_EQ(second.result.platforms[0].layers[0].digest, first.result.platforms[0].layers[0].digest);
  EXPECT_EQ(rig_.registry.blob_uploads().size(), 1u) << "its config";
  EXPECT_EQ(packages_down(), 0u);
}

}  // namespace
}  // namespace resole::test
