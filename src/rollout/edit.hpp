// SPDX-License-Identifier: Apache-2.0
// Manifests in, edits out: exactly the bytes of the references change, everything else stays byte for byte. Pure; files are read and written by the caller.
//
//   find (targets, each file alone) -> decide (each site, with what other files say about it) -> splice and check (each file)
//
// Files are handed over one by one and only those with a site of one of the images are kept.
#pragma once
#include <memory>
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
  std::vector<document::FileEdit> edits;
};

struct EditPlan {
  document::Rollout rollout;
  std::vector<EditedFile> files;   // only those that change, by path
};

struct EditOptions {
  Pin pin = Pin::automatic;
  TagForms tags;
  bool dockerfiles = false;
};

class EditPlanner {
 public:
  EditPlanner(std::vector<document::RolloutImage> images, const EditOptions& options);
  ~EditPlanner();

  // Cheap tests before a file is read, and before it is parsed. In an unwanted file nothing speaks of the images.
  static bool is_manifest(std::string_view path);
  bool wants(std::string_view path, std::string_view text) const;
  void take(ManifestFile file);
  void leave(const std::string& path, document::LeftReason reason, std::string detail);  // a file that could not be taken
  void take_running(std::string_view ndjson, std::string_view what);                     // Error(input) for lines that are no inventory

  // Every place that means one of the images but is not edited stands in rollout.not_applied with its reason.
  EditPlan finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

EditPlan plan_edits(const std::vector<ManifestFile>& files, std::vector<document::RolloutImage> images, const EditOptions& options);

}  // namespace resole::rollout
