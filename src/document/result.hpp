// SPDX-License-Identifier: Apache-2.0
// The result of build or patch, resole/result/v1 (docs/schema/result.json).
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "document/plan.hpp"

namespace resole::document {

inline constexpr std::string_view kResultSchema = "resole/result/v1";

struct NewLayer {
  std::string role;          // "payload", "database"
  Digest digest, diff_id;
  std::uint64_t size = 0, raw_size = 0;
  bool reused = false;       // the blob was known by its fingerprint
};

struct PlatformResult {
  oci::Platform platform;
  std::string outcome;       // "patched", "unchanged", "carried"
  Digest source_manifest, manifest, config;
  std::vector<NewLayer> layers;
  std::vector<PlannedPackage> packages;
  std::vector<HeldPackage> held;
  std::vector<UnfixedFinding> unfixed;
  std::vector<ShadowCopy> shadow_copies;
  std::vector<std::pair<std::string, std::string>> kept;  // path -> what (modes, owners)
  std::vector<std::string> scripts;  // that ran in the sandbox, in order: "curl postinst configure 7.88.1-10"
  std::vector<std::string> notes;
};

struct Destination { std::string location, tag, deployed_as; };

struct Result {
  std::string outcome;       // "patched", "unchanged", "copied", "partial"
  std::string tool_version;
  Digest plan;               // plan_digest
  std::string source_reference, source_deployed_as;
  oci::Descriptor source, patched;   // roots; equal when unchanged
  std::vector<Destination> destinations;
  std::vector<PlatformResult> platforms;
  std::vector<oci::Descriptor> dropped;  // stale attestations and the like
  bool source_was_signed = false;
};

Json to_json(const Result& result);
std::string write_result(const Result& result);
Result read_result(std::string_view text, std::string_view what);

}  // namespace resole::document
