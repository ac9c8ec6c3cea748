// SPDX-License-Identifier: Apache-2.0
// The finders, one file each, and what they share: pieces of a grammar that one tool took over from another.
#pragma once
#include <string>
#include <string_view>

#include "rollout/search.hpp"

namespace resole::rollout {

bool is_kubernetes(Search&);      void find_kubernetes(Search&);      // workloads, and whatever has containers
bool is_kustomization(Search&);   void find_kustomization(Search&);
bool is_helm_values(Search&);     void find_helm_values(Search&);
bool is_argocd(Search&);          void find_argocd(Search&);          // Application, ApplicationSet, .argocd-source-*.yaml
bool is_flux(Search&);            void find_flux(Search&);            // HelmRelease, Kustomization
bool is_compose(Search&);         void find_compose(Search&);
bool is_ecs(Search&);             void find_ecs(Search&);             // task definitions, alone or in CloudFormation
bool is_github_actions(Search&);  void find_github_actions(Search&);
bool is_gitlab_ci(Search&);       void find_gitlab_ci(Search&);
bool is_quadlet(Search&);         void find_quadlet(Search&);
bool is_dockerfile(Search&);      void find_dockerfile(Search&);

bool is_quadlet_path(std::string_view path);
bool is_dockerfile_path(std::string_view path);

// Who a site belongs to, as far as the object says.
struct Owner { std::string kind, ns, name; };

// kustomize's list of {name, newName, newTag, digest}: also in Flux objects.
void add_kustomize_entries(Search& search, const At& list, std::string_view target, const Owner& owner);
// Whatever looks like the image of a chart, in the values from here down.
void add_helm_values(Search& search, const At& values, std::string_view target, const Owner& owner);
// One scalar that is a reference.
void add_whole(Search& search, const At& scalar, std::string_view target, Owner owner, std::string container = {}, std::string type = "container");

bool is_object(const At& node);  // has apiVersion and kind, as themselves

}  // namespace resole::rollout
