// SPDX-License-Identifier: Apache-2.0
// The contract of oci::Store (src/oci/store.hpp), run against every implementation.
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "registry/places.hpp"
#include "support/sample_image.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

void expect_error(ErrorKind kind, const std::function<void()>& body) {
  try {
    body();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
  }
}

class StoreConformance : public testing::TestWithParam<KindOfPlace> {
 protected:
  std::unique_ptr<oci::Store> open(const std::string& name = "t") { return place_->open(name); }
  void publish(const SampleTree& tree, const std::string& name = "t") {
    std::unique_ptr<oci::Store> store = open(name);
    put_all(*store, tree);
    store->publish({.root = tree.root, .tag = name, .expected = {}, .force = true});
  }
  std::optional<Digest> root(const std::string& name = "t") {
    const std::optional<oci::Descriptor> found = open(name)->resolve();
    return found ? std::optional(found->digest) : std::nullopt;
  }

  std::unique_ptr<Place> place_ = GetParam().make();
};

TEST_P(StoreConformance, NothingIsThereAtFirst) {
  std::unique_ptr<oci::Store> store = open();
  const oci::Descriptor blob = describe("a/b", "hello");
  EXPECT_EQ(store->resolve(), std::nullopt);
  EXPECT_FALSE(store->has_blob(blob));
  expect_error(ErrorKind::input, [&] { store->open_blob(blob); });
  expect_error(ErrorKind::input, [&] { store->manifest(blob); });
}

TEST_P(StoreConformance, GivesBackWhatWasPut) {
  const SampleTree tree = GetParam().tree("app");
  publish(tree);
  std::unique_ptr<oci::Store> store = open();
  ASSERT_EQ(store->resolve()->digest, tree.root.digest);
  EXPECT_EQ(store->resolve()->media_type, tree.root.media_type);
  EXPECT_EQ(store->manifest(tree.root), tree.blobs.at(tree.root.digest));
  for (const oci::Descriptor& part : everything_below(tree)) {
    EXPECT_TRUE(store->has_blob(part));
    EXPECT_EQ(read_all(*store->open_blob(part), 1 << 20, "blob"), tree.blobs.at(part.digest));
    if (is_manifest_or_index(part.media_type)) {
      EXPECT_EQ(store->manifest(part), tree.blobs.at(part.digest));
    }
  }
}

TEST_P(StoreConformance, IsReadableBeforeItIsPublishedByItsWriterOnly) {
  const SampleTree tree = GetParam().image("app");
  std::unique_ptr<oci::Store> store = open();
  put_all(*store, tree);
  EXPECT_EQ(store->manifest(tree.root), tree.blobs.at(tree.root.digest));
  EXPECT_EQ(store->resolve(), std::nullopt);
  EXPECT_EQ(root(), std::nullopt);
}

TEST_P(StoreConformance, DroppedWithoutPublishLeavesTheOldState) {
  const SampleTree old = GetParam().image("old"), next = GetParam().image("next");
  publish(old);
  put_all(*open(), next);
  EXPECT_EQ(root(), old.root.digest);
  publish(next);
  EXPECT_EQ(root(), next.root.digest);
}

TEST_P(StoreConformance, RefusesBytesThatAreNotTheDigests) {
  std::unique_ptr<oci::Store> store = open();
  const oci::Descriptor blob = describe("a/b", "hello");
  expect_error(ErrorKind::verification, [&] { store->put_blob(blob, opener_of("hellO")); });
  expect_error(ErrorKind::verification, [&] { store->put_blob(blob, opener_of("hell")); });
  expect_error(ErrorKind::verification, [&] { store->put_blob(blob, opener_of("hello!")); });
  expect_error(ErrorKind::verification, [&] { store->put_manifest(blob, "other"); });
  EXPECT_FALSE(store->has_blob(blob));
  oci::Descriptor wrong_size = blob;
  wrong_size.size = 4;
  store->put_blob(blob, opener_of("hello"));
  EXPECT_FALSE(store->has_blob(wrong_size));
  expect_error(ErrorKind::verification, [&] { read_all(*store->open_blob(wrong_size), 100, "blob"); });
}

TEST_P(StoreConformance, PuttingAgainReadsNothing) {
  std::unique_ptr<oci::Store> store = open();
  const oci::Descriptor blob = describe("a/b", "hello");
  store->put_blob(blob, opener_of("hello"));
  EXPECT_NO_THROW(store->put_blob(blob, []() -> std::unique_ptr<Source> { throw Error(ErrorKind::internal, "was opened"); }));
}

TEST_P(StoreConformance, TakesBlobsOfEveryRegisteredAlgorithmAndOfNoBytes) {
  std::unique_ptr<oci::Store> store = open();
  Hasher hasher(Algorithm::sha512);
  hasher.update("hello");
  oci::Descriptor long_digest = describe("a/b", "hello");
  long_digest.digest = Digest::parse("sha512:" + to_hex(hasher.finish()));
  store->put_blob(long_digest, opener_of("hello"));
  EXPECT_EQ(read_all(*store->open_blob(long_digest), 100, "blob"), "hello");
  const oci::Descriptor nothing = describe("a/b", "");
  store->put_blob(nothing, opener_of(""));
  EXPECT_TRUE(store->has_blob(nothing));
  EXPECT_EQ(read_all(*store->open_blob(nothing), 100, "blob"), "");
}

TEST_P(StoreConformance, KeepsOtherNames) {
  const SampleTree one = GetParam().tree("one"), two = GetParam().image("two");
  publish(one, "one");
  publish(two, "two");
  publish(one, "three");
  EXPECT_EQ(root("one"), one.root.digest);
  EXPECT_EQ(root("two"), two.root.digest);
  EXPECT_EQ(root("three"), one.root.digest);
  EXPECT_EQ(root("four"), std::nullopt);
  const SampleTree newer = GetParam().image("newer");
  publish(newer, "one");
  EXPECT_EQ(root("one"), newer.root.digest);
  EXPECT_EQ(root("three"), one.root.digest);
  EXPECT_EQ(open("three")->manifest(one.root), one.blobs.at(one.root.digest)) << "what another name needs stays";
}

TEST_P(StoreConformance, PublishesOnlyOverWhatWasExpected) {
  const SampleTree one = GetParam().image("one"), two = GetParam().image("two"), three = GetParam().image("three");
  publish(one);
  std::unique_ptr<oci::Store> store = open();
  put_all(*store, two);
  expect_error(ErrorKind::refused, [&] { store->publish({.root = two.root, .tag = "t", .expected = {}, .force = false}); });
  expect_error(ErrorKind::refused, [&] { store->publish({.root = two.root, .tag = "t", .expected = three.root.digest, .force = false}); });
  EXPECT_EQ(root(), one.root.digest);
  store->publish({.root = two.root, .tag = "t", .expected = one.root.digest, .force = false});
  EXPECT_EQ(root(), two.root.digest);
  expect_error(ErrorKind::refused,
               [&] { open()->publish({.root = two.root, .tag = "absent", .expected = one.root.digest, .force = false}); });
  EXPECT_EQ(root("absent"), std::nullopt);
}

TEST_P(StoreConformance, PublishingTheSameAgainIsNoError) {
  const SampleTree one = GetParam().image("one");
  publish(one);
  std::unique_ptr<oci::Store> store = open();
  EXPECT_NO_THROW(store->publish({.root = one.root, .tag = "t", .expected = {}, .force = false}));
  EXPECT_EQ(root(), one.root.digest);
}

TEST_P(StoreConformance, WhatWasNotPutCannotBePublished) {
  const SampleTree one = GetParam().image("one");
  expect_error(ErrorKind::internal, [&] { open()->publish({.root = one.root, .tag = "t", .expected = {}, .force = true}); });
  EXPECT_EQ(root(), std::nullopt);
}

TEST_P(StoreConformance, SeveralThreadsPutAtOnce) {
  std::vector<std::string> all;
  for (int at = 0; at < 40; ++at) all.push_back("blob " + std::to_string(at / 2));
  std::unique_ptr<oci::Store> store = open();
  parallel_for(all.size(), 4, [&](std::size_t at) {
    const oci::Descriptor blob = describe("a/b", all[at]);
    store->put_blob(blob, opener_of(all[at]));
    EXPECT_TRUE(store->has_blob(blob));
  });
  for (const std::string& bytes : all) EXPECT_EQ(read_all(*store->open_blob(describe("a/b", bytes)), 100, "blob"), bytes);
}

TEST_P(StoreConformance, SeveralWritersKeepEachOthersNames) {
  const SampleTree tree = GetParam().image("app");
  publish(tree, "first");
  parallel_for(8, 4, [&](std::size_t at) {
    const std::string name = "n" + std::to_string(at);
    const SampleTree own = GetParam().image(name);
    std::unique_ptr<oci::Store> store = open(name);
    put_all(*store, own);
    store->publish({.root = own.root, .tag = name, .expected = {}, .force = false});
  });
  for (int at = 0; at < 8; ++at) EXPECT_EQ(root("n" + std::to_string(at)), GetParam().image("n" + std::to_string(at)).root.digest);
  EXPECT_EQ(root("first"), tree.root.digest);
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreConformance, testing::ValuesIn(kinds_of_places()), [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace resole::test
