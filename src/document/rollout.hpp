// SPDX-License-Identifier: Apache-2.0
// The rollout, resole/rollout/v1 (docs/schema/rollout.json; field/rollout.md 2.2). Content-addressed by changeSetId; no clock in it.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "document/result.hpp"

namespace resole::document {

inline constexpr std::string_view kRolloutSchema = "resole/rollout/v1";

// Why a place that means one of the images was left as it is. docs/schema/rollout.json says each in a sentence.
enum class LeftReason {
  none,             // it was not
  templated,        // a template of a manifest
  unreadable,       // no YAML, not UTF-8, a key twice, too large, too deep
  block_scalar,
  escaped,          // what is written is not what it means
  alias_conflict,   // the anchor is used where nobody knows what it means
  variable,         // ${...}, $(...)
  embedded,         // in a longer text
  unknown_place,
  overridden,       // an outer kustomization decides
  ambiguous,        // one entry for workloads that run different images
  name_pattern,     // the name of an entry is a regular expression that may mean this image
  tag_unknown,      // the chart's default
  other_digest,     // the tag of the source, but another image
  image_policy,     // Flux writes it
  image_updater,    // Argo CD Image Updater writes it
  renovate,         // Renovate writes it
  global_registry,  // the chart sets one registry for all images
  built_here,       // the name of an image that is built from here
  needs_option,     // Dockerfiles
  no_room,          // a key is missing and cannot be added
  not_isolated,     // the edit would change more than the reference
  no_manifest,      // runs, but no manifest says so
};
std::string_view word(LeftReason reason);      // "alias-conflict"; not of none
std::string_view sentence(LeftReason reason);

struct RolloutImage {
  std::string source_reference, patched_reference;  // deployed names, tag included when there is one
  std::string immutable_reference;                  // the patched image by a tag that never moves, "" when none was published
  Digest source, patched;                           // root digests; source is the rollback target
  struct PlatformDigests { std::string platform; Digest source, patched; std::string status; };
  std::vector<PlatformDigests> platforms;
  struct Change {
    std::string name, arch, from, to;
    std::vector<std::string> fixes;
    std::string severity;                           // the worst of what it fixes, "" when that is unknown
    bool known_exploited = false;
  };
  std::vector<Change> packages;
  std::vector<std::string> fixed;                   // advisory ids
  bool source_was_signed = false;                   // the patched image is not, until somebody signs it
  std::uint64_t added_bytes = 0;                    // of the layers that were added, as they are pulled
  Digest plan;                                      // what it was built from
  std::vector<std::string> spellings;               // of the source's repository in the manifests, sorted
};

struct Workload {
  std::string kind, ns, name, container;
  std::string type;                                 // container, init, ephemeral, volume, values, entry, stage
  std::string target;                               // kind of document: "kubernetes", "helm-values", ...
  std::size_t image = 0;                            // index into images
  std::string file, pointer;                        // path in the tree, JSON pointer
  std::size_t document = 0;                         // index in a YAML stream
  std::size_t begin = 0, end = 0;                   // bytes of the (main) scalar before the edit
  std::string current, desired, rollback;           // references: as it means now, as it is to be, the source by digest
  bool edited = false;
  std::string effect;                               // "rolling", "next-run", "manual"
  std::vector<std::string> keys;                    // of a reference in parts: which there are, by what they mean (registry, repository, tag, digest)
};

// Advice: what goes first. `workloads` are indices.
struct Wave { std::string name, why; std::vector<std::size_t> workloads; };

// A policy in the manifests that may refuse the patched image.
struct AdmissionPolicy { std::string kind, name, file; };

// What runs, as an inventory says. `managed`: a manifest was found.
struct Running { std::string cluster, ns, kind, name, container, image; Digest digest; bool managed = false; };

struct FileEdit {
  std::string file, pointer, old_value, new_value;  // bytes that go and come; pointer: of the scalar, or of the mapping that gets a key
  std::size_t document = 0, begin = 0, end = 0;     // byte span replaced; empty: inserted there
};
struct FileHashes { std::string file; Digest before, after; };
struct NotApplied { std::string file, reference; LeftReason reason = LeftReason::unreadable; std::string detail; std::size_t line = 0; };

struct Rollout {
  std::string change_set_id;
  std::string tool_version;
  std::string pin, moving_tag, immutable_tag;       // as the edits were asked for: who makes them again on a newer tree asks the same
  bool dockerfiles = false;
  std::vector<RolloutImage> images;
  std::vector<Workload> workloads;
  std::vector<Wave> waves;
  std::vector<AdmissionPolicy> policies;
  std::vector<Running> running;
  std::vector<FileEdit> edits;
  std::vector<FileHashes> files;
  std::vector<NotApplied> not_applied;
  std::vector<std::string> warnings;
};

Json to_json(const Rollout& rollout);
std::string write_rollout(const Rollout& rollout);
Rollout read_rollout(std::string_view text, std::string_view what);

}  // namespace resole::document
