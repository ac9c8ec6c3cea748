// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <set>
#include <string>

#include "plan/planner.hpp"

namespace resole::plan {

// By source version: a rebuild of one architecture alone ("+b1") is the same code. A package that is held on one platform counts with what
// stays there.
std::vector<document::Skew> skew(const std::vector<document::PlatformPlan>& platforms) {
  struct Seen {
    std::map<std::string, std::string> versions;  // platform -> version
    std::set<std::string> sources;
  };
  std::map<std::string, Seen> packages;
  for (const document::PlatformPlan& platform : platforms) {
    if (!platform.patched) continue;
    const std::string name = platform.platform.text();
    for (const auto& package : platform.packages) {
      packages[package.name].versions[name] = package.to;
      packages[package.name].sources.insert(package.source.version);
    }
    for (const auto& held : platform.held) {
      if (!packages[held.name].versions.emplace(name, held.installed).second) continue;
      packages[held.name].sources.insert(held.source.version);
    }
  }
  std::vector<document::Skew> out;
  for (auto& [name, seen] : packages) {
    if (seen.versions.size() > 1 && seen.sources.size() > 1) out.push_back({name, std::move(seen.versions)});
  }
  return out;
}

}  // namespace resole::plan
