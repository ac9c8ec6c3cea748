// SPDX-License-Identifier: Apache-2.0
// kustomization.yaml (Kustomization and Component): entries of `images`. An entry without newName keeps the name it looks for; what it looks for is a regular
// expression to kustomize. Which entry decides, when several see the same image, is kustomize_tree.hpp's.
#include "base/text.hpp"
#include "rollout/place/places.hpp"

namespace resole::rollout {

bool is_kustomization(Search& search) {
  const At root = search.root();
  if (!root.is_mapping()) return false;
  const std::string version = search.text_of(root, "apiVersion");
  if (version.starts_with("kustomize.config.k8s.io/")) return true;
  const std::string name = lower(search.file_name());
  return (name == "kustomization.yaml" || name == "kustomization.yml" || name == "kustomization") && (version.empty() || !is_object(root));
}

void add_kustomize_entries(Search& search, const At& list, std::string_view target, const Owner& owner) {
  if (!list.is_sequence()) return;
  search.each(list, [&](const At& entry, std::string_view) {
    const At name = search.get(entry, "name");
    if (!name.is_scalar()) return;
    Site site;
    site.target = target;
    site.kind = owner.kind;
    site.ns = owner.ns;
    site.name = owner.name;
    site.container = name.node->value;
    site.type = "entry";
    site.name_part = search.part(name);
    site.repository = search.part(search.get(entry, "newName"));
    site.tag = search.part(search.get(entry, "newTag"));
    site.digest = search.part(search.get(entry, "digest"));
    site.repository_key = "newName";
    site.tag_key = "newTag";
    site.digest_key = "digest";
    const Part& last = site.digest.there ? site.digest : site.tag.there ? site.tag : site.repository.there ? site.repository : site.name_part;
    site.gap = search.gap_behind(entry, last);
    search.add(std::move(site));
  });
}

void find_kustomization(Search& search) {
  const At root = search.root();
  std::string kind = search.text_of(root, "kind");
  const Owner owner{kind.empty() ? "Kustomization" : std::move(kind), "", search.text_of(root, {"metadata", "name"})};
  add_kustomize_entries(search, search.get(root, "images"), "kustomize", owner);
  search.each(search.get(root, "helmCharts"), [&](const At& chart, std::string_view) {
    add_helm_values(search, search.get(chart, "valuesInline"), "helm-values", {"HelmChart", search.text_of(chart, "namespace"), search.text_of(chart, "name")});
  });
}

}  // namespace resole::rollout
