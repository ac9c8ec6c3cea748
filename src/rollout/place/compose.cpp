// SPDX-License-Identifier: Apache-2.0
// Compose files: services.*.image, also through "<<" from an "x-" block. The image of a service that is built is a name for what comes out.
#include "rollout/place/places.hpp"

namespace resole::rollout {

bool is_compose(Search& search) {
  const At root = search.root();
  return root.is_mapping() && !is_object(root) && root.node->get("services") && !root.node->get("jobs") && search.get(root, "services").is_mapping();
}

void find_compose(Search& search) {
  search.each(search.get(search.root(), "services"), [&](const At& service, std::string_view name) {
    const At image = search.get(service, "image");
    if (!image.is_scalar()) return;
    Site site;
    site.target = "compose";
    site.kind = "ComposeService";
    site.name = site.container = name;
    site.type = "container";
    site.whole = search.part(image);
    if (search.get(service, "build")) {
      site.owner = LeftReason::built_here;
      site.owner_detail = "the service is built here; its image is a name for the result";
    }
    search.add(std::move(site));
  });
}

}  // namespace resole::rollout
