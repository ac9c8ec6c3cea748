// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/error.hpp"
#include "base/json.hpp"
#include "oci/image.hpp"
#include "registry/layout_index.hpp"
#include "registry/places.hpp"
#include "support/sample_image.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

namespace fs = std::filesystem;

std::string message_of(ErrorKind kind, const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.message() + " | " + error.hint();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}
bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

class Layout : public testing::Test {
 protected:
  void publish(const SampleTree& tree, const std::string& name) {
    std::unique_ptr<oci::Store> store = place_.open(name);
    put_all(*store, tree);
    store->publish({.root = tree.root, .tag = name, .expected = {}, .force = true});
  }
  io::Path blob(const Digest& digest) const { return place_.path() / "blobs" / "sha256" / digest.hex(); }
  std::string index() const { return io::read_file(place_.path() / "index.json", 1 << 20); }
  std::unique_ptr<oci::Store> read(const std::string& rest = {}) {
    return registry::open_for_reading(oci::Location::parse("oci:" + place_.path().native() + rest), {});
  }

  DiskPlace place_{oci::Transport::oci};
};

TEST_F(Layout, IsWrittenAsTheSpecHasIt) {
  const SampleTree tree = sample_image("app");
  publish(tree, "1.4");
  EXPECT_EQ(io::read_file(place_.path() / "oci-layout", 100), R"({"imageLayoutVersion":"1.0.0"})");
  EXPECT_EQ(index(), R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[)" +
                         json_of(tree.root, R"(,"annotations":{"org.opencontainers.image.ref.name":"1.4"})") + "]}");
  for (const auto& [digest, bytes] : tree.blobs) EXPECT_EQ(io::read_file(blob(digest), 1 << 20), bytes);
  std::set<std::string> top;
  for (const auto& entry : fs::directory_iterator(place_.path())) top.insert(entry.path().filename());
  EXPECT_EQ(top, (std::set<std::string>{"blobs", "index.json", "oci-layout"})) << "nothing of the writing remains";
}

TEST_F(Layout, OpeningItForWritingCreatesNothing) {
  place_.open("t")->resolve();
  EXPECT_FALSE(fs::exists(place_.path()));
}

TEST_F(Layout, ReadingSaysWhatIsMissing) {
  EXPECT_TRUE(contains(message_of(ErrorKind::input, [&] { read(); }), "is not there"));
  fs::create_directory(place_.path());
  EXPECT_TRUE(contains(message_of(ErrorKind::input, [&] { read(); }), "not an OCI layout"));
  io::write_file_atomic(place_.path() / "oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
  EXPECT_TRUE(contains(message_of(ErrorKind::input, [&] { read(); }), "no index.json"));
  io::write_file_atomic(place_.path() / "oci-layout", R"({"imageLayoutVersion":"2.0.0"})");
  EXPECT_TRUE(contains(message_of(ErrorKind::unsupported, [&] { read(); }), "2.0.0"));
}

TEST_F(Layout, NamesAreListedWhenOneIsWrongOrNoneIsGiven) {
  publish(sample_image("a"), "a");
  EXPECT_NO_THROW(read()) << "the only image there";
  publish(sample_image("b"), "b");
  const std::string none = message_of(ErrorKind::input, [&] { read(); });
  EXPECT_TRUE(contains(none, "a, b")) << none;
  const std::string wrong = message_of(ErrorKind::input, [&] { read(":c"); });
  EXPECT_TRUE(contains(wrong, "\"c\"") && contains(wrong, "a, b")) << wrong;
  publish(sample_image("a"), "b");
  EXPECT_NO_THROW(read()) << "two names of one image";
}

TEST_F(Layout, FindsByDigestAlsoBelowAnIndex) {
  const SampleTree tree = sample_index("app");
  publish(tree, "a");
  EXPECT_EQ(read("@" + tree.root.digest.text())->resolve()->digest, tree.root.digest);
  const oci::Index parsed = oci::Index::parse(tree.blobs.at(tree.root.digest), tree.root.media_type, "test");
  const oci::Descriptor child = parsed.entries()[1].descriptor;
  const std::optional<oci::Descriptor> found = read("@" + child.digest.text())->resolve();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->media_type, oci::media_type::kOciManifest);
  EXPECT_EQ(found->size, child.size);
  message_of(ErrorKind::input, [&] { read("@sha256:" + std::string(64, 'a')); });
}

TEST_F(Layout, NamesBelongToThePlaceNotToTheImage) {
  publish(sample_image("a"), "a");
  EXPECT_TRUE(read()->resolve()->annotations.empty());
}

TEST_F(Layout, ATruncatedOrChangedBlobIsAVerificationError) {
  const SampleTree tree = sample_image("app");
  publish(tree, "t");
  for (const auto& [digest, bytes] : tree.blobs) {
    const oci::Descriptor descriptor = describe("a/b", bytes);
    fs::resize_file(blob(digest), bytes.size() - 1);
    message_of(ErrorKind::verification, [&] { read()->open_blob(descriptor); });
    std::string changed = bytes;
    changed[bytes.size() / 2] ^= 1;
    io::write_file_atomic(blob(digest), changed);
    message_of(ErrorKind::verification, [&] { read_all(*read()->open_blob(descriptor), 1 << 20, "blob"); });
    io::write_file_atomic(blob(digest), bytes);
  }
}

// image-layout.md says nothing about it, crashes of writers that do not fsync do: a file of the right name and size, full of zeros.
TEST_F(Layout, AWrongExistingBlobIsReplaced) {
  const SampleTree tree = sample_image("app");
  publish(tree, "t");
  for (const bool right_size : {true, false}) {
    for (const auto& [digest, bytes] : tree.blobs)
      io::write_file_atomic(blob(digest), std::string(bytes.size() - (right_size ? 0 : 1), '\0'));
    publish(tree, "t");
    for (const auto& [digest, bytes] : tree.blobs) EXPECT_EQ(io::read_file(blob(digest), 1 << 20), bytes);
  }
}

TEST_F(Layout, PipesAndLinksInItDoNotLeadAstray) {
  const SampleTree tree = sample_image("app");
  publish(tree, "t");
  const Digest config =
      Digest::parse(oci::Manifest::parse(tree.blobs.at(tree.root.digest), tree.root.media_type, "t").config().digest.text());
  const oci::Descriptor descriptor = describe("a/b", tree.blobs.at(config));
  fs::remove(blob(config));
  ASSERT_EQ(mkfifo(blob(config).c_str(), 0600), 0);
  message_of(ErrorKind::input, [&] { read()->open_blob(descriptor); });

  DiskPlace hostile(oci::Transport::oci);
  const io::Path outside = hostile.folder() / "outside";
  fs::create_directories(outside);
  fs::create_directories(hostile.path());
  io::write_file_atomic(hostile.path() / "oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
  fs::create_directory_symlink(outside, hostile.path() / "blobs");
  message_of(ErrorKind::input, [&] { put_all(*hostile.open("t"), tree); });
  EXPECT_TRUE(fs::is_empty(outside));
}

TEST_F(Layout, SomebodysFolderIsNotWrittenInto) {
  fs::create_directory(place_.path());
  io::write_file_atomic(place_.path() / "thesis.txt", "x");
  message_of(ErrorKind::input, [&] { publish(sample_image("a"), "a"); });
  EXPECT_FALSE(fs::exists(place_.path() / "blobs"));
  fs::remove(place_.path() / "thesis.txt");
  EXPECT_NO_THROW(publish(sample_image("a"), "a"));
}

TEST_F(Layout, BlobsAreSharedBetweenLayoutsOfOneUser) {
  const SampleTree tree = sample_image("app");
  publish(tree, "t");
  DiskPlace other(oci::Transport::oci);
  ListeningReporter reporter;
  std::unique_ptr<oci::Store> from = read(), to = other.open("t");
  const registry::CopyCount count = registry::copy_tree(*from, *to, tree.root, reporter, 2);
  EXPECT_EQ(count.blobs_mounted, 3u);
  EXPECT_EQ(count.bytes_moved, 0u);
  EXPECT_EQ(reporter.furthest, [&] {
    std::uint64_t all = 0;
    for (const auto& [digest, bytes] : tree.blobs) all += digest == tree.root.digest ? 0 : bytes.size();
    return all;
  }());
}

TEST_F(Layout, BlobsThatOthersMayWriteAreCopied) {
  const SampleTree tree = sample_image("app");
  publish(tree, "t");
  for (const auto& [digest, bytes] : tree.blobs) fs::permissions(blob(digest), fs::perms::group_write, fs::perm_options::add);
  DiskPlace other(oci::Transport::oci);
  ListeningReporter reporter;
  std::unique_ptr<oci::Store> from = read(), to = other.open("t");
  registry::copy_tree(*from, *to, tree.root, reporter, 2);
  for (const auto& [digest, bytes] : tree.blobs) {
    EXPECT_EQ(fs::hard_link_count(blob(digest)), 1u);
    EXPECT_EQ(io::read_file(other.path() / "blobs" / "sha256" / digest.hex(), 1 << 20), bytes);
  }
}

TEST_F(Layout, SourceAndDestinationMayBeOne) {
  const SampleTree tree = sample_index("app");
  publish(tree, "a");
  ListeningReporter reporter;
  std::unique_ptr<oci::Store> from = read(":a"), to = place_.open("b");
  const registry::CopyCount count = registry::copy_tree(*from, *to, tree.root, reporter, 2);
  EXPECT_EQ(count.blobs_moved + count.blobs_mounted, 0u);
  to->publish({.root = tree.root, .tag = "b", .expected = {}, .force = false});
  EXPECT_EQ(read(":b")->resolve()->digest, tree.root.digest);
  EXPECT_EQ(read(":a")->resolve()->digest, tree.root.digest);
}

TEST_F(Layout, LeftoversOfKilledWritersAreSweptAwayButNotThoseAtWork) {
  publish(sample_image("a"), "a");
  fs::create_directory(place_.path() / ".resole-staging-dead");
  std::unique_ptr<oci::Store> at_work = place_.open("b");
  const SampleTree tree = sample_image("b");
  put_all(*at_work, tree);
  EXPECT_FALSE(fs::exists(place_.path() / ".resole-staging-dead"));
  publish(sample_image("c"), "c");
  at_work->publish({.root = tree.root, .tag = "b", .expected = {}, .force = false});
  EXPECT_EQ(read(":b")->resolve()->digest, tree.root.digest);
}

TEST_F(Layout, OnlyADigestOfAKnownAlgorithmCanBeRead) {
  publish(sample_image("a"), "a");
  oci::Descriptor odd = describe("a/b", "x");
  odd.digest = {};
  odd.foreign_digest = "blake3:abc";
  message_of(ErrorKind::unsupported, [&] { read()->open_blob(odd); });
  EXPECT_FALSE(read()->has_blob(odd));
}

TEST(Stores, ADigestCannotBeWrittenTo) {
  const oci::Location digest = oci::Location::parse("oci:x@sha256:" + std::string(64, 'a'));
  message_of(ErrorKind::usage, [&] { registry::open_for_writing(digest, {}); });
}

// ---- the names, without a disk

std::string index_of(const std::string& entries) { return R"({"schemaVersion":2,"manifests":[)" + entries + R"(],"extra":1})"; }
std::string entry(const std::string& content, const std::string& annotations = {}, const std::string& more = {}) {
  return json_of(describe(oci::media_type::kOciManifest, content),
                 (annotations.empty() ? "" : R"(,"annotations":{)" + annotations + "}") + more);
}
std::string ref(const std::string& name) { return R"("org.opencontainers.image.ref.name":")" + name + '"'; }
std::string full(const std::string& name) { return R"("io.containerd.image.name":")" + name + '"'; }

TEST(LayoutNames, SecondNameIsAccepted) {
  const std::string index = index_of(entry("one", ref("1.4") + "," + full("docker.io/library/app:1.4")) + "," + entry("two", ref("2")));
  EXPECT_EQ(registry::find_name(index, "1.4", "t")->digest, Digest::of("one"));
  EXPECT_EQ(registry::find_name(index, "docker.io/library/app:1.4", "t")->digest, Digest::of("one"));
  EXPECT_EQ(registry::find_name(index, "app", "t"), std::nullopt);
  EXPECT_EQ(registry::names_in(index, "t"), (std::vector<std::string>{"1.4", "2"}));
}

TEST(LayoutNames, OneNameForTwoImagesIsAmbiguous) {
  const std::string index = index_of(entry("one", ref("t")) + "," + entry("two", ref("t")));
  message_of(ErrorKind::input, [&] { registry::find_name(index, "t", "x"); });
}

TEST(LayoutNames, ArtifactsDoNotMakeTheOnlyImageAmbiguous) {
  const std::string index = index_of(entry("one", ref("t")) + "," + entry("sig", "", R"(,"artifactType":"application/vnd.example.sig")"));
  EXPECT_EQ(registry::find_name(index, "", "x")->digest, Digest::of("one"));
}

TEST(LayoutNames, PublishingTouchesOneEntry) {
  const std::string index = index_of(
      entry("one", ref("a") + R"(,"org.opencontainers.image.created":"2020-01-01T00:00:00Z",)" + full("x.org/app:a"), R"(,"future":[1])") +
      "," + entry("two", ref("b"), R"(,"odd":true)"));
  oci::Descriptor root = describe(oci::media_type::kOciIndex, "next!");
  root.annotations = {{"org.opencontainers.image.ref.name", "from elsewhere"}, {"k", "v"}};
  const std::string after = registry::with_published(index, {.root = root, .tag = "a", .expected = Digest::of("one"), .force = false}, "t");
  EXPECT_EQ(after, index_of(R"({"mediaType":"application/vnd.oci.image.index.v1+json","digest":")" + Digest::of("next!").text() +
                            R"(","size":5,"future":[1],"annotations":{)" + full("x.org/app:a") + R"(,"k":"v",)" + ref("a") + "}}," +
                            entry("two", ref("b"), R"(,"odd":true)")));
}

TEST(LayoutNames, WithoutANameTheOnlyImageIsMeantAndKeepsItsName) {
  const oci::Descriptor root = describe(oci::media_type::kOciManifest, "next");
  const auto publish = [&](const std::string& index) {
    return registry::with_published(index, {.root = root, .tag = "", .expected = {}, .force = true}, "t");
  };
  EXPECT_EQ(publish(""),
            R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[)" + json_of(root) + "]}");
  EXPECT_EQ(registry::names_in(publish(index_of(entry("one", ref("a")))), "t"), std::vector<std::string>{"a"});
  message_of(ErrorKind::input, [&] { publish(index_of(entry("one", ref("a")) + "," + entry("two", ref("b")))); });
}

}  // namespace
}  // namespace resole::test
