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
// Of images whose base was changed:
inline constexpr std::string_view kBaseOld = "io.resole.base.old";        // manifests of this platform
inline constexpr std::string_view kBaseNew = "io.resole.base.new";
inline constexpr std::string_view kMergeLayer = "io.resole.base.layer";   // diff_id of the layer with the merged package database, below `kLayers`
inline constexpr std::string_view kRootfs = "io.resole.rootfs";           // digest over all diff_ids: still the image that we made, with or without layers of ours
}  // namespace label

struct Lineage {
  std::string source, plan, version;
  std::vector<std::string> layers;        // diff_id texts
  std::vector<plan::Floor> packages;
  std::string base_old, base_new, merge_layer, rootfs;  // of a changed base; "" of others
};

std::optional<Lineage> read_lineage(const std::map<std::string, std::string>& labels);  // nullopt: never patched by us
std::map<std::string, std::string> lineage_labels(const Lineage& lineage);       // "" takes a label away
std::map<std::string, std::string> lineage_annotations(const Lineage& lineage);  // of OCI manifests: where it comes from
// Digest of the config's meaning without what a patch changes: layers, history, `created` and our labels. The same before and after (verify).
Digest config_content(const oci::Config& config);
// How many top layers of the image are the lineage's: all of them or 0 (somebody built on top of a patched image: then they are layers like any other).
std::size_t own_layers(const oci::Image& image, const Lineage& lineage);
// 1 when the merge of an earlier rebase lies right below them.
std::size_t merge_layers(const oci::Image& image, const Lineage& lineage, std::size_t own);
// Is this image as we made it, nothing built on top?
bool is_unchanged_since(const oci::Image& image, const Lineage& lineage);
// Which other tool patched it before us: "Copa, from example.org/app:1"; "" for none.
std::string patched_by_others(const oci::Image& image);
std::string rootfs_text(const std::vector<Digest>& diff_ids);

}  // namespace resole::patch
