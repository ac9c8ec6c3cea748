// SPDX-License-Identifier: Apache-2.0
// Pipelines: GitHub Actions (jobs.*.container, jobs.*.services.*, "uses: docker://...") and GitLab CI (image and services, on top, in default and in jobs).
#include "base/text.hpp"
#include "rollout/place/places.hpp"

namespace resole::rollout {

namespace {

constexpr std::string_view kDockerScheme = "docker://";

// A string, or a mapping that has the string under `key`.
void add_either(Search& search, const At& image, std::string_view key, std::string_view target, const Owner& owner, const std::string& container) {
  add_whole(search, image.is_mapping() ? search.get(image, key) : image, target, owner, container);
}

void add_action_steps(Search& search, const At& steps, const Owner& owner) {
  search.each(steps, [&](const At& step, std::string_view) {
    const At uses = search.get(step, "uses");
    if (!uses.is_scalar() || !uses.node->value.starts_with(kDockerScheme)) return;
    Site site;
    site.target = "github-actions";
    site.kind = owner.kind;
    site.name = owner.name;
    site.type = "container";
    site.whole = search.piece(uses, kDockerScheme.size());
    search.add(std::move(site));
  });
}

void add_gitlab_images(Search& search, const At& job, const std::string& name) {
  const Owner owner{"GitLabJob", "", name};
  add_either(search, search.get(job, "image"), "name", "gitlab-ci", owner, "image");
  const At services = search.get(job, "services");
  if (services.is_sequence()) search.each(services, [&](const At& service, std::string_view) { add_either(search, service, "name", "gitlab-ci", owner, "service"); });
}

}  // namespace

bool is_github_actions(Search& search) {
  return search.root().is_mapping() && search.path().find(".github/workflows/") != std::string_view::npos && search.get(search.root(), "jobs").is_mapping();
}

void find_github_actions(Search& search) {
  search.each(search.get(search.root(), "jobs"), [&](const At& job, std::string_view name) {
    const Owner owner{"GitHubJob", "", std::string(name)};
    add_either(search, search.get(job, "container"), "image", "github-actions", owner, "container");
    search.each(search.get(job, "services"), [&](const At& service, std::string_view key) { add_either(search, service, "image", "github-actions", owner, std::string(key)); });
    add_action_steps(search, search.get(job, "steps"), owner);
  });
}

bool is_gitlab_ci(Search& search) {
  const std::string name = lower(search.file_name());
  return search.root().is_mapping() && (name.ends_with(".gitlab-ci.yml") || name.ends_with(".gitlab-ci.yaml") || search.path().find(".gitlab/ci/") != std::string_view::npos);
}

void find_gitlab_ci(Search& search) {
  add_gitlab_images(search, search.root(), "");
  search.each(search.root(), [&](const At& job, std::string_view name) {
    if (job.is_mapping() && name != "image") add_gitlab_images(search, job, std::string(name));
  });
}

}  // namespace resole::rollout
