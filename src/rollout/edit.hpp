// SPDX-License-Identifier: Apache-2.0
// Manifests in, edits out: exactly the bytes of the references change, everything else stays byte for byte. Pure; files are read and written by the caller.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "document/rollout.hpp"
#include "rollout/images.hpp"

namespace resole::rollout {

struct ManifestFile {
  std::string path;   // below the tree, with '/'
  std::string text;
};

struct EditedFile {
  std::string path, before, after;
};

struct EditPlan {
  document::Rollout rollout;
  std::vector<EditedFile> files;   // only those that change, by path
};

// Every place that means one of the images but is not edited stands in rollout.not_applied with its reason code.
EditPlan plan_edits(const std::vector<ManifestFile>& files, std::vector<document::RolloutImage> images, Pin pin);

// Cheap test before a file is parsed: does any image's repository name occur at all?
bool mentions(std::string_view text, const std::vector<document::RolloutImage>& images);

}  // namespace resole::rollout
