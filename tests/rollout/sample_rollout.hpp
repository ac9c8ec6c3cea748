// SPDX-License-Identifier: Apache-2.0
// One patched image, and manifests that run it.
#pragma once
#include <string>
#include <vector>

#include "rollout/edit.hpp"

namespace resole::rollout::test {

inline const std::string kOld(64, 'a');
inline const std::string kNew(64, 'b');
inline const std::string kOther(64, 'c');
inline const std::string kWeb = "registry.example.org/team/web";
inline const std::string kPatched = "registry.example.org/patched/web";

inline document::RolloutImage web_image(const std::string& source = kWeb + ":1.0", const std::string& patched = kPatched + ":1.0") {
  document::RolloutImage image;
  image.source_reference = source;
  image.patched_reference = patched;
  image.source = Digest::sha256_hex(kOld);
  image.patched = Digest::sha256_hex(kNew);
  return image;
}

// Also published under a tag that never moves.
inline document::RolloutImage web_image_with_immutable_tag() {
  auto image = web_image();
  image.immutable_reference = kPatched + ":1.0-r01234567";
  return image;
}

inline EditOptions pinned(Pin pin) {
  EditOptions options;
  options.pin = pin;
  return options;
}

inline EditPlan plan_of(const std::vector<ManifestFile>& files, const EditOptions& options = {}, std::vector<document::RolloutImage> images = {web_image()}) {
  return plan_edits(files, std::move(images), options);
}

// The text as it is after the edit.
inline std::string edited(const std::string& path, const std::string& text, const EditOptions& options = {}, const document::RolloutImage& image = web_image()) {
  const EditPlan plan = plan_of({{path, text}}, options, {image});
  return plan.files.empty() ? text : plan.files.front().after;
}

inline std::vector<std::string> reasons(const EditPlan& plan) {
  std::vector<std::string> all;
  for (const auto& place : plan.rollout.not_applied) all.emplace_back(word(place.reason));
  return all;
}

inline std::string pod(const std::string& reference) {
  return "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: n}\nspec:\n  containers:\n  - name: c\n    image: " + reference + "  # why\n";
}

}  // namespace resole::rollout::test
