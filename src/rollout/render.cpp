// SPDX-License-Identifier: Apache-2.0
// A rendering stands alone, whatever the manifests' shape: its references are pinned by digest.
#include "rollout/render.hpp"

#include <algorithm>
#include <map>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "rollout/images.hpp"
#include "rollout/kustomize_tree.hpp"
#include "rollout/render_text.hpp"
#include "rollout/template.hpp"

namespace resole::rollout {

namespace {

using document::Rollout;

// One rendering in the making.
struct Renderer {
  const Rollout& rollout;
  const RenderOptions& options;
  std::vector<RenderedFile> files;

  // repository, tag and digest that are to run.
  Wish target(const document::RolloutImage& image) const {
    const std::string& reference = options.rollback ? image.source_reference : image.patched_reference;
    return {std::string(repository_of(reference)), std::string(tag_of(reference)), (options.rollback ? image.source : image.patched).text()};
  }
  std::string pinned(const document::RolloutImage& image) const { return target(image).text(); }

  // What the manifests call the image before: on the way back they say the patched name.
  std::vector<std::string> names(const document::RolloutImage& image) const {
    if (options.rollback) return {std::string(repository_of(image.patched_reference))};
    if (!image.spellings.empty()) return image.spellings;
    return {std::string(repository_of(image.source_reference))};
  }

  void put(const std::string& path, const std::string& name, const Json& context) {
    files.push_back({path, render_template(name, options.find_template(name), context)});
  }

  // {name, pattern, newName, newTag, digest, reference} for every spelling of every image
  Json image_rows() const {
    Json rows = Json::array();
    for (const auto& image : rollout.images) {
      const Wish wish = target(image);
      for (const auto& name : names(image)) {
        rows.push_back({{"name", name},       {"pattern", yaml_word(escape_name(name))}, {"newName", wish.name}, {"newTag", yaml_word(wish.tag)},
                        {"hasTag", !wish.tag.empty()}, {"digest", wish.digest},          {"reference", wish.text()}});
      }
    }
    return rows;
  }
  std::string title() const { return options.rollback ? "Takes the images back to what they were." : "Runs the patched images."; }
  Json images_context() const { return {{"images", image_rows()}, {"title", title()}, {"changeSetId", rollout.change_set_id}}; }

  // ---- kustomize, Flux, Argo CD: lists of images

  void kustomize() {
    put("kustomize/kustomization.yaml", "kustomize.mustache", images_context());
    put("kustomize/component/kustomization.yaml", "kustomize-component.mustache", images_context());
    put("kustomize/set-image.sh", "kustomize-set-image.mustache", images_context());
  }
  void flux() { put("flux/images.yaml", "flux.mustache", images_context()); }
  void argocd() {
    put("argocd/application.yaml", "argocd.mustache", images_context());
    put("argocd/.argocd-source.yaml", "argocd-source.mustache", images_context());
  }

  // ---- kubectl: one patch per workload; all its containers in one, so that a pod restarts once

  bool is_object_of(const document::Workload& workload) const {
    return workload.target == "kubernetes" && !workload.name.empty() && workload.image < rollout.images.size();
  }

  void kubectl_patch() {
    std::map<ObjectKey, Json> patches;
    for (const auto& workload : rollout.workloads) {
      if (!is_object_of(workload) || !has_strategic_merge(workload.kind) || workload.container.empty() || workload.type == "volume") continue;
      add_container(patches[{workload.ns, workload.kind, workload.name}], workload.pointer, workload.container, pinned(rollout.images[workload.image]));
    }
    put_patches("kubectl-patch", "strategic", patches);
  }

  // For custom resources, whose lists a merge would replace: each image by its place.
  void kubectl_json_patch() {
    std::map<ObjectKey, Json> patches;
    for (const auto& workload : rollout.workloads) {
      if (!is_object_of(workload)) continue;
      Json& patch = patches[{workload.ns, workload.kind, workload.name}];
      if (patch.is_null()) patch = Json::array();
      patch.push_back({{"op", "replace"}, {"path", pointer_in_object(workload.pointer)}, {"value", pinned(rollout.images[workload.image])}});
    }
    put_patches("kubectl-json-patch", "json", patches);
  }

  void put_patches(const std::string& folder, const std::string& type, const std::map<ObjectKey, Json>& patches) {
    Json rows = Json::array();
    for (const auto& [key, patch] : patches) {
      const std::string file = file_name(key) + ".json";
      rows.push_back({{"namespace", shell_word(key.ns)}, {"hasNamespace", !key.ns.empty()}, {"kind", shell_word(key.kind)}, {"name", shell_word(key.name)}, {"file", shell_word(file)}});
      files.push_back({folder + "/" + file, dump_document(patch)});
    }
    put(folder + "/apply.sh", "kubectl-patch.mustache", {{"patches", rows}, {"type", type}, {"title", title()}});
  }

  void kubectl_set_image() {
    std::map<ObjectKey, std::vector<std::string>> settings;
    for (const auto& workload : rollout.workloads) {
      if (!is_object_of(workload) || !has_strategic_merge(workload.kind) || workload.container.empty() || workload.type == "volume" || workload.type == "ephemeral") continue;
      settings[{workload.ns, workload.kind, workload.name}].push_back(shell_word(workload.container + "=" + pinned(rollout.images[workload.image])));
    }
    Json rows = Json::array();
    for (auto& [key, words] : settings) {
      std::sort(words.begin(), words.end());
      words.erase(std::unique(words.begin(), words.end()), words.end());
      rows.push_back({{"namespace", shell_word(key.ns)}, {"hasNamespace", !key.ns.empty()}, {"object", shell_word(lower(key.kind) + "/" + key.name)}, {"settings", join(words, " ")}});
    }
    put("kubectl-set-image/set-image.sh", "kubectl-set-image.mustache", {{"objects", rows}, {"title", title()}});
  }

  // ---- values of charts, compose services: one file of overrides per manifest

  void helm_values() {
    std::map<std::string, Json> overrides;
    for (const auto& workload : rollout.workloads) {
      const auto path = values_path(workload);
      if (workload.type != "values" || path.empty() || workload.image >= rollout.images.size()) continue;
      Json& at = member_of(overrides[workload.file], path);
      const Wish wish = target(rollout.images[workload.image]);
      if (workload.keys.empty()) {
        at = wish.text();
      } else {
        at = values_of(workload.keys, wish, path.back());
      }
    }
    for (const auto& [file, json] : overrides) files.push_back({"helm-values/" + flat_name(file), header("values") + yaml_text(json)});
  }

  void compose() {
    std::map<std::string, Json> overrides;
    for (const auto& workload : rollout.workloads) {
      if (workload.target != "compose" || workload.image >= rollout.images.size()) continue;
      overrides[workload.file]["services"][workload.name]["image"] = pinned(rollout.images[workload.image]);
    }
    for (const auto& [file, json] : overrides) files.push_back({"compose/" + flat_name(file), header("compose files") + yaml_text(json)});
  }

  std::string header(std::string_view what) const { return fmt::format("# {} Give it behind the other {}.\n", title(), what); }

  // ---- people and pipelines

  void markdown() { put("markdown/rollout.md", "markdown.mustache", markdown_context(rollout, options.rollback, kWholeText)); }
  void markdown_compact() { put("markdown/rollout-compact.md", "markdown-compact.mustache", markdown_context(rollout, options.rollback, kCompactText)); }
  void markdown_short() { put("markdown/rollout-short.md", "markdown-short.mustache", markdown_context(rollout, options.rollback, kShortText)); }

  Json outputs() const {
    std::vector<std::string> digests, references;
    for (const auto& image : rollout.images) {
      digests.push_back(target(image).digest);
      references.push_back(pinned(image));
    }
    return {{"changeSetId", rollout.change_set_id}, {"digests", join(digests, ",")}, {"references", join(references, ",")}, {"edits", rollout.edits.size()}, {"files", rollout.files.size()},
            {"notApplied", rollout.not_applied.size()}};
  }
  void github_output() { put("github-output/outputs.txt", "github-output.mustache", outputs()); }
  void gitlab_dotenv() { put("gitlab-dotenv/resole.env", "gitlab-dotenv.mustache", outputs()); }
};

struct Rendering {
  const char* name;
  void (Renderer::*make)();
};

const Rendering kRenderings[] = {
    {"argocd", &Renderer::argocd},
    {"compose", &Renderer::compose},
    {"flux", &Renderer::flux},
    {"github-output", &Renderer::github_output},
    {"gitlab-dotenv", &Renderer::gitlab_dotenv},
    {"helm-values", &Renderer::helm_values},
    {"kubectl-json-patch", &Renderer::kubectl_json_patch},
    {"kubectl-patch", &Renderer::kubectl_patch},
    {"kubectl-set-image", &Renderer::kubectl_set_image},
    {"kustomize", &Renderer::kustomize},
    {"markdown", &Renderer::markdown},
    {"markdown-compact", &Renderer::markdown_compact},
    {"markdown-short", &Renderer::markdown_short},
};

}  // namespace

const std::vector<std::string>& rendering_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const auto& rendering : kRenderings) all.emplace_back(rendering.name);
    return all;
  }();
  return names;
}

std::vector<RenderedFile> render(const Rollout& rollout, const std::string& rendering, const RenderOptions& options) {
  for (const auto& known : kRenderings) {
    if (rendering != known.name) continue;
    Renderer renderer{rollout, options, {}};
    (renderer.*known.make)();
    return std::move(renderer.files);
  }
  throw Error(ErrorKind::usage, "unknown rendering " + printable(rendering), "known: " + join(rendering_names(), ", "));
}

}  // namespace resole::rollout
