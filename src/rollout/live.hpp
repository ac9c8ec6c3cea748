// SPDX-License-Identifier: Apache-2.0
// What a cluster says of itself, as far as images go: the output of `kubectl get ... -o json` (a list, or objects one after the other), or an inventory of one JSON
// object per line ({cluster, namespace, kind, name, container, image, imageID}). Everything in it is taken as what a cluster may say: anything. Pure.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.hpp"
#include "base/json_fwd.hpp"

namespace resole::rollout {

struct LiveContainer {
  std::string name, image;
  Digest digest;                 // that it runs, as far as the runtime says
  bool ready = false;
  std::string trouble;           // why it does not come up: "ImagePullBackOff: ..."
};

struct LivePod {
  std::string cluster, ns, name, owner_kind, owner_name, created;
  bool ends = false, over = false;  // being deleted; has run to its end
  std::vector<LiveContainer> containers;
};

struct LiveObject {
  std::string cluster, ns, kind, name, owner_kind, owner_name;
  std::map<std::string, std::string> images;  // of its pod template, by container
  std::int64_t generation = 0, observed = 0, wanted = 1, made = 0, updated = 0, available = 0;
  std::string trouble, hint;                  // conditions that say no; an update strategy that waits for people
};

struct Live {
  std::vector<LiveObject> objects;
  std::vector<LivePod> pods;
};

// Adds what the text says. Error(input) with the place for what is neither.
void read_live(std::string_view text, std::string_view what, Live& live);

// The object that made a pod: a ReplicaSet's Deployment, a Job's CronJob; by the name when the object between is not there.
struct Maker { std::string kind, name; };
Maker maker_of(const LivePod& pod, const Live& live);

}  // namespace resole::rollout
