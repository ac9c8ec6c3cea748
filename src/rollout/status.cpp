// SPDX-License-Identifier: Apache-2.0
#include "rollout/status.hpp"

#include <algorithm>
#include <tuple>

#include "base/error.hpp"
#include "base/text.hpp"
#include "rollout/images.hpp"

namespace resole::rollout {

namespace {

using document::RolloutState;
using document::WorkloadStatus;

enum class Runs { patched, source, other, silent };

Runs what_runs(const LiveContainer& container, const document::RolloutImage& image) {
  if (container.digest.empty()) return Runs::silent;
  const auto has = [&](Digest document::RolloutImage::PlatformDigests::*side) {
    return std::any_of(image.platforms.begin(), image.platforms.end(), [&](const auto& platform) { return platform.*side == container.digest; });
  };
  if (container.digest == image.patched || has(&document::RolloutImage::PlatformDigests::patched)) return Runs::patched;
  if (container.digest == image.source || has(&document::RolloutImage::PlatformDigests::source)) return Runs::source;
  return Runs::other;
}

// Does this reference, as an object or a manifest has it, mean the patched image?
bool names_patched(std::string_view reference, const document::RolloutImage& image) {
  if (const std::size_t at = reference.find('@'); at != std::string_view::npos) {
    const auto digest = Digest::try_parse(reference.substr(at + 1));
    return digest && what_runs({"", "", *digest, false, ""}, image) == Runs::patched;
  }
  for (const std::string* known : {&image.patched_reference, &image.immutable_reference}) {
    if (known->empty()) continue;
    try {
      const auto a = oci::Reference::parse(*known), b = oci::Reference::parse(reference);
      if (a.name() == b.name() && tag_of(*known) == tag_of(reference)) return true;
    } catch (const Error&) {
      // a variable, or nothing: no reference
    }
  }
  return false;
}

bool is_run_once(std::string_view kind) { return kind == "CronJob" || kind == "Job"; }

// One workload of the rollout, against what the cluster says.
class Follower {
 public:
  Follower(const document::Workload& workload, const document::RolloutImage& image, const Live& live) : workload_(workload), image_(image), live_(live) {
    status_.kind = workload.kind;
    status_.ns = workload.ns;
    status_.name = workload.name;
    status_.container = workload.container;
    status_.file = workload.file;
  }

  WorkloadStatus follow(std::optional<bool> in_manifests) {
    const bool is_object = workload_.target == "kubernetes" && !workload_.name.empty();
    if (is_object) {
      collect_object();
    } else {
      collect_by_image();
    }
    judge(is_object);
    if (status_.state == RolloutState::committed && in_manifests == false) status_.state = RolloutState::proposed;
    if (status_.state == RolloutState::unseen && in_manifests == false) status_.detail += "; the manifests do not have the edit";
    return std::move(status_);
  }

 private:
  bool is_place(const std::string& ns) const { return workload_.ns.empty() || ns.empty() || ns == workload_.ns; }

  void collect_object() {
    for (const auto& object : live_.objects) {
      if (object.kind == workload_.kind && object.name == workload_.name && is_place(object.ns)) objects_.push_back(&object);
    }
    for (const auto& pod : live_.pods) {
      if (!is_place(pod.ns) || pod.ends) continue;
      const Maker maker = maker_of(pod, live_);
      const bool ours = maker.name == workload_.name && (maker.kind == workload_.kind || maker.kind.empty());
      if (!ours || (pod.over && !is_run_once(workload_.kind))) continue;
      for (const auto& container : pod.containers) {
        const bool same = container.name.empty() || container.name == workload_.container;  // inventories may leave it out
        if (same) take(pod, container);
      }
    }
    if (is_run_once(workload_.kind)) keep_newest();
  }

  // Values of a chart, a compose file, an entry of kustomize: no object is named, so whoever runs one of the two images counts.
  void collect_by_image() {
    for (const auto& pod : live_.pods) {
      if (pod.ends || pod.over) continue;
      for (const auto& container : pod.containers) {
        const Runs runs = what_runs(container, image_);
        if (runs == Runs::patched || runs == Runs::source) take(pod, container);
      }
    }
  }

  void take(const LivePod& pod, const LiveContainer& container) {
    found_.push_back({&pod, &container});
    if (!pod.cluster.empty()) status_.cluster = pod.cluster;
  }

  // What ran before the change does not run again.
  void keep_newest() {
    std::string newest;
    for (const auto& [pod, container] : found_) newest = std::max(newest, pod->created);
    std::erase_if(found_, [&](const auto& each) { return each.first->created != newest; });
  }

  void judge(bool is_object) {
    for (const auto& [pod, container] : found_) {
      ++status_.pods;
      const Runs runs = what_runs(*container, image_);
      status_.patched += runs == Runs::patched ? 1 : 0;
      status_.source += runs == Runs::source ? 1 : 0;
      silent_ += runs == Runs::silent ? 1 : 0;
      not_ready_ += container->ready || pod->over || workload_.type == "init" ? 0 : 1;
      // Pods of before may be in trouble of their own: only those that want the patched image count.
      if (trouble_.empty() && !container->trouble.empty() && (names_patched(container->image, image_) || runs == Runs::patched)) trouble_ = container->trouble;
    }
    if (objects_.empty() && status_.pods == 0) return set(RolloutState::unseen, is_object ? "neither the object nor a pod of it is there" : "no pod runs the one or the other image");
    if (!objects_.empty()) return judge_object();
    judge_pods();
  }

  void judge_pods() {
    if (!trouble_.empty()) return set(RolloutState::failed, trouble_);
    if (status_.patched == 0) return set(RolloutState::committed, says_others());
    if (status_.patched < status_.pods) return set(RolloutState::synced, says_others());
    if (not_ready_ > 0) return set(RolloutState::synced, fmt::format("{} of {} not ready", not_ready_, status_.pods));
    set(RolloutState::running, "");
  }

  void judge_object() {
    const bool all_name_it = std::all_of(objects_.begin(), objects_.end(), [&](const LiveObject* object) {
      const auto found = object->images.find(workload_.container);
      return found != object->images.end() && names_patched(found->second, image_);
    });
    if (!all_name_it && workload_.type != "volume" && workload_.type != "ephemeral") {
      // A controller in between may have put the image there otherwise (a mutating webhook): the pods are the proof.
      if (status_.pods > 0 && status_.patched == status_.pods && not_ready_ == 0) return set(RolloutState::running, "");
      return set(RolloutState::committed, "the cluster's object names another image");
    }
    if (!trouble_.empty()) return set(RolloutState::failed, trouble_);
    for (const LiveObject* object : objects_) {
      if (!object->trouble.empty()) return set(RolloutState::failed, object->trouble);
    }
    if (is_run_once(workload_.kind)) {
      if (status_.pods > 0 && status_.patched == status_.pods) return set(RolloutState::running, "");
      return set(RolloutState::synced, "it runs the patched image from its next run on");
    }
    for (const LiveObject* object : objects_) {
      if (const std::string left = not_rolled(*object); !left.empty()) return set(RolloutState::synced, left + (object->hint.empty() ? "" : "; " + object->hint));
    }
    judge_rolled();
  }

  // "" when its controller is done.
  static std::string not_rolled(const LiveObject& object) {
    if (object.kind == "Pod") return "";
    if (object.generation > 0 && object.observed < object.generation) return "its controller has not looked at it yet";
    if (object.updated < object.wanted) return fmt::format("{} of {} replaced", object.updated, object.wanted);
    if (object.made > object.updated) return fmt::format("{} of before still there", object.made - object.updated);
    if (object.available < object.wanted) return fmt::format("{} of {} available", object.available, object.wanted);
    return "";
  }

  void judge_rolled() {
    const bool scaled_down = std::all_of(objects_.begin(), objects_.end(), [](const LiveObject* object) { return object->wanted == 0 && object->kind != "Pod"; });
    if (scaled_down) {
      set(RolloutState::rolled, "it has no pods now");
      status_.complete = true;
      return;
    }
    if (workload_.type == "volume") return set(RolloutState::rolled, "pods do not say which image a volume is from");
    if (status_.pods == 0) return set(RolloutState::rolled, "what the cluster said has no pods of it: get pods too");
    if (status_.patched < status_.pods) return set(status_.source > 0 ? RolloutState::synced : RolloutState::rolled, says_others());
    if (not_ready_ > 0) return set(RolloutState::synced, fmt::format("{} of {} not ready", not_ready_, status_.pods));
    set(RolloutState::running, "");
  }

  std::string says_others() const {
    std::vector<std::string> parts;
    const std::size_t other = status_.pods - status_.patched - status_.source - silent_;
    if (status_.source > 0) parts.push_back(fmt::format("{} of {} run the image of before", status_.source, status_.pods));
    if (other > 0) parts.push_back(fmt::format("{} of {} run another image", other, status_.pods));
    if (silent_ > 0) parts.push_back(fmt::format("{} of {} do not say which image they run", silent_, status_.pods));
    return join(parts, ", ");
  }

  void set(RolloutState state, std::string detail) {
    status_.state = state;
    status_.detail = std::move(detail);
    status_.complete = state == RolloutState::running;
  }

  const document::Workload& workload_;
  const document::RolloutImage& image_;
  const Live& live_;
  std::vector<const LiveObject*> objects_;
  std::vector<std::pair<const LivePod*, const LiveContainer*>> found_;
  WorkloadStatus status_;
  std::size_t silent_ = 0, not_ready_ = 0;
  std::string trouble_;
};

}  // namespace

document::RolloutStatus status_of(const document::Rollout& rollout, const Live& live, const HasEdit& has_edit) {
  document::RolloutStatus status;
  status.change_set_id = rollout.change_set_id;
  for (const auto& workload : rollout.workloads) {
    const auto& image = rollout.images[workload.image];
    if (!workload.edited && !names_patched(workload.current, image)) continue;  // left as it is, with its reason
    status.workloads.push_back(Follower(workload, image, live).follow(has_edit(workload.file)));
  }
  const auto order = [](const WorkloadStatus& a, const WorkloadStatus& b) {
    return std::tie(a.ns, a.kind, a.name, a.container, a.file) < std::tie(b.ns, b.kind, b.name, b.container, b.file);
  };
  std::stable_sort(status.workloads.begin(), status.workloads.end(), order);
  status.complete = std::all_of(status.workloads.begin(), status.workloads.end(), [](const auto& each) { return each.complete; });
  return status;
}

}  // namespace resole::rollout
