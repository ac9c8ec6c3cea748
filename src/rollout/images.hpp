// SPDX-License-Identifier: Apache-2.0
// Which deployed references mean the source image, and what each becomes. References are compared after normalisation (docker.io/library, default tag),
// by digest first, then by repository and tag (field/rollout.md 3.3 rule 8).
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "document/result.hpp"
#include "document/rollout.hpp"

namespace resole::rollout {

// auto keeps the shape that is there: a tag stays a tag, a digest a digest, both both.
enum class Pin { automatic, tag, digest, both };

// Images of the results as rollout.json lists them. Error(usage) when a result does not say under which references source and result run.
std::vector<document::RolloutImage> images_of(const std::vector<document::Result>& results);

struct Match {
  std::size_t image = 0;
  std::string replacement;  // complete reference text
};

// Does `reference`, as written in a manifest, mean the source of one of the images? nullopt: no, or not a reference at all.
std::optional<Match> match(std::string_view reference, const std::vector<document::RolloutImage>& images, Pin pin);

// The repository of a reference as it is spelled, without tag and digest.
std::string_view repository_of(std::string_view reference);

}  // namespace resole::rollout
