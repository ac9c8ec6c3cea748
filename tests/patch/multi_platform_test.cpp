// SPDX-License-Identifier: Apache-2.0
// Indexes are patched whole, and what is not patched stays as it is, byte for byte; in registries and in layouts.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "base/error.hpp"
#include "base/json.hpp"
#include "patch/places_of_images.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

namespace mt = oci::media_type;

// With the order of the keys.
std::string text(const OrderedJson& json) { return json.dump(); }

OrderedJson json_at(const SampleTree& tree, const std::string& digest) {
  return parse_json_ordered(tree.blobs.at(Digest::parse(digest)), "a part");
}
OrderedJson root_of(const SampleTree& tree) { return parse_json_ordered(tree.blobs.at(tree.root.digest), "root"); }
OrderedJson config_of(const SampleTree& tree, const OrderedJson& entry) {
  const OrderedJson manifest = json_at(tree, entry.at("digest"));
  return json_at(tree, manifest.at("config").at("digest"));
}

// As Microsoft's are: the base layers are theirs to hand out, and in no other registry.
SampleTree windows_image() {
  const std::string diff_id = "sha256:" + std::string(64, 'a');
  const std::string config =
      R"({"architecture":"amd64","os":"windows","os.version":"10.0.20348.2700","rootfs":{"type":"layers","diff_ids":[")" + diff_id +
      R"("]}})";
  const std::string layer = json_of(describe("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", "never here"),
                                    R"(,"urls":["https://example.org/layer"])");
  const std::string manifest = R"({ "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": )" +
                               json_of(describe(mt::kOciConfig, config)) + R"(, "layers": [)" + layer + "] }\n";
  SampleTree out;
  out.blobs[Digest::of(config)] = config;
  out.blobs[Digest::of(manifest)] = manifest;
  out.root = describe(mt::kOciManifest, manifest);
  return out;
}

// What an index may also list: a manifest that is no image.
SampleTree artifact() {
  const std::string empty = "{}", body = "a signature or whatever";
  const std::string manifest =
      R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"application/x-thing","config":)" +
      json_of(describe("application/vnd.oci.empty.v1+json", empty)) + R"(,"layers":[)" + json_of(describe("application/x-thing", body)) +
      "]}";
  SampleTree out;
  for (const std::string* bytes : {&empty, &body, &manifest}) out.blobs[Digest::of(*bytes)] = *bytes;
  out.root = describe(mt::kOciManifest, manifest);
  return out;
}

constexpr const char* kWindows =
    R"(,"platform":{"architecture":"amd64","os":"windows","os.version":"10.0.20348.2700","os.features":["win32k"]},"annotations":{"keep":"me"})";
constexpr const char* kArm =
    R"(,"platform":{"architecture":"arm64","os":"linux","variant":"v8","future":1},"annotations":{"org.example.note":"arm"},"unknown":{"b":2,"a":1})";
constexpr const char* kThing = R"(,"artifactType":"application/x-thing","x":[1,2])";

class MultiPlatform : public testing::TestWithParam<Kept> {
 protected:
  static void SetUpTestSuite() {
    if (TestKey::possible()) debian_ = std::make_unique<SmallDebian>();
  }
  static void TearDownTestSuite() { debian_.reset(); }
  void SetUp() override {
    if (!debian_) GTEST_SKIP() << "gpg is not on this machine";
    mirror_.serve(debian_->archives({{"amd64", 2}, {"arm64", 2}}));
  }

  static SampleTree image(const std::string& architecture, bool docker = false) {
    return built_image(
        {.layers = {debian_->layer(architecture)},
         .docker = docker,
         .architecture = architecture,
         .config =
             R"("Env":["PATH=/usr/bin"],"Healthcheck":{"Test":["CMD","true"],"Interval":30000000000},"Labels":{"mine":"1"},"OnBuild":null,"Shell":["/bin/bash","-c"])",
         .more_config = R"(,"docker_version":"20.10.7","container":"abc")"});
  }
  // windows, arm64, its attestation, amd64, its attestation, something else.
  static SampleTree mixed_index() {
    const SampleTree amd64 = image("amd64"), arm64 = image("arm64");
    return built_index({{windows_image(), kWindows},
                        {arm64, kArm},
                        attestation_of(arm64.root.digest),
                        {amd64, platform_member("linux/amd64")},
                        attestation_of(amd64.root.digest),
                        {artifact(), kThing}},
                       false, R"(,"annotations":{"org.example.index":"yes"},"beyond":{"z":1,"y":2})");
  }
  Patched patch(const SampleTree& tree, const WishForPatch& wish = {}) {
    place_.add(tree, "1");
    Patched done = rig_.patch(place_.location("1"), place_.location("2"), wish);
    after_ = place_.take("2");
    EXPECT_EQ(after_.root.digest, done.result.patched.digest);
    return done;
  }

  static inline std::unique_ptr<SmallDebian> debian_;
  FakeMirror mirror_;
  WayRig rig_{mirror_, {.quirks = {.sparse_indexes = false}}};
  ImagePlace place_{rig_, GetParam()};
  SampleTree after_;
};
INSTANTIATE_TEST_SUITE_P(Places, MultiPlatform, testing::Values(Kept::registry, Kept::layout),
                         [](const auto& kept) { return kept.param == Kept::registry ? "registry" : "layout"; });

TEST_P(MultiPlatform, OrderPlatformsAndEverythingElseOfTheEntriesIsKept) {
  const SampleTree before = mixed_index();
  const Patched done = patch(before);
  const OrderedJson was = root_of(before).at("manifests"), is = root_of(after_).at("manifests");
  ASSERT_EQ(is.size(), 4u);
  EXPECT_EQ(text(is[0]), text(was[0])) << "windows";
  EXPECT_EQ(text(is[3]), text(was[5])) << "the artifact";
  for (const auto& [now, then] : {std::pair(1, 1), std::pair(2, 3)}) {
    OrderedJson entry = is[now], expected = was[then];
    EXPECT_NE(entry.at("digest"), expected.at("digest"));
    for (const char* key : {"digest", "size"}) {
      entry.erase(key);
      expected.erase(key);
    }
    EXPECT_EQ(text(entry), text(expected)) << "nothing but digest and size changes";
  }
  EXPECT_EQ(root_of(after_).at("beyond"), root_of(before).at("beyond"));
  EXPECT_EQ(root_of(after_).at("annotations").at("org.example.index"), "yes");
  EXPECT_EQ(done.plan.platforms.size(), 3u);
  EXPECT_FALSE(done.plan.platforms[0].patched);
  EXPECT_EQ(done.plan.platforms[0].carried_because, "not a Linux image");
  EXPECT_EQ(done.plan.platforms[0].platform.os_version, "10.0.20348.2700");
  EXPECT_EQ(done.result.platforms[0].outcome, "carried");
  EXPECT_EQ(done.result.platforms[1].platform.text(), "linux/arm64/v8");
}

TEST_P(MultiPlatform, WhatIsNotPatchedIsThereByteForByte) {
  const SampleTree before = mixed_index(), windows = windows_image(), thing = artifact();
  patch(before);
  for (const SampleTree* tree : {&windows, &thing}) {
    for (const auto& [digest, bytes] : tree->blobs) {
      ASSERT_TRUE(after_.blobs.contains(digest)) << bytes.substr(0, 100);
      EXPECT_EQ(after_.blobs.at(digest), bytes);
    }
  }
}

TEST_P(MultiPlatform, AttestationsOfPatchedImagesAreDroppedAndReported) {
  const SampleTree before = mixed_index();
  const OrderedJson was = root_of(before).at("manifests");
  const Patched done = patch(before);
  ASSERT_EQ(done.result.dropped.size(), 2u);
  EXPECT_EQ(done.result.dropped[0].digest.text(), was[2].at("digest"));
  EXPECT_EQ(done.result.dropped[1].digest.text(), was[4].at("digest"));
  for (const auto& dropped : done.result.dropped) EXPECT_FALSE(after_.blobs.contains(dropped.digest));
  const document::Result read = document::read_result(document::write_result(done.result), "result.json");
  EXPECT_EQ(read.dropped.size(), 2u) << "it stands in the document";
}

TEST_P(MultiPlatform, AttestationsOfImagesThatAreNotPatchedStay) {
  const SampleTree before = mixed_index();
  const Patched done = patch(before, {.platforms = {oci::Platform::parse("linux/amd64")}});
  const OrderedJson was = root_of(before).at("manifests"), is = root_of(after_).at("manifests");
  ASSERT_EQ(is.size(), 5u);
  EXPECT_EQ(text(is[1]), text(was[1])) << "arm64 is carried";
  EXPECT_EQ(text(is[2]), text(was[2])) << "and so is its attestation";
  ASSERT_EQ(done.result.dropped.size(), 1u);
  EXPECT_EQ(done.result.dropped[0].digest.text(), was[4].at("digest"));
  EXPECT_EQ(done.plan.platforms[1].carried_because, "not selected by --platform");
}

TEST_P(MultiPlatform, ImagesOfNestedIndexesArePatchedThere) {
  const SampleTree amd64 = image("amd64"), arm64 = image("arm64");
  const SampleTree inner = built_index({{amd64, platform_member("linux/amd64")}, attestation_of(amd64.root.digest), {arm64, kArm}}, false,
                                       R"(,"annotations":{"who":"inner"})");
  const SampleTree before =
      built_index({{windows_image(), kWindows}, {inner, R"(,"annotations":{"entry":"of inner"})"}, {artifact(), kThing}});
  const Patched done = patch(before);
  const OrderedJson was = root_of(before).at("manifests"), is = root_of(after_).at("manifests");
  ASSERT_EQ(is.size(), 3u);
  EXPECT_EQ(text(is[0]), text(was[0]));
  EXPECT_EQ(text(is[2]), text(was[2]));
  EXPECT_EQ(is[1].at("annotations").at("entry"), "of inner");
  const OrderedJson nested = json_at(after_, is[1].at("digest"));
  EXPECT_EQ(nested.at("annotations").at("who"), "inner");
  ASSERT_EQ(nested.at("manifests").size(), 2u) << "the attestation is gone there";
  EXPECT_EQ(done.result.dropped.size(), 1u);
  for (const OrderedJson& entry : nested.at("manifests"))
    EXPECT_TRUE(config_of(after_, entry).at("config").at("Labels").contains("io.resole.plan.digest"));
}

// image-spec: OCI images have annotations; one family of media types through the whole tree.
TEST_P(MultiPlatform, AnOciTreeStaysOne) {
  for (const std::string& compression : {std::string("gzip"), std::string("zstd")}) {
    const SampleTree before = built_index({{image("amd64"), platform_member("linux/amd64")}, {image("arm64"), kArm}});
    place_.add(before, "1");
    rig_.patch(place_.location("1"), place_.location("2"), {.force = true, .compression = compression});
    after_ = place_.take("2");
    EXPECT_EQ(after_.root.media_type, mt::kOciIndex);
    for (const OrderedJson& entry : root_of(after_).at("manifests")) {
      EXPECT_EQ(entry.at("mediaType"), mt::kOciManifest);
      const OrderedJson manifest = json_at(after_, entry.at("digest"));
      EXPECT_EQ(manifest.at("mediaType"), mt::kOciManifest);
      EXPECT_EQ(manifest.at("config").at("mediaType"), mt::kOciConfig);
      ASSERT_EQ(manifest.at("layers").size(), 3u);
      EXPECT_EQ(manifest.at("layers")[0].at("mediaType"), mt::kOciLayerGzip) << "is not written again";
      for (std::size_t i : {1u, 2u})
        EXPECT_EQ(manifest.at("layers")[i].at("mediaType"), compression == "zstd" ? mt::kOciLayerZstd : mt::kOciLayerGzip);
      EXPECT_TRUE(manifest.at("annotations").contains("io.resole.plan.digest"));
    }
  }
}

TEST_P(MultiPlatform, ADockerTreeStaysOne) {
  const SampleTree before = built_index({{image("amd64", true), platform_member("linux/amd64")}, {image("arm64", true), kArm}}, true);
  patch(before);
  EXPECT_EQ(after_.root.media_type, mt::kDockerList);
  EXPECT_FALSE(root_of(after_).contains("annotations")) << "docker's lists have none";
  const OrderedJson was = root_of(before).at("manifests"), is = root_of(after_).at("manifests");
  ASSERT_EQ(is.size(), 2u);
  for (std::size_t at : {0u, 1u}) {
    EXPECT_EQ(is[at].at("mediaType"), mt::kDockerManifest);
    const OrderedJson manifest = json_at(after_, is[at].at("digest"));
    EXPECT_EQ(manifest.at("mediaType"), mt::kDockerManifest);
    EXPECT_FALSE(manifest.contains("annotations"));
    EXPECT_EQ(manifest.at("config").at("mediaType"), mt::kDockerConfig);
    for (const OrderedJson& layer : manifest.at("layers")) EXPECT_EQ(layer.at("mediaType"), mt::kDockerLayerGzip);
    // What only Docker's config knows stays, and the lineage is in the labels.
    const OrderedJson then = config_of(before, was[at]), now = config_of(after_, is[at]);
    for (const char* key : {"Healthcheck", "Env", "Shell", "OnBuild"})
      EXPECT_EQ(text(now.at("config").at(key)), text(then.at("config").at(key))) << key;
    for (const char* key : {"docker_version", "container", "architecture", "os"}) EXPECT_EQ(now.at(key), then.at(key)) << key;
    EXPECT_EQ(now.at("config").at("Labels").at("mine"), "1");
    EXPECT_TRUE(now.at("config").at("Labels").contains("io.resole.source.digest"));
  }
}

TEST_P(MultiPlatform, AMixedTreeIsRefusedBeforeAnythingIsWritten) {
  const SampleTree before = built_index({{image("amd64"), platform_member("linux/amd64")}, {image("arm64", true), kArm}});
  place_.add(before, "1");
  try {
    rig_.patch(place_.location("1"), place_.location("2"));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input) << error.what();
    EXPECT_NE(error.hint(), "");
  }
  EXPECT_EQ(rig_.registry.blob_uploads().size(), 0u);
}

TEST_P(MultiPlatform, PatchedAgainNothingIsLost) {
  const SampleTree before = mixed_index();
  patch(before);
  const SampleTree once = after_;
  mirror_.serve(debian_->archives({{"amd64", 3}, {"arm64", 3}}));
  rig_.patch(place_.location("2"), place_.location("3"));
  after_ = place_.take("3");
  const OrderedJson was = root_of(once).at("manifests"), is = root_of(after_).at("manifests");
  ASSERT_EQ(is.size(), was.size());
  EXPECT_EQ(text(is[0]), text(was[0]));
  EXPECT_EQ(text(is[3]), text(was[3]));
  EXPECT_EQ(json_at(after_, is[1].at("digest")).at("layers").size(), 3u) << "our layers are replaced, they do not pile up";
}

// ---- versions

std::map<std::string, std::string> versions(const document::PlatformPlan& plan) {
  std::map<std::string, std::string> out;
  for (const auto& package : plan.packages) out[package.name] = package.to;
  return out;
}

TEST_P(MultiPlatform, SkewBetweenPlatformsIsReported) {
  mirror_.serve(debian_->archives({{"amd64", 3}, {"arm64", 2}}));
  const Patched done = patch(built_index({{image("amd64"), platform_member("linux/amd64")}, {image("arm64"), kArm}}));
  ASSERT_EQ(done.plan.skew.size(), 2u);
  EXPECT_EQ(done.plan.skew[0].package, "alpha");
  EXPECT_EQ(done.plan.skew[0].versions, (std::map<std::string, std::string>{{"linux/amd64", "1.0-3"}, {"linux/arm64/v8", "1.0-2"}}));
  EXPECT_EQ(versions(done.plan.platforms[0]).at("alpha"), "1.0-3");
  EXPECT_EQ(versions(done.plan.platforms[1]).at("alpha"), "1.0-2");
}

TEST_P(MultiPlatform, LockstepHoldsTheNewerBack) {
  mirror_.serve(debian_->archives({{"amd64", 3}, {"arm64", 2}}));
  place_.add(built_index({{image("amd64"), platform_member("linux/amd64")}, {image("arm64"), kArm}}), "1");
  const document::Plan plan = rig_.plan(place_.location("1"), {.lockstep = true});
  EXPECT_TRUE(plan.skew.empty()) << "no platform ends at another version";
  for (const auto& platform : plan.platforms) {
    for (const auto& held : platform.held) EXPECT_EQ(held.reason, document::HeldReason::version_skew) << held.name << ": " << held.detail;
  }
  EXPECT_EQ(plan.platforms[0].held.size(), 2u);
  EXPECT_TRUE(plan.partial()) << "exit 7, and not in silence";
}

TEST_P(MultiPlatform, LockstepOfEqualPlatformsHoldsNothing) {
  place_.add(built_index({{image("amd64"), platform_member("linux/amd64")}, {image("arm64"), kArm}}), "1");
  const document::Plan plan = rig_.plan(place_.location("1"), {.lockstep = true});
  for (const auto& platform : plan.platforms) {
    EXPECT_EQ(versions(platform), (std::map<std::string, std::string>{{"alpha", "1.0-2"}, {"beta", "1.0-2"}}));
    EXPECT_TRUE(platform.held.empty());
  }
}

}  // namespace
}  // namespace resole::test
