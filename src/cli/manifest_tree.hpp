// SPDX-License-Identifier: Apache-2.0
// A directory of manifests on disk: read for editing, written back only when nobody changed it meanwhile.
#pragma once
#include <filesystem>
#include <functional>
#include <string_view>
#include <vector>

#include "base/effects.hpp"
#include "rollout/edit.hpp"

namespace resole::cli {

// YAML and JSON files below `root` that pass `wanted`, in path order. Symbolic links are not followed (they may lead out of the repository), .git is skipped,
// files over 16 MiB are passed over with a warning.
std::vector<rollout::ManifestFile> read_manifests(const std::filesystem::path& root, const std::function<bool(std::string_view text)>& wanted, Reporter& reporter);

// All files are checked to be what was read before the first is written; each is replaced as a whole with its mode kept. Error(input) otherwise.
void write_manifests(const std::filesystem::path& root, const std::vector<rollout::EditedFile>& files);

}  // namespace resole::cli
