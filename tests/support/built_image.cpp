// SPDX-License-Identifier: Apache-2.0
#include "support/built_image.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.hpp"

namespace resole::test {

namespace mt = oci::media_type;

SampleTree built_image(const ImageParts& parts) {
  SampleTree out;
  std::vector<std::string> ids, list;
  for (const std::string& plain : parts.layers) {
    const std::string bytes = archive::compress_block(archive::Compression::gzip, plain);
    ids.push_back('"' + Digest::of(plain).text() + '"');
    list.push_back(json_of(describe(parts.docker ? mt::kDockerLayerGzip : mt::kOciLayerGzip, bytes)));
    out.blobs[Digest::of(bytes)] = bytes;
  }
  const std::string config = fmt::format(
      R"({{"created":"2024-01-01T00:00:00Z","architecture":"{}","os":"{}"{},"config":{{{}}},"rootfs":{{"type":"layers","diff_ids":[{}]}}}})",
      parts.architecture, parts.os, parts.more_config, parts.config, fmt::join(ids, ","));
  const std::string_view type = parts.docker ? mt::kDockerManifest : mt::kOciManifest;
  const std::string manifest =
      fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","config":{},"layers":[{}]{}}})", type,
                  json_of(describe(parts.docker ? mt::kDockerConfig : mt::kOciConfig, config)), fmt::join(list, ","), parts.more_manifest);
  out.blobs[Digest::of(config)] = config;
  out.blobs[Digest::of(manifest)] = manifest;
  out.root = describe(type, manifest);
  return out;
}

SampleTree built_index(const std::vector<IndexChild>& children, bool docker, const std::string& more) {
  SampleTree out;
  std::vector<std::string> entries;
  for (const IndexChild& child : children) {
    out.blobs.insert(child.tree.blobs.begin(), child.tree.blobs.end());
    entries.push_back(json_of(child.tree.root, child.more));
  }
  const std::string_view type = docker ? mt::kDockerList : mt::kOciIndex;
  const std::string index =
      fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","manifests":[{}]{}}})", type, fmt::join(entries, ","), more);
  out.blobs[Digest::of(index)] = index;
  out.root = describe(type, index);
  return out;
}

std::string platform_member(const std::string& platform) {
  const auto words = split(platform, '/');
  std::string out = fmt::format(R"(,"platform":{{"architecture":"{}","os":"{}")", words.at(1), words.at(0));
  if (words.size() > 2) out += fmt::format(R"(,"variant":"{}")", words[2]);
  return out + "}";
}

IndexChild attestation_of(const Digest& subject) {
  IndexChild out;
  const std::string statement = R"({"_type":"https://in-toto.io/Statement/v1","subject":")" + subject.text() + "\"}", empty = "{}";
  const std::string manifest = fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","config":{},"layers":[{}]}})", mt::kOciManifest,
                                           json_of(describe("application/vnd.oci.empty.v1+json", empty)),
                                           json_of(describe("application/vnd.in-toto+json", statement)));
  for (const std::string* bytes : {&statement, &empty, &manifest}) out.tree.blobs[Digest::of(*bytes)] = *bytes;
  out.tree.root = describe(mt::kOciManifest, manifest);
  out.more = fmt::format(R"(,"annotations":{{"vnd.docker.reference.digest":"{}","vnd.docker.reference.type":"attestation-manifest"}})",
                         subject.text()) +
             platform_member("unknown/unknown");
  return out;
}

}  // namespace resole::test
