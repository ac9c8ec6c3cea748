// SPDX-License-Identifier: Apache-2.0
// What a patched image says of itself, in labels (docker drops manifests' annotations, labels survive everywhere): where it comes from, which layers are ours,
// which versions it was given. Patching it again strips those layers and plans from the original, never below these versions (product.md "Lineage", floor).
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.hpp"
#include "document/plan.hpp"
#include "oci/image.hpp"
#include "plan/planner.hpp"

namespace resole::patch {

namespace label {
inline constexpr std::string_view kSource = "io.resole.source.digest";    // manifest of the original platform image
inline constexpr std::string_view kPlan = "io.resole.plan.digest";
inline constexpr std::string_view kVersion = "io.resole.version";
inline constexpr std::string_view kLayers = "io.resole.layers";           // diff_ids of our layers, bottom first, blank separated
inline constexpr std::string_view kPackages = "io.resole.packages";       // "name:arch=version", blank separated, sorted
}  // namespace label

struct Lineage {
  std::string source, plan, version;
  std::vector<std::string> layers;        // diff_id texts
  std::vector<plan::Floor> packages;
};

std::optional<Lineage> read_lineage(const std::map<std::string, std::string>& labels);  // nullopt: never patched by us
std::map<std::string, std::string> lineage_labels(const Lineage& lineage);
// Digest of the config's meaning without what a patch changes: layers, history, `created` and our labels. The same before and after (verify).
Digest config_content(const oci::Config& config);
// How many top layers of the image are the lineage's: all of them or 0 (somebody built on top of a patched image: then they are layers like any other).
std::size_t own_layers(const oci::Image& image, const Lineage& lineage);

}  // namespace resole::patch
