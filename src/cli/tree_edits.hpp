// SPDX-License-Identifier: Apache-2.0
// Edits of a directory of manifests, from images: what `rollout edit` does, for those who do it again on another state of the tree.
#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "document/rollout.hpp"
#include "rollout/edit.hpp"
#include "rollout/render.hpp"

namespace resole::cli {

rollout::Pin pin_of(const std::string& word);

// How the edits of this rollout were asked for.
rollout::EditOptions edit_options_of(const document::Rollout& rollout);
rollout::EditPlan edits_below(const std::filesystem::path& manifests, const document::Rollout& rollout);

// Templates by name: of the directory, else built in. Error(input) when there is none.
std::function<std::string(const std::string& name)> templates_of(const std::filesystem::path& directory);

}  // namespace resole::cli
