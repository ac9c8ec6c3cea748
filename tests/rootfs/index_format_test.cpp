// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "rootfs/index_format.hpp"
#include "rootfs/trees.hpp"
#include "support/memory_store.hpp"

namespace resole::rootfs {

inline bool operator==(const LayerIndex& a, const LayerIndex& b) {
  return a.diff_id == b.diff_id && a.entries == b.entries && a.captured == b.captured && a.elf == b.elf;
}

}  // namespace resole::rootfs

namespace resole::test {
namespace RESOLE_TEST_FILE {

using rootfs::Entry;
using rootfs::LayerIndex;
using rootfs::load_layer_index;

template <std::size_t N>
std::array<std::uint8_t, N> random_bytes() {
  return *rc::gen::container<std::array<std::uint8_t, N>>(rc::gen::arbitrary<std::uint8_t>());
}

Entry random_entry() {
  Entry entry;
  entry.path = *rc::gen::arbitrary<std::string>();
  entry.type = static_cast<tar::Type>(*rc::gen::inRange(0, 7));
  const int marker = *rc::gen::inRange(0, 8);
  entry.whiteout = marker == 0;
  entry.opaque = marker == 1;
  if (entry.whiteout || entry.opaque) return entry;
  entry.mode = *rc::gen::inRange(0u, 010000u);
  entry.uid = *rc::gen::arbitrary<std::uint32_t>();
  entry.gid = *rc::gen::arbitrary<std::uint32_t>();
  entry.mtime = *rc::gen::arbitrary<std::int64_t>();
  entry.xattrs =
      *rc::gen::container<std::map<std::string, std::string>>(rc::gen::arbitrary<std::string>(), rc::gen::arbitrary<std::string>());
  switch (entry.type) {
    case tar::Type::symlink:
    case tar::Type::hardlink:
      entry.link = *rc::gen::arbitrary<std::string>();
      break;
    case tar::Type::character:
    case tar::Type::block:
      entry.major = *rc::gen::arbitrary<std::uint32_t>();
      entry.minor = *rc::gen::arbitrary<std::uint32_t>();
      break;
    case tar::Type::file:
      entry.size = *rc::gen::arbitrary<std::uint64_t>();
      entry.sha256 = random_bytes<32>();
      if (*rc::gen::arbitrary<bool>()) entry.md5 = random_bytes<16>();
      break;
    default:
      break;
  }
  return entry;
}

LayerIndex random_index() {
  LayerIndex index;
  index.diff_id = Digest::of(*rc::gen::arbitrary<std::string>());
  for (int left = *rc::gen::inRange(0, 12); left > 0; --left) index.entries.push_back(random_entry());
  for (int left = *rc::gen::inRange(0, 4); left > 0; --left)
    index.captured[*rc::gen::arbitrary<std::string>()] = *rc::gen::arbitrary<std::string>();
  for (int left = *rc::gen::inRange(0, 4); left > 0; --left) {
    index.elf[*rc::gen::arbitrary<std::string>()] = {
        *rc::gen::arbitrary<std::string>(), *rc::gen::arbitrary<std::vector<std::string>>(), 64, 62, 3, 0x5000400};
  }
  return index;
}

RC_GTEST_PROP(IndexFormat, RoundTrip, ()) {
  const LayerIndex index = random_index();
  const std::string stored = rootfs::serialise(index);
  const auto parsed = rootfs::parse_layer_index(stored);
  RC_ASSERT(parsed.has_value());
  RC_ASSERT(*parsed == index);
  RC_ASSERT(rootfs::serialise(*parsed) == stored);
}

// Inside the envelope, so that the hash does not catch it: anything may come out, but nothing is read beyond the bytes.
RC_GTEST_PROP(IndexFormat, DamagedBodiesAreHarmless, ()) {
  std::string body = rootfs::encode_index(random_index());
  for (int left = *rc::gen::inRange(1, 4); left > 0; --left) {
    body[*rc::gen::inRange<std::size_t>(0, body.size())] = static_cast<char>(*rc::gen::arbitrary<std::uint8_t>());
  }
  body.resize(*rc::gen::inRange<std::size_t>(0, body.size() + 1));
  const auto decoded = rootfs::decode_index(body);
  if (decoded) RC_ASSERT(decoded->entries.size() <= body.size());
}

LayerIndex some_index() {
  return index_of(
      TarBuilder().dir("etc").file("etc/passwd", "root:x:0:0\n").symlink("a", "b").whiteout("c").hardlink("d", "etc/passwd").bytes());
}

TEST(IndexFormat, TruncatedBodiesAreAbsent) {
  const std::string body = rootfs::encode_index(some_index());
  ASSERT_TRUE(rootfs::decode_index(body));
  for (std::size_t size = 0; size < body.size(); ++size) EXPECT_FALSE(rootfs::decode_index(std::string_view(body).substr(0, size))) << size;
  EXPECT_FALSE(rootfs::decode_index(body + "x"));
}

TEST(IndexFormat, EveryDamageReadsAsAbsent) {
  const std::string stored = rootfs::serialise(some_index());
  ASSERT_TRUE(rootfs::parse_layer_index(stored));
  for (std::size_t at = 0; at < stored.size(); ++at) {
    std::string damaged = stored;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x20);
    EXPECT_FALSE(rootfs::parse_layer_index(damaged)) << at;
    EXPECT_FALSE(rootfs::parse_layer_index(std::string_view(stored).substr(0, at))) << at;
  }
}

TEST(IndexFormat, OtherVersionsReadAsAbsent) {
  std::string stored = rootfs::serialise(some_index());
  const std::size_t version = stored.find('\n') + 1;
  ASSERT_EQ(stored[version], static_cast<char>(rootfs::kLayerIndexVersion));
  ++stored[version];
  EXPECT_FALSE(rootfs::parse_layer_index(stored));
}

// ---- through store and cache

class MemoryCache : public Cache {
 public:
  std::optional<Blob> get(std::string_view room, std::string_view key) override {
    const auto found = entries.find({std::string(room), std::string(key)});
    return found == entries.end() ? std::nullopt : std::optional(Blob::of(found->second));
  }
  Blob put(std::string_view room, std::string_view key, std::string_view bytes) override {
    return Blob::of(entries[{std::string(room), std::string(key)}] = std::string(bytes));
  }
  std::unique_ptr<Writer> create(std::string_view, std::string_view) override { throw Error(ErrorKind::internal, "not used by this room"); }

  std::map<std::pair<std::string, std::string>, std::string> entries;
};

class LoadLayerIndex : public testing::Test {
 protected:
  void SetUp() override {
    descriptor_.media_type = oci::media_type::kOciLayerGzip;
    descriptor_.digest = Digest::of(blob_);
    descriptor_.size = blob_.size();
    store_.put_blob(descriptor_, opener_of(blob_));
  }
  std::string& stored_blob() { return store_.place()->blobs.at(descriptor_.digest); }
  std::string load_error() {
    return error_of([&] { load_layer_index(store_, descriptor_, diff_id_, cache_); });
  }

  const std::string tar_ = TarBuilder().file("etc/passwd", "root:x:0:0\n").file("big", std::string(300'000, 'b')).bytes();
  const std::string blob_ = gzip(tar_);
  const Digest diff_id_ = Digest::of(tar_);
  oci::Descriptor descriptor_;
  MemoryStore store_;
  MemoryCache cache_;
};

TEST_F(LoadLayerIndex, ReadsTheBlobOnceEver) {
  const auto first = load_layer_index(store_, descriptor_, diff_id_, cache_);
  EXPECT_EQ(first->captured.at("etc/passwd"), "root:x:0:0\n");
  store_.place()->blobs.clear();
  EXPECT_EQ(*load_layer_index(store_, descriptor_, diff_id_, cache_), *first);
  ASSERT_EQ(cache_.entries.size(), 1u);
  EXPECT_EQ(cache_.entries.begin()->first, (std::pair{std::string("layer-index"), rootfs::layer_index_key(diff_id_)}));
}

TEST_F(LoadLayerIndex, DamagedOrForeignEntriesAreMadeAgain) {
  cache_.put("layer-index", rootfs::layer_index_key(diff_id_), "damage");
  EXPECT_EQ(load_layer_index(store_, descriptor_, diff_id_, cache_)->entries.size(), 2u);
  EXPECT_TRUE(rootfs::parse_layer_index(cache_.entries.begin()->second));
  cache_.put("layer-index", rootfs::layer_index_key(diff_id_), rootfs::serialise(some_index()));
  EXPECT_EQ(load_layer_index(store_, descriptor_, diff_id_, cache_)->entries.size(), 2u);
}

TEST_F(LoadLayerIndex, WrongDiffIdIsNotKept) {
  EXPECT_THROW(load_layer_index(store_, descriptor_, Digest::of("other"), cache_), Error);
  EXPECT_TRUE(cache_.entries.empty());
}

TEST_F(LoadLayerIndex, DamageOfTheBlobIsAVerificationFailure) {
  stored_blob()[blob_.size() / 2] ^= 1;
  EXPECT_TRUE(load_error().starts_with("verification: ")) << load_error();
  stored_blob() = blob_.substr(0, blob_.size() / 2);
  EXPECT_TRUE(load_error().starts_with("verification: ")) << load_error();
  EXPECT_TRUE(cache_.entries.empty());
}

TEST_F(LoadLayerIndex, ABlobThatWasBuiltBrokenIsBadInput) {
  const std::string broken = blob_.substr(0, blob_.size() / 2);
  descriptor_.digest = Digest::of(broken);
  descriptor_.size = broken.size();
  store_.put_blob(descriptor_, opener_of(broken));
  EXPECT_TRUE(load_error().starts_with("input: ")) << load_error();
}

}  // namespace
}  // namespace resole::test
