// SPDX-License-Identifier: Apache-2.0
// Small real images for tests: gzip layers that unpack, configs with history, indexes with an attestation.
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "archive/compression.hpp"
#include "archive/tar.hpp"
#include "oci/image.hpp"
#include "oci/store.hpp"

namespace resole::test {

struct SampleLayer {
  std::string bytes;  // gzip
  Digest diff_id;
};

// One file in one layer.
inline std::string sample_plain_layer(const std::string& path, const std::string& content) {
  std::string raw;
  StringSink sink(raw);
  tar::Writer writer(sink);
  tar::Header header;
  header.path = path;
  header.mode = 0644;
  header.size = content.size();
  writer.add(header, content);
  writer.finish();
  return raw;
}

inline SampleLayer sample_layer(const std::string& path, const std::string& content) {
  const std::string raw = sample_plain_layer(path, content);
  return {archive::compress_block(archive::Compression::gzip, raw), Digest::of(raw)};
}

struct SampleTree {
  oci::Descriptor root;
  std::map<Digest, std::string> blobs;  // manifests too
};

inline oci::Descriptor describe(std::string_view type, std::string_view bytes) {
  oci::Descriptor out;
  out.media_type = type;
  out.digest = Digest::of(bytes);
  out.size = bytes.size();
  return out;
}

inline std::string json_of(const oci::Descriptor& d, const std::string& more = {}) {
  return R"({"mediaType":")" + d.media_type + R"(","digest":")" + d.digest.text() + R"(","size":)" + std::to_string(d.size) + more + "}";
}

inline SampleTree sample_image(const std::string& name, const std::string& architecture = "amd64", std::size_t layers = 2) {
  SampleTree out;
  std::string ids, history, list;
  for (std::size_t at = 0; at < layers; ++at) {
    const SampleLayer layer = sample_layer(name + "-" + std::to_string(at), "content of " + name);
    const std::string comma = at == 0 ? "" : ",";
    ids += comma + '"' + layer.diff_id.text() + '"';
    history += comma + R"({"created":"2024-01-01T00:00:00Z","created_by":"ADD )" + std::to_string(at) + R"("})";
    list += comma + json_of(describe(oci::media_type::kOciLayerGzip, layer.bytes));
    out.blobs[Digest::of(layer.bytes)] = layer.bytes;
  }
  const std::string config = R"({"created":"2024-01-01T00:00:00Z","architecture":")" + architecture +
                             R"(","os":"linux","config":{"Env":["PATH=/usr/bin"],"Labels":{"name":")" + name +
                             R"("}},"rootfs":{"type":"layers","diff_ids":[)" + ids + R"(]},"history":[)" + history + "]}";
  const std::string manifest = R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":)" +
                               json_of(describe(oci::media_type::kOciConfig, config)) + R"(,"layers":[)" + list + "]}";
  out.blobs[Digest::of(config)] = config;
  out.blobs[Digest::of(manifest)] = manifest;
  out.root = describe(oci::media_type::kOciManifest, manifest);
  return out;
}

// As a docker archive and an engine hold it: Docker's media types, plain layers, the manifest in Docker's own order. Its digests survive
// every kind of place.
inline SampleTree docker_image_of(const std::string& name, const std::vector<std::string>& plain_layers) {
  SampleTree out;
  const auto json = [](std::string_view type, const std::string& bytes) {
    return R"({"mediaType":")" + std::string(type) + R"(","size":)" + std::to_string(bytes.size()) + R"(,"digest":")" +
           Digest::of(bytes).text() + "\"}";
  };
  std::string ids, list;
  for (const std::string& layer : plain_layers) {
    const std::string comma = ids.empty() ? "" : ",";
    ids += comma + '"' + Digest::of(layer).text() + '"';
    list += comma + json(oci::media_type::kDockerLayer, layer);
    out.blobs[Digest::of(layer)] = layer;
  }
  const std::string config = R"({"architecture":"amd64","config":{"Env":["PATH=/usr/bin"],"Labels":{"name":")" + name +
                             R"("}},"created":"2024-01-01T00:00:00Z","os":"linux","rootfs":{"type":"layers","diff_ids":[)" + ids + "]}}";
  const std::string manifest = R"({"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":)" +
                               json(oci::media_type::kDockerConfig, config) + R"(,"layers":[)" + list + "]}";
  out.blobs[Digest::of(config)] = config;
  out.blobs[Digest::of(manifest)] = manifest;
  out.root = describe(oci::media_type::kDockerManifest, manifest);
  return out;
}

inline SampleTree sample_docker_image(const std::string& name, std::size_t layers = 2) {
  std::vector<std::string> all;
  for (std::size_t at = 0; at < layers; ++at) all.push_back(sample_plain_layer(name + "-" + std::to_string(at), "content of " + name));
  return docker_image_of(name, all);
}

// amd64 and arm64 and an attestation of the first, as BuildKit writes it.
inline SampleTree sample_index(const std::string& name) {
  SampleTree out = sample_image(name + "-a", "amd64");
  const SampleTree second = sample_image(name + "-b", "arm64", 3);
  const oci::Descriptor first = out.root;
  out.blobs.insert(second.blobs.begin(), second.blobs.end());
  const std::string statement = R"({"_type":"https://in-toto.io/Statement/v1"})", empty = "{}";
  const std::string attestation = R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":)" +
                                  json_of(describe("application/vnd.oci.empty.v1+json", empty)) + R"(,"layers":[)" +
                                  json_of(describe("application/vnd.in-toto+json", statement)) + "]}";
  for (const std::string* bytes : {&statement, &empty, &attestation}) out.blobs[Digest::of(*bytes)] = *bytes;
  const std::string index =
      R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[)" +
      json_of(first, R"(,"platform":{"architecture":"amd64","os":"linux"})") + "," +
      json_of(second.root, R"(,"platform":{"architecture":"arm64","os":"linux","variant":"v8"})") + "," +
      json_of(describe(oci::media_type::kOciManifest, attestation),
              R"(,"annotations":{"vnd.docker.reference.digest":")" + first.digest.text() +
                  R"(","vnd.docker.reference.type":"attestation-manifest"},"platform":{"architecture":"unknown","os":"unknown"})") +
      "]}";
  out.blobs[Digest::of(index)] = index;
  out.root = describe(oci::media_type::kOciIndex, index);
  return out;
}

// Everything below the root that the tree has, with its type; children before parents, the root last.
inline std::vector<oci::Descriptor> everything_below(const SampleTree& tree) {
  std::vector<oci::Descriptor> out;
  std::set<Digest> seen;
  const auto add = [&](const auto& self, const oci::Descriptor& part) -> void {
    const auto bytes = tree.blobs.find(part.digest);
    if (bytes == tree.blobs.end() || !seen.insert(part.digest).second) return;
    const oci::References below = oci::references_of(bytes->second, part.media_type, "a part of a sample");
    for (const auto* list : {&below.manifests, &below.blobs}) {
      for (const oci::Descriptor& child : *list) self(self, child);
    }
    out.push_back(part);
  };
  add(add, tree.root);
  return out;
}

inline bool is_manifest_or_index(std::string_view type) { return oci::media_type::is_manifest(type) || oci::media_type::is_index(type); }

inline void put_all(oci::Store& store, const SampleTree& tree) {
  for (const oci::Descriptor& part : everything_below(tree)) {
    const std::string& bytes = tree.blobs.at(part.digest);
    if (is_manifest_or_index(part.media_type)) {
      store.put_manifest(part, bytes);
    } else {
      store.put_blob(part, opener_of(bytes));
    }
  }
}

}  // namespace resole::test
