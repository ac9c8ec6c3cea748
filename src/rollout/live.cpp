// SPDX-License-Identifier: Apache-2.0
#include "rollout/live.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace resole::rollout {

namespace {

constexpr JsonLimits kLiveLimits{256ull << 20, 100};
constexpr JsonLimits kLiveLineLimits{16ull << 20, 100};
constexpr std::size_t kMostTrouble = 300;

const Json& under(const Json& object, std::string_view key) {
  static const Json nothing;
  if (!object.is_object()) return nothing;
  const auto found = object.find(key);
  return found == object.end() ? nothing : *found;
}

std::string said(const Json& object, std::string_view key) {
  const Json& found = under(object, key);
  return found.is_string() ? found.get<std::string>() : std::string();
}

std::int64_t number(const Json& object, std::string_view key, std::int64_t otherwise = 0) {
  const Json& found = under(object, key);
  return found.is_number_integer() ? found.get<std::int64_t>() : otherwise;
}

bool truth(const Json& object, std::string_view key) {
  const Json& found = under(object, key);
  return found.is_boolean() && found.get<bool>();
}

template <class Visit>
void each_in(const Json& list, Visit&& visit) {
  if (!list.is_array()) return;
  for (const Json& each : list) visit(each);
}

// "registry.example.org/app@sha256:..."; docker-pullable://... before it. A bare id may be one of a configuration, which is no digest of a manifest: it counts
// only when it is one that we know.
Digest digest_of_image_id(std::string_view id) {
  if (const std::size_t at = id.find('@'); at != std::string_view::npos) id.remove_prefix(at + 1);
  if (const std::size_t scheme = id.find("://"); scheme != std::string_view::npos) id.remove_prefix(scheme + 3);
  return Digest::try_parse(id).value_or(Digest());
}

void owner(const Json& meta, std::string& kind, std::string& name) {
  each_in(under(meta, "ownerReferences"), [&](const Json& reference) {
    if (!kind.empty() && !truth(reference, "controller")) return;
    kind = said(reference, "kind");
    name = said(reference, "name");
  });
}

std::string trouble_of_state(const Json& state) {
  static constexpr std::string_view kStuck[] = {"ImagePullBackOff", "ErrImagePull",        "InvalidImageName",           "ImageInspectError",   "ErrImageNeverPull",
                                                "CrashLoopBackOff", "CreateContainerError", "CreateContainerConfigError", "RunContainerError", "SignatureValidationFailed"};
  const Json& waiting = under(state, "waiting");
  const std::string reason = said(waiting, "reason");
  if (std::find(std::begin(kStuck), std::end(kStuck), reason) == std::end(kStuck)) return {};
  const std::string message = said(waiting, "message");
  return printable(reason + (message.empty() ? "" : ": " + message), kMostTrouble);
}

LivePod pod_of(const Json& json) {
  const Json &meta = under(json, "metadata"), &status = under(json, "status");
  LivePod pod;
  pod.ns = said(meta, "namespace");
  pod.name = said(meta, "name");
  pod.created = said(meta, "creationTimestamp");
  pod.ends = !said(meta, "deletionTimestamp").empty();
  const std::string phase = said(status, "phase");
  pod.over = phase == "Succeeded" || phase == "Failed";
  owner(meta, pod.owner_kind, pod.owner_name);
  for (const char* list : {"initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"}) {
    each_in(under(status, list), [&](const Json& each) {
      pod.containers.push_back({said(each, "name"), said(each, "image"), digest_of_image_id(said(each, "imageID")), truth(each, "ready"), trouble_of_state(under(each, "state"))});
    });
  }
  return pod;
}

// The pod template, wherever the kind keeps it: spec.template.spec, spec.jobTemplate.spec.template.spec, spec.
void images_below(const Json& spec, std::map<std::string, std::string>& images, unsigned depth) {
  if (depth > 4) return;
  for (const char* list : {"initContainers", "containers"}) {
    each_in(under(spec, list), [&](const Json& each) { images.emplace(said(each, "name"), said(each, "image")); });
  }
  for (const char* next : {"template", "jobTemplate", "spec"}) {
    if (under(spec, next).is_object()) images_below(under(spec, next), images, depth + 1);
  }
}

// Kubernetes' Deployments and ReplicaSets, Argo's Rollouts: conditions by type.
void conditions(const Json& status, LiveObject& object) {
  each_in(under(status, "conditions"), [&](const Json& each) {
    const std::string type = said(each, "type"), value = said(each, "status"), reason = said(each, "reason");
    const bool stuck = (type == "Progressing" && value == "False") || (type == "ReplicaFailure" && value == "True") || reason == "ProgressDeadlineExceeded";
    if (stuck && object.trouble.empty()) object.trouble = printable(fmt::format("{}: {}", reason.empty() ? type : reason, said(each, "message")), kMostTrouble);
  });
}

LiveObject object_of(const Json& json) {
  const Json &meta = under(json, "metadata"), &spec = under(json, "spec"), &status = under(json, "status");
  LiveObject object;
  object.ns = said(meta, "namespace");
  object.kind = said(json, "kind");
  object.name = said(meta, "name");
  owner(meta, object.owner_kind, object.owner_name);
  images_below(spec, object.images, 0);
  object.generation = number(meta, "generation");
  object.observed = number(status, "observedGeneration", under(status, "observedGeneration").is_string() ? object.generation : 0);  // Argo Rollouts writes a text
  conditions(status, object);
  if (object.kind == "DaemonSet") {
    object.wanted = object.made = number(status, "desiredNumberScheduled");
    object.updated = number(status, "updatedNumberScheduled");
    object.available = number(status, "numberAvailable");
  } else {
    object.wanted = number(spec, "replicas", 1);
    object.made = number(status, "replicas");
    object.updated = number(status, "updatedReplicas");
    object.available = number(status, "availableReplicas", number(status, "readyReplicas"));
  }
  const Json& strategy = under(spec, "updateStrategy");
  if (said(strategy, "type") == "OnDelete") object.hint = "its strategy is OnDelete: pods are replaced when somebody deletes them";
  if (const auto partition = number(under(strategy, "rollingUpdate"), "partition"); partition > 0) object.hint = fmt::format("its partition of {} keeps pods below it as they are", partition);
  if (truth(spec, "paused")) object.hint = "it is paused";
  return object;
}

void add_object(const Json& json, Live& live) {
  const std::string kind = said(json, "kind");
  if (kind == "List" || (kind.ends_with("List") && under(json, "items").is_array())) {
    each_in(under(json, "items"), [&](const Json& item) {
      if (said(item, "kind") == "Pod") live.pods.push_back(pod_of(item));
      else if (item.is_object()) live.objects.push_back(object_of(item));
    });
  } else if (kind == "Pod") {
    live.pods.push_back(pod_of(json));
  } else {
    live.objects.push_back(object_of(json));
  }
}

// A line of an inventory stands for a pod of the workload that it names.
void add_line(const Json& json, Live& live) {
  LivePod pod;
  pod.cluster = said(json, "cluster");
  pod.ns = said(json, "namespace");
  pod.owner_kind = said(json, "kind");
  pod.owner_name = said(json, "name");
  pod.containers.push_back({said(json, "container"), said(json, "image"), digest_of_image_id(said(json, "imageID")), true, ""});
  live.pods.push_back(std::move(pod));
}

void add(const Json& json, std::string_view where, Live& live) {
  if (under(json, "metadata").is_object() || under(json, "items").is_array()) return add_object(json, live);
  if (under(json, "kind").is_string() && under(json, "image").is_string()) return add_line(json, live);
  throw Error(ErrorKind::input, fmt::format("{} is neither an object of a cluster nor a line of an inventory", where),
              "give what `kubectl get deployments,statefulsets,daemonsets,cronjobs,jobs,replicasets,pods -A -o json` prints, or {cluster, namespace, kind, name, container, image, imageID} per line");
}

}  // namespace

void read_live(std::string_view text, std::string_view what, Live& live) {
  std::size_t number = 0, filled = 0, whole = 0;  // lines; those with something on them; those that could be an object each
  for (const auto line : lines(text)) {
    const std::string_view content = trim(line);
    filled += content.empty() ? 0 : 1;
    whole += content.starts_with('{') && content.ends_with('}') ? 1 : 0;
  }
  const bool one_per_line = filled > 1 && whole == filled;
  if (!one_per_line) {
    if (filled > 0) add(parse_json(text, what, kLiveLimits), what, live);
    return;
  }
  for (const auto line : lines(text)) {
    ++number;
    if (trim(line).empty()) continue;
    const std::string where = fmt::format("{}: line {}", what, number);
    add(parse_json(line, where, kLiveLineLimits), where, live);
  }
}

Maker maker_of(const LivePod& pod, const Live& live) {
  const bool between = pod.owner_kind == "ReplicaSet" || pod.owner_kind == "Job";
  if (!between) return {pod.owner_kind.empty() ? "Pod" : pod.owner_kind, pod.owner_kind.empty() ? pod.name : pod.owner_name};
  for (const auto& object : live.objects) {
    if (object.kind != pod.owner_kind || object.name != pod.owner_name || object.ns != pod.ns) continue;
    if (object.owner_kind.empty()) return {pod.owner_kind, pod.owner_name};
    return {object.owner_kind, object.owner_name};
  }
  // "web-5d8f9c7b6": the name of the maker and a hash, or a time.
  const std::size_t dash = pod.owner_name.rfind('-');
  if (dash == std::string::npos || dash == 0) return {pod.owner_kind, pod.owner_name};
  return {"", pod.owner_name.substr(0, dash)};
}

}  // namespace resole::rollout
