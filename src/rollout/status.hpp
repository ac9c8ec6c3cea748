// SPDX-License-Identifier: Apache-2.0
// How far each workload of a rollout is (field/rollout.md 2.4). Only what pods run, by digest, is success: "the controller is done" and "merged" are not. Pure.
#pragma once
#include <functional>
#include <optional>
#include <string>

#include "document/rollout.hpp"
#include "document/rollout_status.hpp"
#include "rollout/live.hpp"

namespace resole::rollout {

// Whether the manifests that the cluster is fed from have a file as the rollout leaves it; nullopt: nobody looked.
using HasEdit = std::function<std::optional<bool>(const std::string& file)>;

document::RolloutStatus status_of(const document::Rollout& rollout, const Live& live, const HasEdit& has_edit);

}  // namespace resole::rollout
