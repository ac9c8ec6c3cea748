// SPDX-License-Identifier: Apache-2.0
// The rollout, resole/rollout/v1 (docs/schema/rollout.json; field/rollout.md 2.2). Content-addressed by changeSetId; no clock in it.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "document/result.hpp"

namespace resole::document {

inline constexpr std::string_view kRolloutSchema = "resole/rollout/v1";

struct RolloutImage {
  std::string source_reference, patched_reference;  // deployed names, tag included when there is one
  Digest source, patched;                           // root digests; source is the rollback target
  struct PlatformDigests { std::string platform; Digest source, patched; std::string status; };
  std::vector<PlatformDigests> platforms;
  struct Change { std::string name, arch, from, to; std::vector<std::string> fixes; };
  std::vector<Change> packages;
  std::vector<std::string> fixed;                   // advisory ids
};

struct Workload {
  std::string kind, ns, name, container;
  std::size_t image = 0;                            // index into images
  std::string file, pointer;                        // path in the tree, JSON pointer
  std::size_t document = 0;                         // index in a YAML stream
  std::string current;                              // reference as written
};

struct FileEdit {
  std::string file, pointer, old_value, new_value;
  std::size_t document = 0, begin = 0, end = 0;     // byte span replaced
};
struct FileHashes { std::string file; Digest before, after; };
struct NotApplied { std::string file, reference, reason, detail; std::size_t line = 0; };

struct Rollout {
  std::string change_set_id;
  std::string tool_version;
  std::vector<RolloutImage> images;
  std::vector<Workload> workloads;
  std::vector<FileEdit> edits;
  std::vector<FileHashes> files;
  std::vector<NotApplied> not_applied;
};

Json to_json(const Rollout& rollout);
std::string write_rollout(const Rollout& rollout);
Rollout read_rollout(std::string_view text, std::string_view what);

}  // namespace resole::document
