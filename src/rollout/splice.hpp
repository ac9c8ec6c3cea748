// SPDX-License-Identifier: Apache-2.0
// Changes into a text and out of it again. What comes out is read again and must be the same document but for the changes (field/rollout.md 3.3 rule 5).
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "document/rollout.hpp"
#include "rollout/decide.hpp"

namespace resole::rollout {

struct PlacedChange { std::size_t document = 0; Change change; };

// Sorted by place, the same change asked for twice once. False when two touch the same bytes in different ways.
bool order_changes(std::vector<PlacedChange>& changes);

std::string splice(std::string_view text, const std::vector<PlacedChange>& ordered);

// Nodes, values, styles, anchors and tags of `after` are those of `before` but for the changes. `lines`: no YAML, the sites of the file are compared.
bool only_intended_changes(std::string_view path, std::string_view before, std::string_view after, const std::vector<PlacedChange>& ordered);

// The edits of one file taken back. Error(input) when the text is not what they left behind.
std::string take_back(std::string_view after, std::vector<document::FileEdit> edits, std::string_view path);

}  // namespace resole::rollout
