// SPDX-License-Identifier: Apache-2.0
// In which order apk commits an upgrade (apk-tools src/solver.c, generate_changeset()): what world asks for, each behind what it depends on, then the rest as
// they are installed. It decides who wins a file that two packages bring, and in which order scripts and triggers are kept.
#pragma once
#include <cstddef>
#include <string_view>
#include <vector>

#include "pkg/apk/stanza.hpp"

namespace resole::apk {

struct CommitMember {
  const Description* package = nullptr;  // as it will be
  bool changes = false;
};

// `installed`: every package as it will be, in the order of the database, new ones behind. Returns the positions of those that change, in order.
std::vector<std::size_t> commit_order(const std::vector<CommitMember>& installed, std::string_view world);

}  // namespace resole::apk
