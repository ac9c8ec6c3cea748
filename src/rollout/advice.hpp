// SPDX-License-Identifier: Apache-2.0
// What a rollout says besides its edits: what runs, in which order to go (field/rollout.md 2.3), what may stand in the way.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "document/rollout.hpp"
#include "rollout/images.hpp"

namespace resole::rollout {

struct EditedFile;

// One JSON object per line: {cluster, namespace, kind, name, container, image, imageID}. Only those that run one of the sources are given back.
// Error(input) with the line's number.
std::vector<document::Running> read_running(std::string_view ndjson, std::string_view what, const Images& images);

// Says of what runs whether a manifest was found; what has none is listed as not applied.
void join_running(document::Rollout& rollout);

// Of the workloads that are to change; empty waves are left out.
std::vector<document::Wave> waves_of(const document::Rollout& rollout);

// A configuration of Renovate. It looks at objects of Kubernetes only where it is told their files; at charts' values, kustomizations, compose files, Dockerfiles and
// pipelines anyway.
struct RenovateConfig { std::string file; bool speaks_of_kubernetes = false; };
bool is_renovate_config(std::string_view path);

std::vector<std::string> warnings_of(const document::Rollout& rollout, const std::vector<EditedFile>& edited, const std::vector<RenovateConfig>& renovate);

}  // namespace resole::rollout
