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

std::vector<std::string> warnings_of(const document::Rollout& rollout, const std::vector<EditedFile>& edited);

}  // namespace resole::rollout
