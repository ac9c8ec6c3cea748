// SPDX-License-Identifier: Apache-2.0
// Workloads, and any other object with containers somewhere below: Deployment to CronJob, Argo Rollout, Knative Service, custom resources with pod templates,
// Tekton steps, Argo Workflows templates; alone or as items of a List. Volumes whose content is an image count too.
#include <algorithm>
#include <array>

#include "rollout/place/places.hpp"

namespace resole::rollout {

namespace {

struct ContainerList { std::string_view key, type; };
constexpr std::array kContainerLists = {
    ContainerList{"containers", "container"}, ContainerList{"initContainers", "init"}, ContainerList{"ephemeralContainers", "ephemeral"},
    ContainerList{"steps", "container"},      ContainerList{"sidecars", "container"},
};
constexpr std::array<std::string_view, 3> kSingleContainers = {"container", "script", "stepTemplate"};

void look_at(Search& search, const At& mapping, const Owner& owner) {
  for (const auto& [key, type] : kContainerLists) {
    const At list = search.get(mapping, key);
    if (!list.is_sequence()) continue;
    search.each(list, [&](const At& container, std::string_view) {
      add_whole(search, search.get(container, "image"), "kubernetes", owner, search.text_of(container, "name"), std::string(type));
    });
  }
  for (const auto key : kSingleContainers) {
    const At container = search.get(mapping, key);
    if (container.is_mapping()) add_whole(search, search.get(container, "image"), "kubernetes", owner, search.text_of(container, "name"));
  }
  const At volumes = search.get(mapping, "volumes");
  if (!volumes.is_sequence()) return;
  search.each(volumes, [&](const At& volume, std::string_view) {
    add_whole(search, search.at(volume, {"image", "reference"}), "kubernetes", owner, search.text_of(volume, "name"), "volume");
  });
}

void look_below(Search& search, const At& object) {
  const At meta = search.get(object, "metadata");
  const Owner owner{search.text_of(object, "kind"), search.text_of(meta, "namespace"), search.text_of(meta, "name")};
  search.walk(object, [&](const At& collection, std::string_view key) {
    if (collection.node != object.node && is_object(collection) && key == "items") {  // of a List: an object of its own
      look_below(search, collection);
      return false;
    }
    if (collection.is_mapping()) look_at(search, collection, owner);
    return true;
  });
}

}  // namespace

bool is_object(const At& node) {
  if (!node.is_mapping()) return false;
  const yaml::Node* version = node.node->get("apiVersion");
  const yaml::Node* kind = node.node->get("kind");
  return version && kind && version->is_scalar() && kind->is_scalar();
}

void add_whole(Search& search, const At& scalar, std::string_view target, Owner owner, std::string container, std::string type) {
  if (!scalar.is_scalar()) return;
  Site site;
  site.target = target;
  site.next_run = owner.kind == "CronJob" || owner.kind == "Job";
  site.kind = std::move(owner.kind);
  site.ns = std::move(owner.ns);
  site.name = std::move(owner.name);
  site.container = std::move(container);
  site.type = std::move(type);
  site.whole = search.part(scalar);
  search.add(std::move(site));
}

bool is_kubernetes(Search& search) { return is_object(search.root()) && !is_kustomization(search); }
void find_kubernetes(Search& search) { look_below(search, search.root()); }

}  // namespace resole::rollout
