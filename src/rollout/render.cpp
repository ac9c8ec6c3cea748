// SPDX-License-Identifier: Apache-2.0
#include "rollout/render.hpp"

#include <map>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "rollout/images.hpp"
#include "rollout/template.hpp"

namespace resole::rollout {

namespace {

using document::Rollout;
using FindTemplate = std::function<std::string(const std::string&)>;

std::string tag_of(const std::string& reference) {
  const std::string without_digest = reference.substr(0, reference.find('@'));
  const std::string_view repository = repository_of(without_digest);
  return without_digest.size() > repository.size() ? without_digest.substr(repository.size() + 1) : std::string();
}

// Pinned whatever the manifests' shape: a rendering stands alone.
std::string pinned(const document::RolloutImage& image) {
  const std::string without_digest = image.patched_reference.substr(0, image.patched_reference.find('@'));
  return without_digest + "@" + image.patched.text();
}

// Text in a Markdown table: no markup, no mention, no new cell (field/rollout.md 4.2).
std::string markdown(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    if (std::string_view("|`*_<>[]\\").find(c) != std::string_view::npos) out += '\\';
    out += c;
    if (c == '@') out += "\u200b";
  }
  return out;
}

// ---- kustomize

std::vector<RenderedFile> kustomize(const Rollout& rollout, const FindTemplate& find_template) {
  Json images = Json::array();
  for (const auto& image : rollout.images) {
    images.push_back({{"name", repository_of(image.source_reference)},
                      {"newName", repository_of(image.patched_reference)},
                      {"newTag", tag_of(image.patched_reference)},
                      {"digest", image.patched.text()}});
  }
  return {{"kustomize/kustomization.yaml", render_template("kustomize.mustache", find_template("kustomize.mustache"), {{"images", images}})}};
}

// ---- kubectl: one strategic-merge patch per workload; all its containers in one, so that a pod restarts once

// "/spec/template/spec/containers/0/image" -> {"spec","template","spec","containers"}
std::vector<std::string> path_to_list(const std::string& pointer) {
  std::vector<std::string> path;
  for (const auto segment : split(pointer, '/')) path.emplace_back(segment);
  path.erase(path.begin());
  if (path.size() > 2 && path[0] == "items") path.erase(path.begin(), path.begin() + 2);
  path.resize(path.size() - 2);
  return path;
}

void add_container(Json& patch, const document::Workload& workload, const std::string& image) {
  Json* at = &patch;
  for (const auto& key : path_to_list(workload.pointer)) at = &(*at)[key];
  if (at->is_null()) *at = Json::array();
  at->push_back({{"name", workload.container}, {"image", image}});
}

std::string file_name(const std::string& ns, const std::string& kind, const std::string& name) {
  std::string file = lower((ns.empty() ? "" : ns + "-") + kind + "-" + name);
  for (char& c : file) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '.') c = '-';
  }
  return file;
}

std::vector<RenderedFile> kubectl_patch(const Rollout& rollout, const FindTemplate& find_template) {
  std::map<std::tuple<std::string, std::string, std::string>, Json> patches;
  for (const auto& workload : rollout.workloads) {
    if (workload.kind == "ComposeService" || workload.container.empty() || workload.name.empty()) continue;
    add_container(patches[{workload.ns, workload.kind, workload.name}], workload, pinned(rollout.images[workload.image]));
  }
  std::vector<RenderedFile> files;
  Json rows = Json::array();
  for (const auto& [key, patch] : patches) {
    const auto& [ns, kind, name] = key;
    const std::string file = file_name(ns, kind, name) + ".json";
    rows.push_back({{"namespace", ns}, {"kind", kind}, {"name", name}, {"file", file}});
    files.push_back({"kubectl-patch/" + file, dump_document(patch)});
  }
  files.push_back({"kubectl-patch/apply.sh", render_template("kubectl-patch.mustache", find_template("kubectl-patch.mustache"), {{"patches", rows}})});
  return files;
}

// ---- Markdown

Json markdown_image(const document::RolloutImage& image) {
  Json packages = Json::array();
  for (const auto& package : image.packages) {
    packages.push_back({{"name", markdown(package.name)},
                        {"from", package.from.empty() ? "new" : markdown(package.from)},
                        {"to", markdown(package.to)},
                        {"fixes", markdown(join(package.fixes, ", "))}});
  }
  return {{"source", image.source_reference},  {"sourceDigest", image.source.text()}, {"patched", image.patched_reference}, {"patchedDigest", image.patched.text()},
          {"packages", packages},              {"packageCount", packages.size()},     {"fixedCount", image.fixed.size()},   {"hasFixed", !image.fixed.empty()},
          {"fixed", markdown(join(image.fixed, ", "))}};
}

std::vector<RenderedFile> markdown_body(const Rollout& rollout, const FindTemplate& find_template) {
  Json images = Json::array(), workloads = Json::array(), left = Json::array();
  for (const auto& image : rollout.images) images.push_back(markdown_image(image));
  for (const auto& workload : rollout.workloads) {
    workloads.push_back({{"kind", markdown(workload.kind)}, {"namespace", markdown(workload.ns)},          {"name", markdown(workload.name)},
                         {"container", markdown(workload.container)}, {"file", markdown(workload.file)}, {"current", markdown(workload.current)}});
  }
  for (const auto& place : rollout.not_applied) {
    left.push_back({{"file", markdown(place.file)}, {"line", place.line}, {"reason", markdown(place.reason)}, {"detail", markdown(place.detail)}});
  }
  const Json context = {{"images", images},
                        {"workloads", workloads},
                        {"hasWorkloads", !workloads.empty()},
                        {"left", left},
                        {"hasLeft", !left.empty()},
                        {"changeSetId", rollout.change_set_id},
                        {"version", rollout.tool_version}};
  return {{"markdown/rollout.md", render_template("markdown.mustache", find_template("markdown.mustache"), context)}};
}

struct Rendering {
  const char* name;
  std::vector<RenderedFile> (*make)(const Rollout&, const FindTemplate&);
};

const Rendering kRenderings[] = {{"kustomize", kustomize}, {"kubectl-patch", kubectl_patch}, {"markdown", markdown_body}};

}  // namespace

const std::vector<std::string>& rendering_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const auto& rendering : kRenderings) all.emplace_back(rendering.name);
    return all;
  }();
  return names;
}

std::vector<RenderedFile> render(const Rollout& rollout, const std::string& rendering, const FindTemplate& find_template) {
  for (const auto& known : kRenderings) {
    if (rendering == known.name) return known.make(rollout, find_template);
  }
  throw Error(ErrorKind::usage, "unknown rendering " + printable(rendering), "known: " + join(rendering_names(), ", "));
}

}  // namespace resole::rollout
