// SPDX-License-Identifier: Apache-2.0
#include "document/plan.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "document/describe_plan.hpp"

namespace resole::document {

bool stays_below(const std::string& path) {
  const auto parts = split(path, '/');
  return !path.starts_with('/') && std::none_of(parts.begin(), parts.end(), [](std::string_view part) { return part == ".."; });
}

pkg::Candidate PlannedPackage::candidate() const {
  pkg::Candidate candidate;
  candidate.name = name;
  candidate.version = to;
  candidate.arch = arch;
  candidate.source = source;
  candidate.entry = repository;
  return candidate;
}

bool Plan::changes() const {
  return std::any_of(platforms.begin(), platforms.end(), [](const PlatformPlan& platform) {
    return std::any_of(platform.packages.begin(), platform.packages.end(),
                       [](const PlannedPackage& package) { return !package.noise && package.why != Why::floor; });
  });
}

bool Plan::partial() const {
  return std::any_of(platforms.begin(), platforms.end(), [](const PlatformPlan& platform) {
    return std::any_of(platform.held.begin(), platform.held.end(), [](const HeldPackage& held) { return held.requested && !held.noise; });
  });
}

Json to_json(const Plan& plan) { return document_json(plan, kPlanSchema); }

std::string write_plan(const Plan& plan) { return dump_document(to_json(plan)); }

Plan read_plan(std::string_view text, std::string_view what) { return read_document<Plan>(text, kPlanSchema, what); }

// Two runs that decide the same have the same digest: when it ran, how the source was called and where reports lay is left out.
Digest plan_digest(const Plan& plan) {
  Json json = to_json(plan);
  json.erase("asOf");
  json.erase("sourceReference");
  for (Json& input : json["inputs"]) {
    if (input["kind"] == "report" || input["kind"] == "feed" || input["kind"] == "policy") input.erase("name");
  }
  return Digest::of(dump_compact(json));
}

}  // namespace resole::document
