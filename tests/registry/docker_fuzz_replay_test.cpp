// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "archive/tar_format.hpp"
#include "fuzz/docker_targets.hpp"
#include "fuzz/mutate.hpp"
#include "support/sample_image.hpp"
#include "support/tar_builder.hpp"

namespace resole::fuzz {
namespace RESOLE_TEST_FILE {

const std::string kHex(64, 'a');

std::vector<std::string> lists() {
  return {R"([{"Config":"sha256:)" + kHex + R"(","RepoTags":["app:1","docker.io/library/app:2"],"Layers":["a.tar.gz","./b//layer.tar"]}])",
          R"([{"Config":"c.json","RepoTags":null,"Layers":null},{"Config":"blobs/sha256/)" + kHex +
              R"(","RepoTags":[],"Layers":["x"],"LayerSources":{"sha256:)" + kHex +
              R"(":{"mediaType":"application/vnd.oci.image.layer.v1.tar","size":10,"digest":"sha256:)" + kHex + R"("}}}])",
          "[]"};
}

std::string archive_of(bool compressed) {
  const std::string plain = test::sample_plain_layer("etc/a", "content"), layer = compressed ? test::gzip(plain) : plain;
  const std::string config =
      R"({"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":[")" + Digest::of(plain).text() + R"("]}})";
  return test::TarBuilder()
      .file("l", layer)
      .symlink("a/layer.tar", "../l")
      .hardlink("b", "a/layer.tar")
      .file("c", config)
      .file("manifest.json", R"([{"Config":"c","RepoTags":["app:1"],"Layers":["b"]},{"Config":"c","Layers":["a/layer.tar"]}])")
      .bytes();
}

void repair_checksums(std::string& bytes, Mutator& mutator) {
  for (std::size_t at = 0; at + tar::kBlock <= bytes.size(); at += tar::kBlock) {
    const std::string_view block = std::string_view(bytes).substr(at, tar::kBlock);
    if (block.substr(257, 5) != "ustar" || mutator.below(20) == 0) continue;
    bytes.replace(at + 148, 8, test::octal(tar::checksum(block), 6) + std::string("\0 ", 2));
  }
}

TEST(FuzzReplay, SavedList) { replay(lists(), 20000, saved_list); }
TEST(FuzzReplay, DockerArchive) { replay({archive_of(false), archive_of(true)}, 5000, docker_archive, repair_checksums); }

}  // namespace
}  // namespace resole::fuzz
