// SPDX-License-Identifier: Apache-2.0
#include "oci/base_hints.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace resole::oci {

namespace {

constexpr std::size_t kMostHints = 32;
constexpr std::string_view kBuildpacks = "io.buildpacks.lifecycle.metadata";

std::string text_at(const std::map<std::string, std::string>& words, std::string_view key) {
  const auto found = words.find(std::string(key));
  return found == words.end() ? std::string() : found->second;
}

void add_named(std::vector<BaseHint>& hints, const std::map<std::string, std::string>& words, const char* found_by) {
  BaseHint hint{.name = text_at(words, kBaseName), .digest = Digest::try_parse(text_at(words, kBaseDigest)).value_or(Digest()), .found_by = found_by, .top_layer = {}};
  const bool known = std::any_of(hints.begin(), hints.end(), [&](const BaseHint& each) { return each.name == hint.name && each.digest == hint.digest; });
  if (!hint.name.empty() && !known && hints.size() < kMostHints) hints.push_back(std::move(hint));
}

// buildpacks/spec platform.md: {"runImage": {"topLayer": "sha256:<diff_id>", "reference": "repo@sha256:...", "image": "repo:tag"}}
void add_buildpacks(std::vector<BaseHint>& hints, const std::map<std::string, std::string>& labels) {
  const std::string text = text_at(labels, kBuildpacks);
  if (text.empty()) return;
  try {
    const Json json = parse_json(text, "label", {.bytes = 4u << 20, .depth = 64});
    const auto run = json.is_object() ? json.find("runImage") : json.end();
    if (run == json.end() || !run->is_object()) return;
    const std::string reference = string_or(*run, "reference", ""), image = string_or(*run, "image", "");
    const std::size_t at = reference.find('@');
    BaseHint hint{.name = !image.empty() ? image : reference.substr(0, at),
                  .digest = at == std::string::npos ? Digest() : Digest::try_parse(reference.substr(at + 1)).value_or(Digest()),
                  .found_by = "buildpacks",
                  .top_layer = Digest::try_parse(string_or(*run, "topLayer", "")).value_or(Digest())};
    if (!hint.name.empty() || !hint.top_layer.empty()) hints.push_back(std::move(hint));
  } catch (const Error&) {
    // a label that is something else says nothing
  }
}

int hex_value(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; }

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0;
    out += escape ? static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2])) : text[i];
    if (escape) i += 2;
  }
  return out;
}

// "pkg:docker/debian@bookworm?platform=linux%2Famd64" -> "debian:bookworm"; "" for other package URLs.
std::string image_of(std::string_view purl) {
  constexpr std::string_view kDocker = "pkg:docker/";
  if (!purl.starts_with(kDocker)) return {};
  std::string_view rest = purl.substr(kDocker.size());
  rest = rest.substr(0, rest.find_first_of("?#"));
  const std::size_t at = rest.rfind('@');
  const std::string version = at == std::string_view::npos ? std::string() : decoded(rest.substr(at + 1));
  if (version.empty() || version.starts_with("sha256:")) return decoded(rest.substr(0, at));
  return decoded(rest.substr(0, at)) + ":" + version;
}

void add_material(std::vector<BaseHint>& hints, const Json& material) {
  if (!material.is_object() || hints.size() == kMostHints) return;
  const std::string name = image_of(string_or(material, "uri", ""));
  const auto digests = material.find("digest");
  if (name.empty() || digests == material.end() || !digests->is_object()) return;
  const auto digest = Digest::try_parse("sha256:" + string_or(*digests, "sha256", ""));
  if (digest) hints.push_back({name, *digest, "provenance", {}});
}

}  // namespace

std::vector<BaseHint> base_hints(const Image& image, const std::map<std::string, std::string>& index_annotations) {
  std::vector<BaseHint> hints;
  add_named(hints, image.manifest.annotations(), "annotation");
  add_named(hints, image.config.labels(), "label");
  add_named(hints, index_annotations, "annotation of the index");
  add_buildpacks(hints, image.config.labels());
  return hints;
}

std::vector<BaseHint> provenance_hints(std::string_view statement) {
  std::vector<BaseHint> hints;
  try {
    const Json json = parse_json(statement, "provenance", {.bytes = 16u << 20, .depth = 100});
    const auto list_at = [&](const char* pointer) {
      const Json::json_pointer place(pointer);
      return json.contains(place) && json.at(place).is_array() ? &json.at(place) : nullptr;
    };
    for (const char* place : {"/predicate/materials", "/predicate/buildDefinition/resolvedDependencies"}) {
      const Json* list = list_at(place);
      for (std::size_t i = 0; list && i < list->size(); ++i) add_material(hints, (*list)[i]);
    }
  } catch (const Error&) {
    hints.clear();
  }
  return hints;
}

}  // namespace resole::oci
