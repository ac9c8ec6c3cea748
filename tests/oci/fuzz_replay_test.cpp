// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "fuzz/mutate.hpp"
#include "fuzz/mutate_json.hpp"
#include "fuzz/oci_targets.hpp"
#include "support/sample_image.hpp"

namespace resole::fuzz {
namespace RESOLE_TEST_FILE {

// Blobs of a sample tree whose text holds `mark`.
std::vector<std::string> blobs_with(std::string_view mark) {
  std::vector<std::string> found;
  for (const auto& [digest, bytes] : test::sample_index("app").blobs) {
    if (bytes.starts_with('{') && bytes.find(mark) != std::string::npos) found.push_back(bytes);
  }
  return found;
}

TEST(FuzzReplay, Reference) {
  const std::string digest = "sha256:" + std::string(64, 'a');
  replay({"debian", "box.example.org:5000/team/app:1.4", "app@" + digest, "[::1]:80/a__b/c-d.e:T", "oci:dir:docker.io/library/app:1", "oci:d@" + digest,
          "docker-archive:x.tar:a:1", "docker://app", "index.docker.io/debian:12@" + digest},
         30000, reference);
}

TEST(FuzzReplay, Platform) { replay({"linux/amd64", "linux/arm/v7", "linux/arm64/v8", "Windows/X86_64", "linux/aarch64/8"}, 30000, platform); }

TEST(FuzzReplay, Manifest) {
  const auto seeds = blobs_with("\"layers\":[");
  ASSERT_GE(seeds.size(), 3u);
  replay(seeds, 5000, manifest, json_values(seeds));
}

TEST(FuzzReplay, ImageIndex) {
  const auto seeds = blobs_with("\"manifests\":[");
  ASSERT_EQ(seeds.size(), 1u);
  replay(seeds, 4000, image_index, json_values(seeds));
}

TEST(FuzzReplay, ImageConfig) {
  const auto seeds = blobs_with("\"diff_ids\"");
  ASSERT_GE(seeds.size(), 2u);
  replay(seeds, 3000, image_config, json_values(seeds));
}

}  // namespace
}  // namespace resole::fuzz
