// SPDX-License-Identifier: Apache-2.0
// Two images, or two platforms of one, side by side: packages, files, config, layers, size. Pure, from their views.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "document/plan.hpp"
#include "patch/view.hpp"

namespace resole::patch {

struct FileChange {
  std::string path;
  std::string what;            // "added", "removed", or what differs: "type", "content", "mode, owner"
};

struct ConfigChange {
  std::string place;           // "config.Env.PATH"
  std::string before, after;   // JSON; "" = not there
};

struct Comparison {
  oci::Platform a, b;
  std::vector<document::BaseChange> packages;  // sorted by name, arch
  std::vector<FileChange> files;               // sorted by path
  std::vector<ConfigChange> config;            // sorted by place
  std::vector<oci::Layer> shared, only_a, only_b;  // by diff_id; each in its image's order
  std::uint64_t size_a = 0, size_b = 0;        // of the layers as they are stored
  bool same() const { return packages.empty() && files.empty() && config.empty() && only_a.empty() && only_b.empty(); }
};

Comparison compare(const PlatformView& a, const PlatformView& b);

// Which platforms are compared: those that both have, or the two that are named. Error(input): they have none in common.
std::vector<std::pair<const PlatformView*, const PlatformView*>> pairs_of(const ImageView& a, const ImageView& b, bool named);

}  // namespace resole::patch
