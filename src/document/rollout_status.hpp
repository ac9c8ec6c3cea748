// SPDX-License-Identifier: Apache-2.0
// How far a rollout is, resole/rollout-status/v1 (docs/schema/rollout-status.json).
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.hpp"
#include "base/json_fwd.hpp"

namespace resole::document {

inline constexpr std::string_view kRolloutStatusSchema = "resole/rollout-status/v1";

// In the order in which a workload goes through them.
enum class RolloutState {
  proposed,   // the manifests that the cluster is fed from do not have the edit
  committed,  // they have it; the cluster does not know
  synced,     // the cluster's object names the patched image; pods are not replaced yet
  rolled,     // its controller is done, but no pod proves which image it runs
  running,    // every pod runs the patched image, by digest
  failed,     // it does not come up; detail says why
  unseen,     // what the cluster said does not show it
};
std::string_view word(RolloutState state);

struct WorkloadStatus {
  std::string kind, ns, name, container, file;
  std::string cluster;            // as the inventory calls it
  RolloutState state = RolloutState::unseen;
  bool complete = false;
  std::string detail;
  std::size_t pods = 0, patched = 0, source = 0;  // containers of this name: all, by what they run; the rest runs something else or does not say
};

struct RolloutStatus {
  std::string change_set_id;
  bool complete = false;          // every workload of the rollout is
  std::vector<WorkloadStatus> workloads;
};

Json to_json(const RolloutStatus& status);
std::string write_rollout_status(const RolloutStatus& status);
RolloutStatus read_rollout_status(std::string_view text, std::string_view what);

}  // namespace resole::document
