// SPDX-License-Identifier: Apache-2.0
// A directory of manifests on disk: read for editing, written back only when nobody changed it meanwhile.
#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/effects.hpp"
#include "document/rollout.hpp"
#include "rollout/edit.hpp"

namespace resole::cli {

inline constexpr std::uint64_t kLargestManifest = 16u << 20;

// Hands the manifests below `root` to the planner, in path order, one at a time. Symbolic links are not followed (they may lead out of the tree), .git is
// skipped; files over 16 MiB and those that cannot be read are left with that reason when they could matter.
void read_manifests(const std::filesystem::path& root, rollout::EditPlanner& planner);

struct NewBytes { std::string path, before, after; };

// All files are checked before the first is written: still what was read, below the root without a link, writable. Each is replaced as a whole with its mode
// kept; when one fails, those before it are put back. Error(input): nothing has changed.
void write_manifests(const std::filesystem::path& root, const std::vector<NewBytes>& files);

// One file below the root, by a path from a document. Error(input) when the path leaves the tree, also by links, or the file is no regular one.
std::string read_manifest(const std::filesystem::path& root, const std::string& path);

}  // namespace resole::cli
