// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <filesystem>

#include "archive/compression.hpp"
#include "archive/tar.hpp"
#include "base/error.hpp"
#include "registry/places.hpp"
#include "support/sample_image.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

namespace fs = std::filesystem;

class Archive : public testing::Test {
 protected:
  void publish(const SampleTree& tree, const std::string& name) { publish(place_, tree, name); }
  static void publish(DiskPlace& place, const SampleTree& tree, const std::string& name) {
    std::unique_ptr<oci::Store> store = place.open(name);
    put_all(*store, tree);
    store->publish({.root = tree.root, .tag = name, .expected = {}, .force = true});
  }
  std::vector<tar::Header> members(const DiskPlace& place) const {
    const std::string bytes = io::read_file(place.path(), 1 << 24);
    const std::unique_ptr<Source> source = source_of(bytes);
    tar::Reader reader(*source);
    std::vector<tar::Header> out;
    for (tar::Header header; reader.next(header);) out.push_back(header);
    return out;
  }
  std::unique_ptr<oci::Store> read(const std::string& rest = {}) {
    return registry::open_for_reading(oci::Location::parse("oci-archive:" + place_.path().native() + rest), {});
  }

  DiskPlace place_{oci::Transport::oci_archive};
};

TEST_F(Archive, IsDeterministicWhateverTheOrderOfWriting) {
  const SampleTree tree = sample_index("app");
  publish(tree, "t");
  DiskPlace other(oci::Transport::oci_archive);
  {
    std::unique_ptr<oci::Store> store = other.open("t");
    for (auto at = tree.blobs.rbegin(); at != tree.blobs.rend(); ++at) store->put_blob(describe("a/b", at->second), opener_of(at->second));
    store->publish({.root = tree.root, .tag = "t", .expected = {}, .force = false});
  }
  EXPECT_EQ(io::read_file(place_.path(), 1 << 24), io::read_file(other.path(), 1 << 24));
  std::vector<std::string> names;
  for (const tar::Header& header : members(place_)) {
    names.push_back(header.path);
    EXPECT_EQ(header.mtime, 0);
  }
  ASSERT_GT(names.size(), 4u);
  EXPECT_EQ(names[0], "oci-layout");
  EXPECT_EQ(names[1], "index.json");
  EXPECT_EQ(names[2], "blobs");
  EXPECT_EQ(names[3], "blobs/sha256");
  EXPECT_TRUE(std::is_sorted(names.begin() + 4, names.end()));
  EXPECT_EQ(names.size(), 4 + tree.blobs.size());
}

TEST_F(Archive, OtherImagesAreCarriedOverAndWhatNobodyNeedsIsNot) {
  const SampleTree one = sample_index("one"), two = sample_image("two"), three = sample_image("three");
  publish(one, "one");
  publish(two, "two");
  publish(three, "two");
  EXPECT_EQ(members(place_).size(), 4 + one.blobs.size() + three.blobs.size());
  for (const auto& [digest, bytes] : one.blobs) EXPECT_TRUE(read(":one")->has_blob(describe("a/b", bytes)));
  EXPECT_FALSE(read(":one")->has_blob(two.root));
}

TEST_F(Archive, BlobsPromisedBeforeSomebodyReplacedTheFileAreNotLost) {
  const SampleTree tree = sample_image("app");
  publish(tree, "t");
  MemoryStore from;
  put_all(from, tree);
  ListeningReporter reporter;
  std::unique_ptr<oci::Store> slow = place_.open("second");
  EXPECT_EQ(registry::copy_tree(from, *slow, tree.root, reporter, 2).blobs_there, 3u);
  publish(sample_image("other"), "t");  // the file no longer holds anything of the image
  slow->publish({.root = tree.root, .tag = "second", .expected = {}, .force = false});
  for (const auto& [digest, bytes] : tree.blobs)
    EXPECT_EQ(read_all(*read(":second")->open_blob(describe("a/b", bytes)), 1 << 20, "blob"), bytes);
  EXPECT_EQ(read(":t")->resolve()->digest, sample_image("other").root.digest);
}

TEST_F(Archive, NothingOfTheWritingRemains) {
  publish(sample_image("a"), "a");
  put_all(*place_.open("b"), sample_image("b"));
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(place_.folder())) files.push_back(entry.path().filename());
  EXPECT_EQ(files, std::vector<std::string>{"archive.tar"});
}

TEST_F(Archive, CompressedOnesAreReadToo) {
  const SampleTree tree = sample_image("app");
  publish(tree, "t");
  const std::string plain = io::read_file(place_.path(), 1 << 24);
  for (const archive::Compression compression : {archive::Compression::gzip, archive::Compression::zstd}) {
    io::write_file_atomic(place_.path(), archive::compress_block(compression, plain));
    std::unique_ptr<oci::Store> store = read(":t");
    for (const auto& [digest, bytes] : tree.blobs) EXPECT_EQ(read_all(*store->open_blob(describe("a/b", bytes)), 1 << 20, "blob"), bytes);
  }
}

TEST_F(Archive, DamageIsAnErrorOfTheInput) {
  const auto kind_of = [&](const std::string& bytes) {
    io::write_file_atomic(place_.path(), bytes);
    try {
      read(":t");
    } catch (const Error& error) {
      return error.kind();
    }
    return ErrorKind::internal;
  };
  const SampleTree tree = sample_image("app");
  publish(tree, "t");
  const std::string good = io::read_file(place_.path(), 1 << 24);
  EXPECT_EQ(kind_of(""), ErrorKind::input);
  EXPECT_EQ(kind_of("hello"), ErrorKind::input);
  EXPECT_EQ(kind_of(good.substr(0, 700)), ErrorKind::input);
  EXPECT_EQ(kind_of(good.substr(0, good.size() - 1024 - 600)), ErrorKind::input) << "cut in the last member";
  EXPECT_EQ(kind_of(good.substr(0, good.size() - 1024) + good), ErrorKind::input) << "every member twice";
  std::string gzip = archive::compress_block(archive::Compression::gzip, good);
  EXPECT_EQ(kind_of(gzip.substr(0, gzip.size() / 2)), ErrorKind::input);
  fs::remove(place_.path());
  EXPECT_THROW(read(":t"), Error);
}

TEST_F(Archive, AChangedBlobIsAVerificationErrorAndIsReplacedByWriting) {
  const SampleTree tree = sample_image("app");
  publish(tree, "t");
  const std::string good = io::read_file(place_.path(), 1 << 24);
  std::string bytes = good;
  const std::string& manifest = tree.blobs.at(tree.root.digest);
  bytes[bytes.find(manifest) + 30] ^= 1;
  io::write_file_atomic(place_.path(), bytes);
  try {
    read(":t")->manifest(tree.root);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::verification);
  }
  EXPECT_FALSE(place_.open("t")->has_blob(tree.root));
  publish(tree, "again");
  EXPECT_EQ(read(":t")->manifest(tree.root), manifest);
}

TEST_F(Archive, MembersOfOtherNamesAndTypesAreIgnored) {
  const SampleTree tree = sample_image("app");
  publish(tree, "t");
  const std::string good = io::read_file(place_.path(), 1 << 24);
  std::string bytes;
  StringSink sink(bytes);
  tar::Writer writer(sink);
  tar::Header header;
  header.path = "manifest.json";  // docker save writes both formats into one file
  header.size = 2;
  writer.add(header, "[]");
  header.path = "blobs/sha256/" + std::string(tree.root.digest.hex()) + "x";
  header.type = tar::Type::symlink;
  header.size = 0;
  header.link = "/etc/passwd";
  writer.add(header);
  io::write_file_atomic(place_.path(), bytes + good);
  EXPECT_EQ(read(":t")->manifest(tree.root), tree.blobs.at(tree.root.digest));
}

}  // namespace
}  // namespace resole::test
