// SPDX-License-Identifier: Apache-2.0
#include "patch/places.hpp"

#include <algorithm>

#include "pkg/resource.hpp"

namespace resole::patch {

std::vector<std::string> places_of(const std::string& uri, const std::vector<pkg::RepositoryState>& repositories, const pkg::RepositoryOptions& options) {
  std::vector<std::string> places;
  const auto add = [&](const std::string& place) {
    if (std::find(places.begin(), places.end(), place) == places.end()) places.push_back(place);
  };
  bool mapped = false;
  add(pkg::apply_mirrors(uri, options.mirrors, mapped));
  add(uri);
  for (const auto& repository : repositories) {
    add(pkg::apply_mirrors(repository.uri, options.mirrors, mapped));
    add(repository.uri);
  }
  return places;
}

}  // namespace resole::patch
