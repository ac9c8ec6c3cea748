// SPDX-License-Identifier: Apache-2.0
// What a layer has to hold so that one tree becomes another.
#pragma once
#include <functional>

#include "rootfs/layer_draft.hpp"
#include "rootfs/tree.hpp"

namespace resole::rootfs {

// `content` gives the bytes of a file of `to`. Equal objects are left out; times do not count, and none of what is written is later than `latest`.
LayerDraft difference(const Tree& from, const Tree& to, std::int64_t latest, const std::function<Blob(const Node&)>& content);

}  // namespace resole::rootfs
