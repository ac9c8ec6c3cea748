// SPDX-License-Identifier: Apache-2.0
#include "rollout/targets.hpp"

#include <array>

#include "base/text.hpp"

namespace resole::rollout {

namespace {

std::string text_at(const yaml::Node& node, std::string_view pointer) {
  const yaml::Node* found = yaml::find(node, pointer);
  return found && found->is_scalar() ? found->value : std::string();
}

// ---- Kubernetes: any object with a pod template somewhere below (workloads, CronJob, Argo Rollout, custom resources), alone or in a List

bool is_kubernetes(const yaml::Node& document) { return document.get("apiVersion") && document.get("kind"); }

bool is_container_list(std::string_view key) { return key == "containers" || key == "initContainers" || key == "ephemeralContainers"; }

void collect_containers(const yaml::Node& object, const std::string& prefix, std::vector<Place>& places) {
  const std::string kind = text_at(object, "/kind"), ns = text_at(object, "/metadata/namespace"), name = text_at(object, "/metadata/name");
  yaml::walk(object, [&](const std::string& pointer, const yaml::Node& node) {
    if (!pointer.ends_with("/image") || (!node.is_scalar() && node.kind != yaml::Kind::alias)) return;
    const auto segments = split(pointer, '/');
    if (segments.size() < 4 || !is_container_list(segments[segments.size() - 3])) return;
    const std::string container = pointer.substr(0, pointer.size() - std::string_view("/image").size());
    places.push_back({&node, prefix + pointer, kind, ns, name, text_at(object, container + "/name")});
  });
}

std::vector<Place> kubernetes_places(const yaml::Node& document) {
  std::vector<Place> places;
  const yaml::Node* items = document.get("items");
  if (text_at(document, "/kind").ends_with("List") && items && items->kind == yaml::Kind::sequence) {
    for (std::size_t i = 0; i < items->values.size(); ++i) collect_containers(items->values[i], "/items/" + std::to_string(i), places);
  } else {
    collect_containers(document, "", places);
  }
  return places;
}

// ---- compose files

bool is_compose(const yaml::Node& document) {
  const yaml::Node* services = document.get("services");
  return services && services->kind == yaml::Kind::mapping && !document.get("apiVersion");
}

std::vector<Place> compose_places(const yaml::Node& document) {
  std::vector<Place> places;
  const yaml::Node& services = *document.get("services");
  for (std::size_t i = 0; i < services.values.size(); ++i) {
    if (!services.keys[i].is_scalar()) continue;
    const std::string& service = services.keys[i].value;
    const yaml::Node* image = services.values[i].get("image");
    if (image) places.push_back({image, "/services/" + yaml::pointer_segment(service) + "/image", "ComposeService", "", service, service});
  }
  return places;
}

}  // namespace

const std::vector<Target>& targets() {
  static const std::vector<Target> table = {
      {"kubernetes", is_kubernetes, kubernetes_places},
      {"compose", is_compose, compose_places},
  };
  return table;
}

}  // namespace resole::rollout
