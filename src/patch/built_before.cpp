// SPDX-License-Identifier: Apache-2.0
#include "patch/built_before.hpp"

#include <algorithm>

#include "archive/compression.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "patch/planned_before.hpp"
#include "patch/program.hpp"

namespace resole::patch {

namespace {

constexpr std::string_view kResultRoom = "result", kPayloadRoom = "payload", kBlobRoom = "built";
constexpr std::string_view kResultForm = "1";  // of what is kept
constexpr std::string_view kKeptResult = "kept result";

Json proof_of(const pkg::RepositoryOptions& options) {
  Json keyrings = Json::array(), mirrors = Json::array();
  for (const std::string& keyring : options.keyrings) keyrings.push_back(Digest::of(keyring).text());
  for (const auto& [from, to] : options.mirrors) mirrors.push_back({from, to});
  return {{"keyrings", keyrings}, {"replace", options.replace_keyrings}, {"mirrors", mirrors}, {"extra", options.extra}, {"age", options.max_index_age}};
}

std::string key_of(const ImageView& image, document::Plan plan, const BuildRequest& request, const Tools& tools) {
  plan.as_of.clear();
  const Json inputs = {{"form", kResultForm},
                       {"program", program_identity()},
                       {"gzip", archive::compressor_text(archive::Compression::gzip)},
                       {"zstd", archive::compressor_text(archive::Compression::zstd)},
                       {"root", image.root.descriptor.digest.text()},
                       {"platforms", image.positions},
                       {"proof", proof_of(request.repositories)},
                       {"recipes", tools.recipes.digest().text()},
                       {"plan", document::write_plan(plan)}};
  return std::string(Digest::of(dump_compact(inputs)).hex());
}

Json kept(const oci::Descriptor& descriptor, std::string_view name, std::string_view value) {
  return {{"descriptor", dump_compact(descriptor.to_json())}, {name, value}};
}

oci::Descriptor descriptor_of(const Json& json) {
  return oci::Descriptor::from_json(parse_json_ordered(string_member(json, "descriptor", kKeptResult), kKeptResult), kKeptResult);
}

}  // namespace

BuiltBefore::BuiltBefore(const ImageView& image, const document::Plan& plan, const BuildRequest& request, const Tools& tools)
    : image_(image), cache_(tools.cache), key_(key_of(image, plan, request, tools)), now_(request.repositories.now) {}

std::optional<Made> BuiltBefore::recall() const {
  const auto bytes = cache_.get(kResultRoom, key_);
  if (!bytes) return std::nullopt;
  try {
    const Json json = parse_json(bytes->bytes(), kKeptResult);
    const std::int64_t made_at = integer_or(json, "asOf", 0);
    if (now_ < made_at || now_ >= made_at + kLongestKept) return std::nullopt;
    Made made{.tree = {}, .result = document::read_result(string_member(json, "result", kKeptResult), kKeptResult)};
    for (const Json& blob : member(json, "blobs", kKeptResult)) {
      const std::string payload = string_or(blob, "payload", "");
      const oci::Descriptor descriptor = descriptor_of(blob);
      auto content = payload.empty() ? cache_.get(kBlobRoom, descriptor.digest.hex()) : cache_.get(kPayloadRoom, payload);
      if (!content || content->size() != descriptor.size) return std::nullopt;
      made.tree.blobs.push_back({descriptor, std::move(*content), payload});
    }
    for (const Json& manifest : member(json, "manifests", kKeptResult)) {
      made.tree.manifests.push_back({descriptor_of(manifest), string_member(manifest, "bytes", kKeptResult)});
    }
    made.tree.root = made.tree.manifests.empty() ? image_.root.descriptor : made.tree.manifests.back().descriptor;
    if (made.tree.root.digest != made.result.patched.digest) return std::nullopt;
    for (auto& platform : made.result.platforms) {
      for (auto& layer : platform.layers) layer.reused = true;
    }
    return made;
  } catch (const Error&) {
    return std::nullopt;  // of another form: made again, and replaced
  }
}

void BuiltBefore::keep(const Made& made) const {
  Json blobs = Json::array(), manifests = Json::array();
  for (const auto& blob : made.tree.blobs) {
    if (blob.kept_as.empty()) cache_.put(kBlobRoom, blob.descriptor.digest.hex(), blob.bytes.bytes());
    blobs.push_back(kept(blob.descriptor, "payload", blob.kept_as));
  }
  for (const auto& manifest : made.tree.manifests) manifests.push_back(kept(manifest.descriptor, "bytes", manifest.bytes));
  cache_.put(kResultRoom, key_, dump_compact(Json{{"asOf", now_}, {"result", document::write_result(made.result)}, {"blobs", blobs}, {"manifests", manifests}}));
}

bool is_intact(const Made& made) {
  return std::all_of(made.tree.blobs.begin(), made.tree.blobs.end(), [](const auto& blob) { return Digest::of(blob.bytes.bytes()) == blob.descriptor.digest; });
}

}  // namespace resole::patch
