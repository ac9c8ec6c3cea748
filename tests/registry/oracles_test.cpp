// SPDX-License-Identifier: Apache-2.0
// skopeo and umoci read what we write, and we read what they write.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.hpp"
#include "io/process.hpp"
#include "oci/image.hpp"
#include "registry/places.hpp"
#include "support/sample_image.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

namespace fs = std::filesystem;

bool is_there(const std::string& tool) {
  try {
    return io::run_process({.arguments = {tool, "--version"}, .environment = {}, .directory = {}, .input = {}}).exit_code == 0;
  } catch (const Error&) {
    return false;
  }
}

#define REQUIRE_TOOL(name) \
  if (!is_there(name)) GTEST_SKIP() << name << " is not installed"

class Oracles : public testing::Test {
 protected:
  std::string run(std::vector<std::string> arguments) {
    const std::string home = "HOME=" + folder_.path().native(), tmp = "TMPDIR=" + folder_.path().native();
    const io::ProcessResult result =
        io::run_process({.arguments = std::move(arguments),
                         .environment = {home, tmp, "LC_ALL=C", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
                         .directory = folder_.path().native(),
                         .input = {}});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.out;
  }
  std::string at(const std::string& name) const { return (folder_.path() / name).native(); }
  void publish(const std::string& location, const SampleTree& tree) {
    const oci::Location parsed = oci::Location::parse(location);
    std::unique_ptr<oci::Store> store = registry::open_for_writing(parsed, {});
    put_all(*store, tree);
    store->publish({.root = tree.root, .tag = parsed.tag, .expected = {}, .force = true});
  }
  void expect_complete(const std::string& location, const SampleTree& tree) {
    std::unique_ptr<oci::Store> store = registry::open_for_reading(oci::Location::parse(location), {});
    EXPECT_EQ(store->resolve()->digest, tree.root.digest) << location;
    for (const auto& [digest, bytes] : tree.blobs) EXPECT_EQ(read_all(*store->open_blob(describe("a/b", bytes)), 1 << 20, "blob"), bytes);
  }

  io::TemporaryDirectory folder_;
};

TEST_F(Oracles, SkopeoReadsOurLayoutsAndArchives) {
  REQUIRE_TOOL("skopeo");
  const SampleTree image = sample_image("app"), index = sample_index("multi");
  for (const std::string& place : {"oci:" + at("layout"), "oci-archive:" + at("archive.tar")}) {
    publish(place + ":one", image);
    publish(place + ":many", index);
    EXPECT_EQ(run({"skopeo", "inspect", "--raw", place + ":one"}), image.blobs.at(image.root.digest));
    EXPECT_EQ(run({"skopeo", "inspect", "--raw", place + ":many"}), index.blobs.at(index.root.digest));
    run({"skopeo", "inspect", place + ":one"});
    run({"skopeo", "copy", "-q", "--insecure-policy", place + ":one", "dir:" + at("dir")});
    EXPECT_EQ(io::read_file(at("dir") + "/manifest.json", 1 << 20), image.blobs.at(image.root.digest));
  }
}

TEST_F(Oracles, WeReadWhatSkopeoWrites) {
  REQUIRE_TOOL("skopeo");
  const SampleTree image = sample_image("app"), index = sample_index("multi");
  publish("oci:" + at("a") + ":x", image);
  publish("oci:" + at("a") + ":many", index);
  run({"skopeo", "copy", "-q", "--insecure-policy", "oci:" + at("a") + ":x", "oci:" + at("b") + ":docker.io/library/app:1.4"});
  expect_complete("oci:" + at("b") + ":docker.io/library/app:1.4", image);
  run({"skopeo", "copy", "-q", "--insecure-policy", "oci:" + at("a") + ":x", "oci-archive:" + at("c.tar") + ":x"});
  expect_complete("oci-archive:" + at("c.tar") + ":x", image);
  expect_complete("oci-archive:" + at("c.tar"), image);
  run({"skopeo", "copy", "-q", "--insecure-policy", "--all", "oci:" + at("a") + ":many", "oci-archive:" + at("d.tar") + ":many"});
  expect_complete("oci-archive:" + at("d.tar") + ":many", index);
}

TEST_F(Oracles, WeAndSkopeoShareOneLayout) {
  REQUIRE_TOOL("skopeo");
  const SampleTree one = sample_image("one"), two = sample_image("two");
  publish("oci:" + at("a") + ":one", one);
  publish("oci:" + at("b") + ":two", two);
  run({"skopeo", "copy", "-q", "--insecure-policy", "oci:" + at("b") + ":two", "oci:" + at("a") + ":two"});
  publish("oci:" + at("a") + ":three", two);
  expect_complete("oci:" + at("a") + ":one", one);
  EXPECT_EQ(run({"skopeo", "inspect", "--raw", "oci:" + at("a") + ":three"}), two.blobs.at(two.root.digest));
  EXPECT_EQ(run({"skopeo", "inspect", "--raw", "oci:" + at("a") + ":one"}), one.blobs.at(one.root.digest));
}

TEST_F(Oracles, SkopeoCutsLocationsWhereWeDo) {
  REQUIRE_TOOL("skopeo");
  const SampleTree image = sample_image("app");
  publish("oci:" + at("a") + ":x.org/team/app:1.4", image);
  EXPECT_EQ(run({"skopeo", "inspect", "--raw", "oci:" + at("a") + ":x.org/team/app:1.4"}), image.blobs.at(image.root.digest));
}

TEST_F(Oracles, UmociUnpacksOursAndWeReadUmocis) {
  REQUIRE_TOOL("umoci");
  const SampleTree image = sample_image("app");
  publish("oci:" + at("a") + ":x", image);
  run({"umoci", "unpack", "--rootless", "--image", at("a") + ":x", at("bundle")});
  EXPECT_EQ(io::read_file(at("bundle") + "/rootfs/app-1", 100), "content of app");

  fs::create_directory(at("src"));
  io::write_file_atomic(at("src") + "/hello", "world");
  run({"umoci", "init", "--layout", at("u")});
  run({"umoci", "new", "--image", at("u") + ":one"});
  run({"umoci", "insert", "--rootless", "--image", at("u") + ":one", at("src"), "/src"});
  std::unique_ptr<oci::Store> store = registry::open_for_reading(oci::Location::parse("oci:" + at("u") + ":one"), {});
  const oci::Root root = oci::read_root(*store, *store->resolve());
  ASSERT_EQ(root.images.size(), 1u);
  EXPECT_EQ(root.images[0].layers().size(), 1u);

  run({"umoci", "gc", "--layout", at("a")});
  expect_complete("oci:" + at("a") + ":x", image);
}

}  // namespace
}  // namespace resole::test
