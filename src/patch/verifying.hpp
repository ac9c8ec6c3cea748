// SPDX-License-Identifier: Apache-2.0
// Proves that an image is what its plan says, from the image alone: blobs, database, files, versions, untouched layers.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "document/plan.hpp"
#include "patch/view.hpp"

namespace resole::patch {

struct Finding { std::string platform, subject, problem; };
struct Verification {
  std::vector<Finding> findings;         // empty: the image is what it should be
  std::size_t packages = 0, layers = 0;
  std::size_t missing = 0, local = 0;    // files of packages that the image deleted, or changed: no faults
  bool against_plan = false;
  std::vector<document::ShadowCopy> shadow_copies;  // of what was patched: its fix did not reach them
};

// Reads every blob to its end (digests), the database, and every package file's hash. Unfit images give findings, unreadable ones an Error.
Verification verify_image(const ImageView& image, const std::optional<document::Plan>& plan, const Tools& tools);

}  // namespace resole::patch
