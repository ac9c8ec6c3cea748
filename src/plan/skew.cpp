// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "plan/planner.hpp"

namespace resole::plan {

namespace {

bool differ(const std::map<std::size_t, Outcome>& versions) {
  return std::any_of(versions.begin(), versions.end(), [&](const auto& each) { return each.second.source_version != versions.begin()->second.source_version; });
}

}  // namespace

Outcomes outcomes(const std::vector<document::PlatformPlan>& platforms, const std::vector<const pkg::Inventory*>& inventories) {
  Outcomes out;
  for (std::size_t i = 0; i < platforms.size(); ++i) {
    if (!platforms[i].patched) continue;
    for (const auto& package : platforms[i].packages) out[package.name][i] = {package.to, package.source.version};
  }
  for (auto& [name, versions] : out) {
    for (std::size_t i = 0; i < platforms.size(); ++i) {
      if (!platforms[i].patched || !inventories[i] || versions.contains(i)) continue;
      for (const auto& installed : inventories[i]->packages) {
        if (installed.name == name && installed.state != pkg::InstallState::removed) versions[i] = {installed.version, installed.source.version};
      }
    }
  }
  return out;
}

std::vector<document::Skew> skew(const std::vector<document::PlatformPlan>& platforms, const Outcomes& outcomes) {
  std::vector<document::Skew> out;
  for (const auto& [name, versions] : outcomes) {
    if (!differ(versions)) continue;
    document::Skew skew{name, {}};
    for (const auto& [platform, outcome] : versions) skew.versions[platforms[platform].platform.text()] = outcome.version;
    out.push_back(std::move(skew));
  }
  return out;
}

std::vector<std::map<std::string, std::string>> ahead(const std::vector<document::PlatformPlan>& platforms, const Outcomes& outcomes, const pkg::Family& family) {
  std::vector<std::map<std::string, std::string>> out(platforms.size());
  for (const auto& [name, versions] : outcomes) {
    const auto lowest = std::min_element(versions.begin(), versions.end(), [&](const auto& a, const auto& b) {
      return family.compare(a.second.source_version, b.second.source_version) < 0;
    });
    for (const auto& [platform, outcome] : versions) {
      if (family.compare(outcome.source_version, lowest->second.source_version) <= 0) continue;
      out[platform][name] = fmt::format("{} stays at {}", platforms[lowest->first].platform.text(), printable(lowest->second.version));
    }
  }
  return out;
}

}  // namespace resole::plan
