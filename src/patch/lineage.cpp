// SPDX-License-Identifier: Apache-2.0
#include "patch/lineage.hpp"

#include "base/json.hpp"
#include "base/text.hpp"

namespace resole::patch {

namespace {

std::string value_or_empty(const std::map<std::string, std::string>& labels, std::string_view key) {
  const auto found = labels.find(std::string(key));
  return found == labels.end() ? std::string() : found->second;
}

// "curl:amd64=7.88.1-10+deb12u8"; versions hold no '=', names no ':' before the architecture's.
std::optional<plan::Floor> parse_floor(std::string_view word) {
  const auto equals = word.find('=');
  const auto colon = word.rfind(':', equals);
  if (equals == std::string_view::npos || colon == std::string_view::npos) return std::nullopt;
  return plan::Floor{std::string(word.substr(0, colon)), std::string(word.substr(colon + 1, equals - colon - 1)), std::string(word.substr(equals + 1))};
}

}  // namespace

std::optional<Lineage> read_lineage(const std::map<std::string, std::string>& labels) {
  Lineage lineage;
  lineage.plan = value_or_empty(labels, label::kPlan);
  if (!Digest::try_parse(lineage.plan)) return std::nullopt;
  lineage.source = value_or_empty(labels, label::kSource);
  lineage.version = value_or_empty(labels, label::kVersion);
  lineage.base_old = value_or_empty(labels, label::kBaseOld);
  lineage.base_new = value_or_empty(labels, label::kBaseNew);
  lineage.merge_layer = value_or_empty(labels, label::kMergeLayer);
  lineage.rootfs = value_or_empty(labels, label::kRootfs);
  const std::string layers = value_or_empty(labels, label::kLayers), packages = value_or_empty(labels, label::kPackages);
  for (const auto word : split_words(layers)) lineage.layers.emplace_back(word);
  for (const auto word : split_words(packages)) {
    if (auto floor = parse_floor(word)) lineage.packages.push_back(std::move(*floor));
  }
  return lineage;
}

std::map<std::string, std::string> lineage_labels(const Lineage& lineage) {
  std::vector<std::string> packages;
  for (const auto& floor : lineage.packages) packages.push_back(floor.name + ":" + floor.arch + "=" + floor.version);
  return {{std::string(label::kSource), lineage.source},
          {std::string(label::kPlan), lineage.plan},
          {std::string(label::kVersion), lineage.version},
          {std::string(label::kLayers), join(lineage.layers, " ")},
          {std::string(label::kPackages), join(packages, " ")},
          {std::string(label::kBaseOld), lineage.base_old},
          {std::string(label::kBaseNew), lineage.base_new},
          {std::string(label::kMergeLayer), lineage.merge_layer},
          {std::string(label::kRootfs), lineage.rootfs}};
}

std::map<std::string, std::string> lineage_annotations(const Lineage& lineage) {
  return {{std::string(label::kSource), lineage.source},
          {std::string(label::kPlan), lineage.plan},
          {std::string(label::kVersion), lineage.version},
          {std::string(label::kBaseOld), lineage.base_old},
          {std::string(label::kBaseNew), lineage.base_new}};
}

Digest config_content(const oci::Config& config) {
  Json json = parse_json(config.bytes(), "config");
  for (const char* key : {"rootfs", "history", "created"}) json.erase(key);
  for (const char* place : {"config", "container_config"}) {
    const auto section = json.find(place);
    if (section == json.end() || !section->is_object()) continue;
    const auto labels = section->find("Labels");
    if (labels == section->end()) continue;
    if (labels->is_object()) {
      std::erase_if(labels->get_ref<Json::object_t&>(), [](const auto& label) { return label.first.starts_with("io.resole."); });
    }
    if (labels->empty()) section->erase("Labels");  // null, {} and absent are one
  }
  if (const auto section = json.find("config"); section != json.end() && section->empty()) json.erase("config");
  return Digest::of(dump_compact(json));
}

std::size_t own_layers(const oci::Image& image, const Lineage& lineage) {
  const auto& diff_ids = image.config.diff_ids();
  if (lineage.layers.size() > diff_ids.size()) return 0;
  const std::size_t first = diff_ids.size() - lineage.layers.size();
  for (std::size_t i = 0; i < lineage.layers.size(); ++i) {
    if (diff_ids[first + i].text() != lineage.layers[i]) return 0;
  }
  return lineage.layers.size();
}

std::size_t merge_layers(const oci::Image& image, const Lineage& lineage, std::size_t own) {
  const auto& diff_ids = image.config.diff_ids();
  // Without layers of ours above it that could be recognised, it has to be the top one.
  if (lineage.merge_layer.empty() || diff_ids.size() <= own || (own == 0 && !lineage.layers.empty())) return 0;
  return diff_ids[diff_ids.size() - own - 1].text() == lineage.merge_layer ? 1 : 0;
}

// Copa annotates the manifest, and names the image that it patched in a label; under "labels" beside "Labels", as Go's JSON does not mind (copacetic
// pkg/buildkit/buildkit.go).
std::string patched_by_others(const oci::Image& image) {
  constexpr const char *kMark = "sh.copa.image.patched", *kFrom = "BaseImage";
  bool patched = image.manifest.annotations().contains(kMark);
  std::string from;
  const Json json = parse_json(image.config.bytes(), "config");
  for (const char* key : {"/config/labels", "/config/Labels"}) {
    const Json::json_pointer place(key);
    if (!json.contains(place) || !json.at(place).is_object()) continue;
    const Json& labels = json.at(place);
    patched = patched || labels.contains(kMark);
    if (from.empty() && labels.contains(kFrom) && labels.at(kFrom).is_string()) from = labels.at(kFrom).get<std::string>();
  }
  if (!patched) return {};
  return from.empty() ? "Copa" : "Copa, from " + printable(from, 200);
}

std::string rootfs_text(const std::vector<Digest>& diff_ids) {
  std::string all;
  for (const Digest& id : diff_ids) all += id.text() + "\n";
  return Digest::of(all).text();
}

bool is_unchanged_since(const oci::Image& image, const Lineage& lineage) {
  return own_layers(image, lineage) > 0 || (!lineage.rootfs.empty() && lineage.rootfs == rootfs_text(image.config.diff_ids()));
}

}  // namespace resole::patch
