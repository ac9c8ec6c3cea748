// SPDX-License-Identifier: Apache-2.0
// Every program that writes "docker archives" writes this file, and each calls the members otherwise:
//
//   docker until 24, kaniko's and others' copies of it   "<config hex>.json"        "<v1 id>/layer.tar"
//   docker 25 and later, BuildKit                        "blobs/sha256/<hex>"       "blobs/sha256/<hex>"
//   podman, skopeo, buildah, and we                      "<config hex>.json"        "<diff_id hex>.tar"
//   crane, ko, bazel                                     "sha256:<hex>"             "<hex>.tar.gz"
//   jib                                                  "config.json"              "<hex>.tar.gz"
//   nix                                                  "<hex>.json"               "<anything>/layer.tar"
//
// so a name means nothing beyond finding the member. Only where one claims to be a hash, it must be.
#include "registry/docker/saved_list.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "archive/tar.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "oci/json_fields.hpp"
#include "oci/manifest_checks.hpp"
#include "oci/reference.hpp"

namespace resole::registry {

namespace {

namespace fields = oci::fields;

constexpr std::size_t kLongestPath = 4096;
constexpr std::size_t kMostTags = 10'000;

std::string member_path(const std::string& text, std::string_view what) {
  std::string path = tar::clean_path(text);
  if (!path.empty() && path.size() <= kLongestPath && tar::is_safe_path(path)) return path;
  throw Error(ErrorKind::input, fmt::format("{}: \"{}\" cannot be the path of a member", what, printable(text)));
}

std::map<Digest, oci::Descriptor> read_sources(const OrderedJson& entry, std::string_view what) {
  std::map<Digest, oci::Descriptor> out;
  const OrderedJson* sources = fields::find(entry, "LayerSources");
  if (!sources) return out;
  const std::string where = fmt::format("{}, LayerSources", what);
  fields::require_object(*sources, where);
  if (sources->size() > oci::kMostLayers) throw Error(ErrorKind::input, fmt::format("{}: more than {}", where, oci::kMostLayers));
  for (const auto& [key, value] : sources->items()) {
    if (const std::optional<Digest> diff_id = Digest::try_parse(key)) out.emplace(*diff_id, oci::Descriptor::from_json(value, where));
  }
  return out;
}

SavedEntry read_entry(const OrderedJson& json, std::string_view what) {
  fields::require_object(json, what);
  SavedEntry out;
  out.config = member_path(fields::required_string(json, "Config", what), what);
  out.tags = fields::string_list(json, "RepoTags", what);
  if (out.tags.size() > kMostTags) throw Error(ErrorKind::input, fmt::format("{}: more than {} names", what, kMostTags));
  for (const std::string& layer : fields::string_list(json, "Layers", what)) out.layers.push_back(member_path(layer, what));
  if (out.layers.size() > oci::kMostLayers) throw Error(ErrorKind::input, fmt::format("{}: more than {} layers", what, oci::kMostLayers));
  out.sources = read_sources(json, what);
  return out;
}

std::optional<oci::Reference> reference_of(std::string_view text) {
  try {
    return oci::Reference::parse(text);
  } catch (const Error&) {
    return std::nullopt;
  }
}

OrderedJson json_of(const SavedEntry& entry) {
  OrderedJson out = OrderedJson::object();
  out["Config"] = entry.config;
  out["RepoTags"] = entry.tags.empty() ? OrderedJson() : OrderedJson(entry.tags);  // null, as docker has it
  out["Layers"] = entry.layers;
  return out;
}

}  // namespace

std::vector<SavedEntry> parse_saved_list(std::string_view bytes, std::string_view what) {
  const OrderedJson json = parse_json_ordered(bytes, what, {.bytes = oci::kManifestLimit, .depth = 32});
  if (!json.is_array()) throw Error(ErrorKind::input, fmt::format("{}: must be an array of images", what));
  if (json.size() > kMostSavedImages) throw Error(ErrorKind::input, fmt::format("{}: more than {} images", what, kMostSavedImages));
  std::vector<SavedEntry> out;
  for (const OrderedJson& entry : json) out.push_back(read_entry(entry, fmt::format("{}, image {}", what, out.size())));
  return out;
}

std::string write_saved_list(const std::vector<SavedEntry>& entries) {
  OrderedJson out = OrderedJson::array();
  for (const SavedEntry& entry : entries) out.push_back(json_of(entry));
  return dump_compact(out);
}

std::string write_repositories(const std::vector<SavedEntry>& entries) {
  Json out = Json::object();
  for (const SavedEntry& entry : entries) {
    const std::string& top = entry.layers.empty() ? entry.config : entry.layers.back();
    for (const std::string& tag : entry.tags) {
      const std::optional<oci::Reference> name = reference_of(tag);
      if (name && !name->tag.empty()) out[name->name()][name->tag] = top.substr(0, top.find('.'));
    }
  }
  return dump_compact(out);
}

std::string full_name(std::string_view tag) {
  const std::optional<oci::Reference> name = reference_of(tag);
  return name ? name->text() : std::string(tag);
}

std::vector<std::size_t> positions_of(const std::vector<SavedEntry>& entries, std::string_view ref) {
  std::vector<std::size_t> out;
  if (ref.starts_with('@')) {
    const std::optional<std::uint64_t> at = parse_unsigned(ref.substr(1));
    if (at && *at < entries.size()) out.push_back(static_cast<std::size_t>(*at));
    return out;
  }
  const std::string wanted = full_name(ref);
  for (std::size_t at = 0; at < entries.size(); ++at) {
    const std::vector<std::string>& tags = entries[at].tags;
    const auto same = [&](const std::string& tag) { return full_name(tag) == wanted; };
    if (ref.empty() || std::any_of(tags.begin(), tags.end(), same)) out.push_back(at);
  }
  return out;
}

std::vector<std::string> names_in(const std::vector<SavedEntry>& entries) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < entries.size(); ++at) {
    if (entries[at].tags.empty()) out.push_back(fmt::format("@{}", at));
    for (const std::string& tag : entries[at].tags) out.push_back(printable(tag));
  }
  return out;
}

std::optional<Digest> promised_digest(std::string_view member) {
  std::string_view name = member;
  if (name.starts_with("blobs/sha256/")) {
    name.remove_prefix(13);
  } else if (name.starts_with("sha256:")) {
    name.remove_prefix(7);
  } else if (name.ends_with(".json")) {
    name.remove_suffix(5);
  } else {
    return std::nullopt;
  }
  const std::optional<Sha256> raw = sha256_from_hex(name);
  return raw ? std::optional(Digest::sha256(*raw)) : std::nullopt;
}

}  // namespace resole::registry
