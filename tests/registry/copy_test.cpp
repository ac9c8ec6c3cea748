// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "archive/compression.hpp"
#include "base/error.hpp"
#include "oci/image.hpp"
#include "registry/places.hpp"
#include "support/sample_image.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

using registry::copy_tree;
using registry::CopyCount;

class CopyBetween : public testing::TestWithParam<std::tuple<KindOfPlace, KindOfPlace>> {};

void publish(Place& place, const SampleTree& tree) {
  std::unique_ptr<oci::Store> store = place.open("t");
  put_all(*store, tree);
  store->publish({.root = tree.root, .tag = "t", .expected = {}, .force = true});
}

void expect_complete(Place& place, const SampleTree& tree) {
  std::unique_ptr<oci::Store> store = place.open("t");
  ASSERT_TRUE(store->resolve());
  EXPECT_EQ(store->resolve()->digest, tree.root.digest);
  for (const oci::Descriptor& part : everything_below(tree)) {
    EXPECT_EQ(read_all(*store->open_blob(part), 1 << 24, "blob"), tree.blobs.at(part.digest));
  }
}

TEST_P(CopyBetween, KeepsEveryDigestAndDoesNothingTheSecondTime) {
  const std::unique_ptr<Place> from = std::get<0>(GetParam()).make(), to = std::get<1>(GetParam()).make();
  const SampleTree tree = sample_index("app");
  publish(*from, tree);
  ListeningReporter reporter;
  const auto copy = [&] {
    std::unique_ptr<oci::Store> source = from->open("t"), target = to->open("t");
    const CopyCount count = copy_tree(*source, *target, tree.root, reporter, 3);
    target->publish({.root = tree.root, .tag = "t", .expected = {}, .force = false});
    return count;
  };
  const CopyCount first = copy();
  EXPECT_EQ(first.blobs_moved + first.blobs_mounted, tree.blobs.size() - 4) << "four of them are manifests";
  expect_complete(*to, tree);
  const CopyCount second = copy();
  EXPECT_EQ(second.blobs_moved, 0u);
  EXPECT_EQ(second.bytes_moved, 0u);
  EXPECT_EQ(second.blobs_mounted, 0u);
  EXPECT_EQ(second.blobs_there, tree.blobs.size() - 4);
  expect_complete(*to, tree);
}

INSTANTIATE_TEST_SUITE_P(Stores, CopyBetween,
                         testing::Combine(testing::ValuesIn(kinds_that_hold_everything()), testing::ValuesIn(kinds_that_hold_everything())),
                         [](const auto& kind) { return std::string(std::get<0>(kind.param).name) + "_" + std::get<1>(kind.param).name; });

RC_GTEST_PROP(Copy, AnyTreeArrivesWhole, ()) {
  const auto kinds = kinds_that_hold_everything();
  const std::size_t from_kind = *rc::gen::inRange<std::size_t>(0, kinds.size()), to_kind = *rc::gen::inRange<std::size_t>(0, kinds.size());
  const std::size_t images = *rc::gen::inRange<std::size_t>(1, 4), layers = *rc::gen::inRange<std::size_t>(0, 5);
  SampleTree tree;
  std::string entries;
  for (std::size_t at = 0; at < images; ++at) {
    const SampleTree one = sample_image("image-" + std::to_string(at), "amd64", layers);
    tree.blobs.insert(one.blobs.begin(), one.blobs.end());
    entries += (at == 0 ? "" : ",") + json_of(one.root);
  }
  const std::string index = R"({"schemaVersion":2,"manifests":[)" + entries + "]}";
  tree.blobs[Digest::of(index)] = index;
  tree.root = describe(oci::media_type::kOciIndex, index);
  const std::unique_ptr<Place> from = kinds[from_kind].make(), to = kinds[to_kind].make();
  publish(*from, tree);
  ListeningReporter reporter;
  std::unique_ptr<oci::Store> source = from->open("t"), target = to->open("t");
  copy_tree(*source, *target, tree.root, reporter, 2);
  target->publish({.root = tree.root, .tag = "t", .expected = {}, .force = false});
  expect_complete(*to, tree);
}

// Any image of one platform, over two places of any kind: first[t] -> second[t].
struct AnyImage {
  SampleTree tree;
  Digest config;
  std::vector<Digest> diff_ids;
  bool canonical = false;  // as docker archives and engines present it
};

AnyImage any_image() {
  const bool docker = *rc::gen::arbitrary<bool>(), wrapped = *rc::gen::inRange(0, 4) == 0;
  const std::size_t layers = *rc::gen::inRange<std::size_t>(0, 5);
  AnyImage out;
  if (docker && *rc::gen::arbitrary<bool>()) {
    out.tree = sample_docker_image("app", layers);
    out.canonical = true;
  } else {
    std::string ids, list;
    for (std::size_t at = 0; at < layers; ++at) {
      const std::string plain = sample_plain_layer("f", "layer " + std::to_string(*rc::gen::inRange(0, 3)));  // some are the same
      const auto compression = static_cast<archive::Compression>(*rc::gen::inRange(0, docker ? 2 : 3));
      const std::string bytes = compression == archive::Compression::none ? plain : archive::compress_block(compression, plain);
      const std::string_view type =
          oci::media_type::layer_for(docker ? oci::media_type::kDockerManifest : oci::media_type::kOciManifest, compression);
      ids += (at == 0 ? "" : ",") + ('"' + Digest::of(plain).text() + '"');
      list += (at == 0 ? "" : ",") + json_of(describe(type, bytes));
      out.tree.blobs[Digest::of(bytes)] = bytes;
    }
    const std::string config =
        R"({"os":"linux","architecture":"amd64","x-unknown": 1.50,"rootfs":{"type":"layers","diff_ids":[)" + ids + "]}}";
    const std::string_view type = docker ? oci::media_type::kDockerManifest : oci::media_type::kOciManifest;
    const std::string manifest = R"({"schemaVersion":2,"mediaType":")" + std::string(type) + R"(","config":)" +
                                 json_of(describe(docker ? oci::media_type::kDockerConfig : oci::media_type::kOciConfig, config)) +
                                 R"(,"layers":[)" + list + "]}";
    out.tree.blobs[Digest::of(config)] = config;
    out.tree.blobs[Digest::of(manifest)] = manifest;
    out.tree.root = describe(type, manifest);
  }
  if (wrapped) {
    const std::string index =
        R"({"schemaVersion":2,"manifests":[)" + json_of(out.tree.root, R"(,"platform":{"os":"linux","architecture":"amd64"})") + "]}";
    const std::string_view type = docker ? oci::media_type::kDockerList : oci::media_type::kOciIndex;
    out.tree.blobs[Digest::of(index)] = index;
    out.tree.root = describe(type, index);
    out.canonical = false;
  }
  MemoryStore store;
  put_all(store, out.tree);
  const oci::Root root = oci::read_root(store, out.tree.root);
  out.config = root.images.at(0).manifest.config().digest;
  out.diff_ids = root.images[0].config.diff_ids();
  return out;
}

void expect_same_image(Place& place, const AnyImage& image) {
  std::unique_ptr<oci::Store> store = place.open("t");
  const oci::Root root = oci::read_root(*store, *store->resolve());
  RC_ASSERT(root.images.size() == 1u);
  RC_ASSERT(root.images[0].manifest.config().digest == image.config);
  RC_ASSERT(Digest::of(read_all(*store->open_blob(root.images[0].manifest.config()), 1 << 20, "config")) == image.config);
  RC_ASSERT(root.images[0].config.diff_ids() == image.diff_ids);
  for (const oci::Layer& layer : root.images[0].layers()) {
    RC_ASSERT(Digest::of(read_all(*archive::decompress(store->open_blob(layer.descriptor)), 1 << 20, "layer")) == layer.diff_id);
  }
}

RC_GTEST_PROP(Copy, AnyImageKeepsItsIdAndDiffIdsBetweenAnyPlaces, ()) {
  const auto kinds = kinds_of_places();
  const KindOfPlace first_kind = kinds[*rc::gen::inRange<std::size_t>(0, kinds.size())],
                    second_kind = kinds[*rc::gen::inRange<std::size_t>(0, kinds.size())];
  const AnyImage image = any_image();
  const std::unique_ptr<Place> first = first_kind.make(), second = second_kind.make();
  publish(*first, image.tree);
  expect_same_image(*first, image);
  const auto copy = [&] {
    std::unique_ptr<oci::Store> from = first->open("t"), to = second->open("t");
    const oci::Descriptor root = *from->resolve();
    ListeningReporter reporter;
    copy_tree(*from, *to, root, reporter, 2);
    to->publish({.root = root, .tag = "t", .expected = {}, .force = true});
    return root.digest;
  };
  const Digest root = copy();
  RC_ASSERT(copy() == root);
  expect_same_image(*second, image);
  const bool all_digests = first_kind.holds == Holds::everything && second_kind.holds == Holds::everything;
  if (all_digests || image.canonical) RC_ASSERT(second->open("t")->resolve()->digest == image.tree.root.digest);
  // What a docker place made up once is a fixed point.
  if (first_kind.holds == Holds::docker_images && second_kind.holds == Holds::everything)
    RC_ASSERT(second->open("t")->resolve()->digest == root);
}

TEST(Copy, CountsWhatMovedAndShowsIt) {
  MemoryStore from;
  DiskPlace to(oci::Transport::oci);
  const SampleTree tree = sample_image("app");
  put_all(from, tree);
  ListeningReporter reporter;
  std::unique_ptr<oci::Store> target = to.open("t");
  const CopyCount count = copy_tree(from, *target, tree.root, reporter, 2);
  EXPECT_EQ(count.blobs_moved, 3u);
  std::uint64_t bytes = 0;
  for (const auto& [digest, blob] : tree.blobs) bytes += digest == tree.root.digest ? 0 : blob.size();
  EXPECT_EQ(count.bytes_moved, bytes);
  EXPECT_EQ(reporter.furthest, bytes);
}

// go-containerregistry #2299: two layers of one content.
TEST(Copy, OneBlobTwiceMovesOnce) {
  MemoryStore from, to;
  SampleTree tree = sample_image("app", "amd64", 1);
  const std::string layer = [&] {
    for (const auto& [digest, bytes] : tree.blobs) {
      if (bytes.starts_with("\x1f\x8b")) return json_of(describe(oci::media_type::kOciLayerGzip, bytes));
    }
    return std::string();
  }();
  std::string twice = tree.blobs.at(tree.root.digest);
  twice.replace(twice.find(layer), layer.size(), layer + "," + layer);
  tree.blobs[Digest::of(twice)] = twice;
  tree.root = describe(oci::media_type::kOciManifest, twice);
  put_all(from, tree);
  ListeningReporter reporter;
  EXPECT_EQ(copy_tree(from, to, tree.root, reporter, 2).blobs_mounted, 2u) << "the layer and the config";
}

// go-containerregistry #683.
TEST(Copy, ForeignLayersStayDescriptors) {
  MemoryStore from, to;
  const std::string config =
      R"({"os":"windows","architecture":"amd64","rootfs":{"type":"layers","diff_ids":["sha256:)" + std::string(64, 'a') + R"("]}})";
  const std::string manifest = R"({"schemaVersion":2,"config":)" + json_of(describe(oci::media_type::kOciConfig, config)) +
                               R"(,"layers":[)" +
                               json_of(describe("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", "never here"),
                                       R"(,"urls":["https://example.org/l"])") +
                               "]}";
  const oci::Descriptor root = describe(oci::media_type::kOciManifest, manifest);
  from.put_manifest(describe("a/b", config), config);
  from.put_manifest(root, manifest);
  ListeningReporter reporter;
  copy_tree(from, to, root, reporter, 2);
  EXPECT_EQ(to.manifest(root), manifest);
}

TEST(Copy, SparseIndexStaysSparseAndSaysSo) {
  MemoryStore from, to;
  const SampleTree here = sample_image("here"), elsewhere = sample_image("elsewhere", "arm64");
  put_all(from, here);
  const std::string index = R"({"schemaVersion":2,"manifests":[)" + json_of(here.root) + "," + json_of(elsewhere.root) + "]}";
  const oci::Descriptor root = describe(oci::media_type::kOciIndex, index);
  from.put_manifest(root, index);
  ListeningReporter reporter;
  EXPECT_EQ(copy_tree(from, to, root, reporter, 2).manifests_absent, 1u);
  EXPECT_EQ(reporter.warnings.size(), 1u);
  EXPECT_TRUE(to.has_blob(here.root));
}

TEST(Copy, EntriesOfUnknownTypeGoAlong) {
  MemoryStore from, to;
  const std::string thing = "not JSON at all";
  const std::string index = R"({"schemaVersion":2,"manifests":[)" + json_of(describe("application/x-thing", thing)) + "]}";
  const oci::Descriptor root = describe(oci::media_type::kOciIndex, index);
  from.put_manifest(describe("a/b", thing), thing);
  from.put_manifest(root, index);
  ListeningReporter reporter;
  copy_tree(from, to, root, reporter, 2);
  EXPECT_TRUE(to.has_blob(describe("a/b", thing)));
}

TEST(Copy, AMissingOrDamagedPartStopsIt) {
  const SampleTree tree = sample_index("app");
  for (const auto& [digest, bytes] : tree.blobs) {
    MemoryStore from;
    put_all(from, tree);
    ListeningReporter reporter;
    DiskPlace place(oci::Transport::oci);
    std::unique_ptr<oci::Store> to = place.open("t");
    from.place()->blobs[digest][0] ^= 1;
    try {
      copy_tree(from, *to, tree.root, reporter, 2);
      ADD_FAILURE() << "copied with a damaged " << digest.text();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::verification) << error.what();
    }
    EXPECT_FALSE(to->has_blob(tree.root)) << "manifests come after their parts";
  }
}

TEST(Copy, ManifestsThatOnlyTheCallerHasAreTakenFromIt) {
  MemoryStore from, to;
  const SampleTree old = sample_image("app");
  put_all(from, old);
  std::string edited = old.blobs.at(old.root.digest);
  edited.insert(1, R"("annotations":{"a":"b"},)");
  const oci::Descriptor root = describe(oci::media_type::kOciManifest, edited);
  ListeningReporter reporter;
  copy_tree(from, to, root, reporter, 2, {{root.digest, edited}});
  EXPECT_EQ(to.manifest(root), edited);
}

TEST(Copy, DeepNestingIsRefused) {
  MemoryStore from, to;
  SampleTree tree = sample_image("app");
  put_all(from, tree);
  oci::Descriptor root = tree.root;
  for (int level = 0; level < 10; ++level) {
    const std::string index = R"({"schemaVersion":2,"manifests":[)" + json_of(root) + "]}";
    root = describe(oci::media_type::kOciIndex, index);
    from.put_manifest(root, index);
  }
  ListeningReporter reporter;
  EXPECT_THROW(copy_tree(from, to, root, reporter, 2), Error);
}

}  // namespace
}  // namespace resole::test
