// SPDX-License-Identifier: Apache-2.0
// ECS task definitions: containerDefinitions[].image as the API and its tools write it, ContainerDefinitions[].Image in CloudFormation templates.
#include "rollout/place/places.hpp"

namespace resole::rollout {

bool is_ecs(Search& search) {
  return search.root().is_mapping() && !is_object(search.root()) &&
         (search.text().find("containerDefinitions") != std::string_view::npos || search.text().find("ContainerDefinitions") != std::string_view::npos);
}

void find_ecs(Search& search) {
  search.walk(search.root(), [&](const At& collection, std::string_view) {
    if (!collection.is_mapping()) return true;
    for (const bool capital : {false, true}) {
      const At list = search.get(collection, capital ? "ContainerDefinitions" : "containerDefinitions");
      const Owner owner{"TaskDefinition", "", search.text_of(collection, capital ? "Family" : "family")};
      if (!list.is_sequence()) continue;
      search.each(list, [&](const At& container, std::string_view) {
        add_whole(search, search.get(container, capital ? "Image" : "image"), "ecs", owner, search.text_of(container, capital ? "Name" : "name"));
      });
    }
    return true;
  });
}

}  // namespace resole::rollout
