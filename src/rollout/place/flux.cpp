// SPDX-License-Identifier: Apache-2.0
// Flux: HelmRelease (spec.values, the images of its post-renderers) and Kustomization (spec.images).
#include "rollout/place/places.hpp"

namespace resole::rollout {

bool is_flux(Search& search) {
  const std::string version = search.text_of(search.root(), "apiVersion");
  return version.starts_with("helm.toolkit.fluxcd.io/") || version.starts_with("kustomize.toolkit.fluxcd.io/");
}

void find_flux(Search& search) {
  const At root = search.root(), meta = search.get(root, "metadata"), spec = search.get(root, "spec");
  const Owner owner{search.text_of(root, "kind"), search.text_of(meta, "namespace"), search.text_of(meta, "name")};
  add_kustomize_entries(search, search.get(spec, "images"), "flux", owner);
  if (owner.kind != "HelmRelease") return;
  add_helm_values(search, search.get(spec, "values"), "flux", owner);
  search.each(search.get(spec, "postRenderers"), [&](const At& renderer, std::string_view) {
    add_kustomize_entries(search, search.at(renderer, {"kustomize", "images"}), "flux", owner);
  });
}

}  // namespace resole::rollout
