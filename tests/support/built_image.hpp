// SPDX-License-Identifier: Apache-2.0
// Images and indexes from their parts, in the OCI or the Docker family.
#pragma once
#include <string>
#include <vector>

#include "support/sample_image.hpp"

namespace resole::test {

struct ImageParts {
  std::vector<std::string> layers = {};  // plain tars; compressed by gzip as they go in
  bool docker = false;
  std::string architecture = "amd64", os = "linux";
  std::string config = R"("Env":["PATH=/usr/bin"])";  // members of the config's "config"
  std::string more_config = {};                       // further members of the config: R"(,"variant":"v8")"
  std::string more_manifest = {};                     // and of the manifest
};
SampleTree built_image(const ImageParts& parts);

struct IndexChild {
  SampleTree tree;
  std::string more = {};  // further members of its entry: R"(,"platform":{"architecture":"amd64","os":"linux"})"
};
// `more`: further members of the index.
SampleTree built_index(const std::vector<IndexChild>& children, bool docker = false, const std::string& more = {});

std::string platform_member(const std::string& platform);  // "linux/arm/v7" -> R"(,"platform":{...})"

// An attestation as BuildKit writes it (buildkit docs/attestations/attestation-storage.md), of the child with this digest.
IndexChild attestation_of(const Digest& subject);

}  // namespace resole::test
