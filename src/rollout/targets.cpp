// SPDX-License-Identifier: Apache-2.0
#include "rollout/targets.hpp"

#include "base/text.hpp"
#include "rollout/advice.hpp"
#include "rollout/place/places.hpp"

namespace resole::rollout {

const std::vector<Target>& targets() {
  static const std::vector<Target> table = {
      {"kustomize", is_kustomization, find_kustomization},
      {"argocd", is_argocd, find_argocd},
      {"flux", is_flux, find_flux},
      {"kubernetes", is_kubernetes, find_kubernetes},
      {"helm-values", is_helm_values, find_helm_values},
      {"compose", is_compose, find_compose},
      {"ecs", is_ecs, find_ecs},
      {"github-actions", is_github_actions, find_github_actions},
      {"gitlab-ci", is_gitlab_ci, find_gitlab_ci},
      {"quadlet", is_quadlet, find_quadlet, true},
      {"dockerfile", is_dockerfile, find_dockerfile, true},
  };
  return table;
}

bool is_lines_path(std::string_view path) { return is_quadlet_path(path) || is_dockerfile_path(path); }

bool is_manifest_path(std::string_view path) {
  const std::string name = lower(path.substr(path.rfind('/') + 1));
  return name.ends_with(".yaml") || name.ends_with(".yml") || name.ends_with(".json") || name == "kustomization" || is_lines_path(path) || is_renovate_config(path);
}

std::vector<Site> find_sites(std::string_view path, std::string_view text, const yaml::Node& root, std::size_t document) {
  Search search(path, text, root, document);
  const bool lines = is_lines_path(path);
  for (const Target& target : targets()) {
    if (target.lines == lines && target.claims(search)) target.find(search);
  }
  return search.take();
}

}  // namespace resole::rollout
