// SPDX-License-Identifier: Apache-2.0
// kill -9 at any time and a disk that is full at any place: a reader finds the old image or the new one, whole, and the next run works.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "base/error.hpp"
#include "oci/image.hpp"
#include "registry/places.hpp"
#include "support/sample_image.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

// Big enough that writing takes a while. The content does not compress away.
std::string noise_of(const std::string& name) {
  std::string noise;
  for (int at = 0; noise.size() < (1u << 20); ++at) noise += Digest::of(name + std::to_string(at)).text();
  return noise;
}

SampleTree big_image(const std::string& name, oci::Transport transport) {
  const std::string noise = noise_of(name);
  if (transport == oci::Transport::docker_archive) {
    return docker_image_of(name, {sample_plain_layer("noise", noise), sample_plain_layer("small", "content of " + name)});
  }
  SampleTree out = sample_image(name);
  const std::string layer = archive::compress_block(archive::Compression::gzip, noise.substr(0, 1u << 20));
  const oci::Descriptor descriptor = describe(oci::media_type::kOciLayerGzip, layer);
  std::string manifest = out.blobs.at(out.root.digest);
  out.blobs.erase(out.root.digest);
  manifest.replace(manifest.rfind("]}"), 2, "," + json_of(descriptor) + "]}");
  out.blobs[descriptor.digest] = layer;
  out.root = describe(oci::media_type::kOciManifest, manifest);
  out.blobs[out.root.digest] = manifest;
  return out;
}

SampleTree small_image(const std::string& name, oci::Transport transport) {
  return transport == oci::Transport::docker_archive ? sample_docker_image(name) : sample_image(name);
}

void publish(Place& place, const SampleTree& tree) {
  std::unique_ptr<oci::Store> store = place.open("t");
  put_all(*store, tree);
  store->publish({.root = tree.root, .tag = "t", .expected = {}, .force = true});
}

void expect_whole(DiskPlace& place, const SampleTree& tree) {
  std::unique_ptr<oci::Store> store = registry::open_for_reading(place.location("t"), {});
  for (const auto& [digest, bytes] : tree.blobs) EXPECT_EQ(read_all(*store->open_blob(describe("a/b", bytes)), 1 << 24, "blob"), bytes);
}

class Interruption : public testing::TestWithParam<oci::Transport> {};

TEST_P(Interruption, KilledWriterLeavesTheOldOrTheNew) {
  DiskPlace place(GetParam());
  const SampleTree a = big_image("a", GetParam()), b = big_image("b", GetParam());
  publish(place, a);
  int olds = 0, news = 0;
  for (int round = 0; round < 24; ++round) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      for (;;) {
        publish(place, b);
        publish(place, a);
      }
    }
    std::this_thread::sleep_for(std::chrono::microseconds(1500 * round));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    const std::optional<oci::Descriptor> root = place.open("t")->resolve();
    ASSERT_TRUE(root);
    const bool old = root->digest == a.root.digest;
    ASSERT_TRUE(old || root->digest == b.root.digest);
    (old ? olds : news) += 1;
    expect_whole(place, old ? a : b);
  }
  EXPECT_GT(olds + news, 0);
  publish(place, b);
  expect_whole(place, b);
  publish(place, a);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(place.folder())) {
    EXPECT_EQ(entry.path().native().find("staging"), std::string::npos) << "leftover " << entry.path();
  }
}

// A limit on the size of files fails a write after so many bytes, as a full disk does: in a blob, in the archive, in index.json.
TEST_P(Interruption, WriteErrorLeavesTheOld) {
  DiskPlace place(GetParam());
  const SampleTree a = small_image("a", GetParam()), b = big_image("b", GetParam());
  publish(place, a);
  for (const rlim_t limit : {0, 10, 100, 300, 1000, 100'000, 400'000, 200}) {
    if (limit == 200) put_all(*place.open("t"), b);  // in a layout only index.json is left to write then
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      signal(SIGXFSZ, SIG_IGN);
      const rlimit bound{limit, limit};
      setrlimit(RLIMIT_FSIZE, &bound);
      try {
        publish(place, b);
      } catch (const Error& error) {
        _exit(error.kind() == ErrorKind::input && std::string(error.what()).find("too large") != std::string::npos ? 0 : 2);
      }
      _exit(1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "limit " << limit << " status " << status;
    EXPECT_EQ(place.open("t")->resolve()->digest, a.root.digest);
    expect_whole(place, a);
  }
  publish(place, b);
  expect_whole(place, b);
}

std::string name_of(const testing::TestParamInfo<oci::Transport>& kind) {
  if (kind.param == oci::Transport::oci) return "layout";
  return kind.param == oci::Transport::oci_archive ? "archive" : "docker_archive";
}

INSTANTIATE_TEST_SUITE_P(Stores, Interruption,
                         testing::Values(oci::Transport::oci, oci::Transport::oci_archive, oci::Transport::docker_archive), name_of);

}  // namespace
}  // namespace resole::test
