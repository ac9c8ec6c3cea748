// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "oci/image.hpp"
#include "support/memory_store.hpp"
#include "support/sample_image.hpp"

namespace resole::oci {
namespace RESOLE_TEST_FILE {

using namespace test;

std::string text_of(std::function<void()> body, ErrorKind kind) {
  try {
    body();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

Descriptor put(MemoryStore& store, std::string_view type, const std::string& bytes) {
  const Descriptor out = describe(type, bytes);
  store.put_manifest(out, bytes);
  return out;
}

Descriptor put_index(MemoryStore& store, const std::string& entries) {
  return put(store, media_type::kOciIndex, R"({"schemaVersion":2,"manifests":[)" + entries + "]}");
}

TEST(ReadRoot, SingleImage) {
  MemoryStore store;
  const SampleTree sample = sample_image("app");
  put_all(store, sample);
  const Root root = read_root(store, sample.root);
  EXPECT_FALSE(root.index);
  ASSERT_EQ(root.images.size(), 1u);
  const std::vector<Layer> layers = root.images[0].layers();
  ASSERT_EQ(layers.size(), 2u);
  EXPECT_EQ(layers[1].diff_id, root.images[0].config.diff_ids()[1]);
  EXPECT_EQ(root.images[0].platform().text(), "linux/amd64");
}

TEST(ReadRoot, IndexGivesRunnableImagesInOrderWithTheVariantOfTheEntry) {
  MemoryStore store;
  const SampleTree sample = sample_index("app");
  put_all(store, sample);
  const Root root = read_root(store, sample.root);
  ASSERT_EQ(root.images.size(), 2u);
  EXPECT_EQ(root.images[0].platform().text(), "linux/amd64");
  EXPECT_EQ(root.images[1].platform().text(), "linux/arm64/v8");
  EXPECT_TRUE(root.absent.empty());
}

TEST(ReadRoot, FollowsNestedIndexesToThreeLevels) {
  MemoryStore store;
  const SampleTree sample = sample_index("app");
  put_all(store, sample);
  Descriptor root = sample.root;
  for (int level = 0; level < 3; ++level) root = put_index(store, json_of(root));
  const Root read = read_root(store, root);
  EXPECT_EQ(read.images.size(), 2u);
  ASSERT_EQ(read.nested.size(), 3u);
  EXPECT_EQ(read.nested[0].descriptor.digest, sample.root.digest) << "children before parents";
  root = put_index(store, json_of(root));
  text_of([&] { read_root(store, root); }, ErrorKind::input);
}

TEST(ReadRoot, SparseIndexSaysWhatIsAbsent) {
  MemoryStore store;
  const SampleTree here = sample_image("here"), elsewhere = sample_image("elsewhere", "arm64");
  put_all(store, here);
  const Root root = read_root(store, put_index(store, json_of(elsewhere.root) + "," + json_of(here.root)));
  EXPECT_EQ(root.images.size(), 1u);
  ASSERT_EQ(root.absent.size(), 1u);
  EXPECT_EQ(root.absent[0].digest, elsewhere.root.digest);
  const Descriptor nothing_here = put_index(store, json_of(elsewhere.root));
  EXPECT_NE(text_of([&] { read_root(store, nothing_here); }, ErrorKind::input).find("none of its images has been copied"),
            std::string::npos);
}

TEST(ReadRoot, ArtifactsAreNoImages) {
  MemoryStore store;
  const SampleTree sample = sample_image("app");
  put_all(store, sample);
  const Descriptor empty = put(store, "application/vnd.oci.empty.v1+json", "{}");
  const Descriptor artifact = put(store, media_type::kOciManifest, R"({"schemaVersion":2,"config":)" + json_of(empty) + R"(,"layers":[]})");
  // BuildKit before 0.14: an image config above in-toto layers.
  const Descriptor statement = put(store, "application/vnd.in-toto+json", "{\"x\":1}");
  const Descriptor config =
      put(store, media_type::kOciConfig, R"({"os":"unknown","architecture":"unknown","rootfs":{"type":"layers","diff_ids":[]}})");
  const Descriptor attestation = put(store, media_type::kOciManifest,
                                     R"({"schemaVersion":2,"config":)" + json_of(config) + R"(,"layers":[)" + json_of(statement) + "]}");
  EXPECT_EQ(read_root(store, put_index(store, json_of(artifact) + "," + json_of(attestation) + "," + json_of(sample.root))).images.size(),
            1u);
  EXPECT_NE(text_of([&] { read_root(store, artifact); }, ErrorKind::input).find("artifact"), std::string::npos);
  const Descriptor only_artifacts = put_index(store, json_of(artifact));
  EXPECT_NE(text_of([&] { read_root(store, only_artifacts); }, ErrorKind::input).find("no image in it that could run"), std::string::npos);
}

// go-containerregistry #2370, #2371: lengths are not to be trusted.
TEST(ReadRoot, LayersAndDiffIdsMustBeAsMany) {
  MemoryStore store;
  const SampleTree sample = sample_image("app");
  put_all(store, sample);
  const Image image = read_root(store, sample.root).images[0];
  const Descriptor config =
      put(store, media_type::kOciConfig, R"({"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":[]}})");
  const Descriptor broken =
      put(store, media_type::kOciManifest,
          R"({"schemaVersion":2,"config":)" + json_of(config) + R"(,"layers":[)" + json_of(image.manifest.layers()[0]) + "]}");
  EXPECT_NE(text_of([&] { read_root(store, broken); }, ErrorKind::input).find("1 layers, but the config lists 0"), std::string::npos);
}

TEST(ReadRoot, EncryptedLayersAreUnsupported) {
  MemoryStore store;
  const SampleTree sample = sample_image("app");
  put_all(store, sample);
  const Image image = read_root(store, sample.root).images[0];
  Descriptor locked = image.manifest.layers()[1];
  locked.media_type += "+encrypted";
  const Descriptor root = put(store, media_type::kOciManifest,
                              R"({"schemaVersion":2,"config":)" + json_of(image.manifest.config()) + R"(,"layers":[)" +
                                  json_of(image.manifest.layers()[0]) + "," + json_of(locked) + "]}");
  EXPECT_NE(text_of([&] { read_root(store, root); }, ErrorKind::unsupported).find("encrypted"), std::string::npos);
}

TEST(ReadRoot, DockerImagesInAnOciIndexAreMixed) {
  MemoryStore store;
  const SampleTree sample = sample_image("app");
  put_all(store, sample);
  std::string docker = sample.blobs.at(sample.root.digest);
  for (const auto& [from, to] :
       std::vector<std::pair<std::string_view, std::string_view>>{{media_type::kOciManifest, media_type::kDockerManifest},
                                                                  {media_type::kOciConfig, media_type::kDockerConfig},
                                                                  {media_type::kOciLayerGzip, media_type::kDockerLayerGzip}}) {
    for (std::size_t at = docker.find(from); at != std::string::npos; at = docker.find(from, at + 1)) docker.replace(at, from.size(), to);
  }
  const Descriptor child = put(store, media_type::kDockerManifest, docker);
  EXPECT_EQ(read_root(store, child).images.size(), 1u);
  const Descriptor root = put_index(store, json_of(child));
  const std::string text = text_of([&] { read_root(store, root); }, ErrorKind::input);
  EXPECT_NE(text.find(media_type::kDockerManifest), std::string::npos);
  EXPECT_NE(text.find(media_type::kOciIndex), std::string::npos);
  EXPECT_EQ(read_root(store, root, Families::any).images.size(), 1u);
}

TEST(ReadRoot, BytesThatAreNotTheDigestsAreRefused) {
  MemoryStore store;
  const SampleTree sample = sample_index("app");
  put_all(store, sample);
  for (auto& [digest, bytes] : store.place()->blobs) {
    const std::string good = bytes;
    bytes[bytes.size() / 2] ^= 1;
    const bool layer = good.starts_with("\x1f\x8b"), unread = good.find("in-toto") != std::string::npos || good == "{}";
    if (layer || (unread && digest != sample.root.digest)) {
      EXPECT_NO_THROW(read_root(store, sample.root));
    } else {
      text_of([&] { read_root(store, sample.root); }, ErrorKind::verification);
    }
    bytes = good;
  }
}

}  // namespace
}  // namespace resole::oci
