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

std::optional<pkg::Candidate> PlannedPackage::against() const {
  if (!verdict.against) return std::nullopt;
  pkg::Candidate installed;
  installed.name = name;
  installed.version = from;
  installed.arch = arch;
  installed.source = from_source;
  installed.entry = *verdict.against;
  return installed;
}

bool Plan::changes() const {
  return std::any_of(platforms.begin(), platforms.end(), [](const PlatformPlan& platform) {
    return platform.changes_base() || std::any_of(platform.packages.begin(), platform.packages.end(),
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

// What will be built, and nothing else: plans that put the same packages on the same image with the same compressor have the same digest, whichever mirror,
// index or report they were decided by and whenever. So a nightly run gives a new digest when the packages change, not when an index is signed again.
Digest plan_digest(const Plan& plan) {
  Json platforms = Json::array();
  for (const PlatformPlan& platform : plan.platforms) {
    Json packages = Json::array();
    for (const PlannedPackage& package : platform.packages) {
      packages.push_back({{"name", package.name},
                          {"arch", package.arch},
                          {"from", package.from},
                          {"to", package.to},
                          {"sha256", package.repository.sha256.text()},
                          {"actions", package.verdict.actions},
                          {"overwrite", package.overwrite},
                          {"keep", package.keep}});
    }
    Json built = {{"manifest", platform.manifest.text()}, {"ownLayers", platform.own_layers}, {"packages", packages}};
    if (platform.strategy != "append") built["strategy"] = platform.strategy;
    if (platform.changes_base()) built["base"] = {{"layers", platform.base->layers}, {"newManifest", platform.base->new_digest.text()}, {"allowed", platform.base->allowed}};
    platforms.push_back(std::move(built));
  }
  const auto compressor = plan.compressors.find(plan.compression);
  return Digest::of(dump_compact(Json{{"schema", kPlanSchema},
                                      {"tool", plan.tool_version},
                                      {"source", plan.source.digest.text()},
                                      {"compression", plan.compression},
                                      {"compressor", compressor == plan.compressors.end() ? std::string() : compressor->second},
                                      {"platforms", platforms}}));
}

}  // namespace resole::document
