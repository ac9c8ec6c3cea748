// SPDX-License-Identifier: Apache-2.0
#include "rollout/render_text.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "rollout/decide.hpp"

namespace resole::rollout {

namespace {

// Text in a Markdown table: no markup, no mention, no new cell (field/rollout.md 4.2).
std::string markdown_cell(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    if (std::string_view("|`*_<>[]\\#").find(c) != std::string_view::npos) out += '\\';
    out += c;
    if (c == '@') out += "\u200b";
  }
  return out;
}

std::vector<std::string> decoded(std::string_view pointer) {
  std::vector<std::string> path;
  for (const auto segment : split(pointer, '/')) {
    std::string key;
    for (std::size_t i = 0; i < segment.size(); ++i) {
      const bool escape = segment[i] == '~' && i + 1 < segment.size();
      key += !escape ? segment[i] : segment[i + 1] == '1' ? '/' : '~';
      if (escape) ++i;
    }
    path.push_back(std::move(key));
  }
  if (!path.empty()) path.erase(path.begin());
  return path;
}

bool is_index(const std::string& key) { return parse_unsigned(key).has_value(); }

void put_yaml(const Json& json, std::size_t indent, std::string& out) {
  for (const auto& [key, value] : json.items()) {
    out += std::string(indent, ' ') + (is_plain_safe(key) && key.find(':') == std::string::npos ? key : yaml_word(key)) + ":";
    if (value.is_object()) {
      out += '\n';
      put_yaml(value, indent + 2, out);
    } else {
      out += " " + value.dump() + "\n";
    }
  }
}

// By advisory, which is what people look for: the packages that fix it.
Json advisory_rows(const document::RolloutImage& image, const TextSize& size) {
  std::map<std::string, std::set<std::string>> packages_of;
  for (const auto& package : image.packages) {
    for (const auto& id : package.fixes) packages_of[id].insert(package.name);
  }
  Json rows = Json::array();
  for (const auto& [id, names] : packages_of) {
    if (rows.size() == size.advisories) break;
    rows.push_back({{"id", markdown_cell(id)}, {"packages", markdown_cell(join({names.begin(), names.end()}, ", "))}});
  }
  return rows;
}

Json image_row(const document::RolloutImage& image, const TextSize& size) {
  Json packages = Json::array();
  for (std::size_t i = 0; i < std::min(image.packages.size(), size.packages); ++i) {
    const auto& package = image.packages[i];
    packages.push_back({{"name", markdown_cell(package.name)},
                        {"arch", markdown_cell(package.arch)},
                        {"from", package.from.empty() ? "new" : markdown_cell(package.from)},
                        {"to", markdown_cell(package.to)},
                        {"fixes", markdown_cell(join(package.fixes, ", "))},
                        {"severity", markdown_cell(package.severity) + (package.known_exploited ? ", **exploited**" : "")}});
  }
  const std::vector<std::string> fixed(image.fixed.begin(), image.fixed.begin() + static_cast<std::ptrdiff_t>(std::min(image.fixed.size(), size.advisories)));
  return {{"source", image.source_reference},
          {"sourceDigest", image.source.text()},
          {"patched", image.patched_reference},
          {"patchedDigest", image.patched.text()},
          {"packages", packages},
          {"packageCount", image.packages.size()},
          {"morePackages", image.packages.size() - packages.size()},
          {"hasMorePackages", image.packages.size() > packages.size()},
          {"fixedCount", image.fixed.size()},
          {"hasFixed", !image.fixed.empty()},
          {"fixed", markdown_cell(join(fixed, ", "))},
          {"moreFixed", image.fixed.size() - fixed.size()},
          {"hasMoreFixed", image.fixed.size() > fixed.size()},
          {"advisories", advisory_rows(image, size)},
          {"hasAdvisories", !image.fixed.empty()},
          {"added", human_size(image.added_bytes)},
          {"hasAdded", image.added_bytes > 0},
          {"patchedPlace", std::string(repository_of(image.patched_reference)) + "@" + image.patched.text()},
          {"plan", image.plan.empty() ? "" : image.plan.text()},
          {"hasPlan", !image.plan.empty()},
          {"wasSigned", image.source_was_signed},
          {"back", std::string(repository_of(image.source_reference)) + "@" + image.source.text()}};
}

std::string wave_of_workload(const document::Rollout& rollout, std::size_t index) {
  for (const auto& wave : rollout.waves) {
    if (std::find(wave.workloads.begin(), wave.workloads.end(), index) != wave.workloads.end()) return wave.name;
  }
  return "";
}

}  // namespace

std::string shell_word(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
    }
  }
  return out + "'";
}

std::string yaml_word(std::string_view text) { return Json(std::string(text)).dump(); }

std::string yaml_text(const Json& json) {
  std::string out;
  put_yaml(json, 0, out);
  return out;
}

std::string file_name(const ObjectKey& key) {
  std::string file = lower((key.ns.empty() ? "" : key.ns + "-") + key.kind + "-" + key.name);
  for (char& c : file) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '.') c = '-';
  }
  return file.substr(0, 200);
}

std::string flat_name(std::string_view path) {
  std::string file(path);
  for (char& c : file) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '.') c = '_';
  }
  while (file.starts_with('.')) file.erase(0, 1);
  if (file.ends_with(".json")) file += ".yaml";
  return file.size() > 200 ? file.substr(file.size() - 200) : file;
}

bool has_strategic_merge(std::string_view kind) {
  static constexpr std::array<std::string_view, 7> kKinds = {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Pod", "CronJob"};
  return std::find(kKinds.begin(), kKinds.end(), kind) != kKinds.end();
}

std::string pointer_in_object(std::string_view pointer) {
  if (!pointer.starts_with("/items/")) return std::string(pointer);
  const std::size_t slash = pointer.find('/', 7);
  return slash == std::string_view::npos ? std::string(pointer) : std::string(pointer.substr(slash));
}

// "/spec/template/spec/containers/0/image": the list is found again by the container's name.
void add_container(Json& patch, std::string_view pointer, const std::string& container, const std::string& image) {
  auto path = decoded(pointer_in_object(pointer));
  if (path.size() < 3) return;
  path.resize(path.size() - 2);
  Json& list = member_of(patch, path);
  if (!list.is_array()) list = Json::array();
  list.push_back({{"name", container}, {"image", image}});
}

std::vector<std::string> values_path(const document::Workload& workload) {
  auto path = decoded(workload.pointer);
  if (!workload.keys.empty() && !path.empty()) path.pop_back();  // of the repository: the map is what is overridden
  for (const std::string_view top : {"valuesObject", "valuesInline", "values"}) {
    const auto found = workload.target == "helm-values" && top == "values" ? path.end() : std::find(path.begin(), path.end(), top);
    if (found == path.end()) continue;
    path.erase(path.begin(), found + 1);
    break;
  }
  if (std::any_of(path.begin(), path.end(), is_index) || path.size() > 30) return {};
  return path;
}

Json& member_of(Json& root, const std::vector<std::string>& path) {
  Json* at = &root;
  for (const auto& key : path) {
    if (!at->is_object()) *at = Json::object();
    at = &(*at)[key];
  }
  return *at;
}

// With the keys that the chart has. Where it has none for the digest, the tag stands alone.
Json values_of(const std::vector<std::string>& keys, const Wish& wish, std::string_view) {
  const auto has = [&](std::string_view key) { return std::find(keys.begin(), keys.end(), key) != keys.end(); };
  Json map = Json::object();
  const std::size_t slash = wish.name.find('/');
  if (has("registry") && slash != std::string::npos) {
    map["registry"] = wish.name.substr(0, slash);
    map["repository"] = wish.name.substr(slash + 1);
  } else {
    map["repository"] = wish.name;
  }
  if (has("tag")) map["tag"] = wish.tag;
  if (has("digest")) map["digest"] = wish.digest;
  return map;
}

Json markdown_context(const document::Rollout& rollout, bool rollback, const TextSize& size) {
  Json images = Json::array(), workloads = Json::array(), left = Json::array(), warnings = Json::array();
  std::size_t edited = 0;
  for (const auto& image : rollout.images) images.push_back(image_row(image, size));
  for (std::size_t i = 0; i < rollout.workloads.size(); ++i) {
    const auto& workload = rollout.workloads[i];
    if (!workload.edited || ++edited > size.workloads) continue;
    workloads.push_back({{"kind", markdown_cell(workload.kind)}, {"namespace", markdown_cell(workload.ns)},          {"name", markdown_cell(workload.name)},
                         {"container", markdown_cell(workload.container)}, {"file", markdown_cell(workload.file)}, {"current", markdown_cell(workload.current)},
                         {"wave", wave_of_workload(rollout, i)}});
  }
  for (std::size_t i = 0; i < std::min(rollout.not_applied.size(), size.left); ++i) {
    const auto& place = rollout.not_applied[i];
    left.push_back({{"file", markdown_cell(place.file)}, {"line", place.line}, {"reason", word(place.reason)}, {"sentence", markdown_cell(sentence(place.reason))}, {"reference", markdown_cell(place.reference)}});
  }
  for (const auto& warning : rollout.warnings) warnings.push_back({{"text", markdown_cell(warning)}});
  return {{"images", images},
          {"isRollback", rollback},
          {"workloads", workloads},
          {"workloadCount", edited},
          {"fileCount", rollout.files.size()},
          {"hasWorkloads", !workloads.empty()},
          {"moreWorkloads", edited - workloads.size()},
          {"hasMoreWorkloads", edited > workloads.size()},
          {"left", left},
          {"leftCount", rollout.not_applied.size()},
          {"hasLeft", !left.empty()},
          {"hasMoreLeft", rollout.not_applied.size() > left.size()},
          {"moreLeft", rollout.not_applied.size() - left.size()},
          {"warnings", warnings},
          {"hasWarnings", !warnings.empty()},
          {"changeSetId", rollout.change_set_id},
          {"version", rollout.tool_version}};
}

}  // namespace resole::rollout
