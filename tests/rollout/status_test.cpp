// SPDX-License-Identifier: Apache-2.0
#include "rollout/status.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/json.hpp"
#include "rollout/sample_rollout.hpp"

namespace resole::rollout {
namespace RESOLE_TEST_FILE {

using namespace test;
using document::RolloutState;
using document::RolloutStatus;

const std::string kOldImage = kWeb + ":1.0@sha256:" + kOld, kNewImage = kPatched + ":1.0@sha256:" + kNew;

document::Rollout rollout_of(const std::string& kind, const std::string& extra = "") {
  const std::string spec = kind == "CronJob" ? "spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: c, image: \"" + kOldImage + "\"}]}}}}}\n"
                                             : "spec: {" + extra + "template: {spec: {containers: [{name: c, image: \"" + kOldImage + "\"}]}}}\n";
  auto plan = plan_of({{"web.yaml", "apiVersion: apps/v1\nkind: " + kind + "\nmetadata: {name: web, namespace: shop}\n" + spec}});
  EXPECT_EQ(plan.rollout.workloads.size(), 1u);
  return plan.rollout;
}

Json deployment(const std::string& image, const std::string& kind = "Deployment") {
  return {{"apiVersion", "apps/v1"}, {"kind", kind}, {"metadata", {{"name", "web"}, {"namespace", "shop"}, {"generation", 4}}},
          {"spec", {{"replicas", 2}, {"template", {{"spec", {{"containers", {{{"name", "c"}, {"image", image}}}}}}}}}},
          {"status", {{"observedGeneration", 4}, {"replicas", 2}, {"updatedReplicas", 2}, {"availableReplicas", 2}, {"readyReplicas", 2}}}};
}
Json replica_set(const std::string& name) {
  return {{"apiVersion", "apps/v1"}, {"kind", "ReplicaSet"}, {"metadata", {{"name", name}, {"namespace", "shop"}, {"ownerReferences", {{{"kind", "Deployment"}, {"name", "web"}, {"controller", true}}}}}}};
}
Json pod(const std::string& name, const std::string& image, const std::string& id, const std::string& owner_kind = "ReplicaSet", const std::string& owner = "web-5d8f") {
  return {{"apiVersion", "v1"}, {"kind", "Pod"},
          {"metadata", {{"name", name}, {"namespace", "shop"}, {"creationTimestamp", "2026-01-31T00:00:00Z"}, {"ownerReferences", {{{"kind", owner_kind}, {"name", owner}, {"controller", true}}}}}},
          {"status", {{"phase", "Running"}, {"containerStatuses", {{{"name", "c"}, {"image", image}, {"imageID", id}, {"ready", true}, {"state", {{"running", Json::object()}}}}}}}}};
}
const std::string kNewId = kPatched + "@sha256:" + kNew, kOldId = "docker-pullable://" + kWeb + "@sha256:" + kOld;

RolloutStatus follow(const document::Rollout& rollout, std::vector<Json> objects, std::optional<bool> in_manifests = std::nullopt) {
  Live live;
  const Json list = {{"apiVersion", "v1"}, {"kind", "List"}, {"items", objects}};
  read_live(list.dump(2), "live.json", live);
  return status_of(rollout, live, [&](const std::string&) { return in_manifests; });
}
document::WorkloadStatus one(const RolloutStatus& status) {
  EXPECT_EQ(status.workloads.size(), 1u);
  EXPECT_EQ(status.complete, status.workloads.at(0).complete);
  return status.workloads.at(0);
}
RolloutState state(const RolloutStatus& status) { return one(status).state; }

TEST(RolloutStatus, every_step_of_the_way) {
  const auto rollout = rollout_of("Deployment");
  EXPECT_EQ(state(follow(rollout, {})), RolloutState::unseen);
  EXPECT_EQ(state(follow(rollout, {deployment(kOldImage)})), RolloutState::committed);
  EXPECT_EQ(state(follow(rollout, {deployment(kOldImage)}, false)), RolloutState::proposed);
  Json moving = deployment(kNewImage);
  moving["status"]["observedGeneration"] = 3;
  EXPECT_EQ(state(follow(rollout, {moving})), RolloutState::synced);
  moving["status"]["observedGeneration"] = 4;
  moving["status"]["updatedReplicas"] = 1;
  EXPECT_EQ(one(follow(rollout, {moving})).detail, "1 of 2 replaced");
  EXPECT_EQ(state(follow(rollout, {deployment(kNewImage)})), RolloutState::rolled) << "no pod proves it";
  const auto done = one(follow(rollout, {deployment(kNewImage), replica_set("web-5d8f"), pod("a", kNewImage, kNewId), pod("b", kNewImage, kNewId)}));
  EXPECT_EQ(done.state, RolloutState::running);
  EXPECT_TRUE(done.complete);
  EXPECT_EQ(done.pods, 2u);
  EXPECT_EQ(done.patched, 2u);
}

TEST(RolloutStatus, what_the_controller_says_is_no_proof) {
  const auto rollout = rollout_of("Deployment");
  const auto mixed = one(follow(rollout, {deployment(kNewImage), replica_set("web-5d8f"), pod("a", kNewImage, kNewId), pod("b", kOldImage, kOldId)}));
  EXPECT_EQ(mixed.state, RolloutState::synced);
  EXPECT_EQ(mixed.source, 1u);
  EXPECT_FALSE(mixed.complete);
  const auto other = one(follow(rollout, {deployment(kPatched + ":1.0"), pod("a", kPatched + ":1.0", kPatched + "@sha256:" + kOther)}));
  EXPECT_EQ(other.state, RolloutState::rolled) << "the tag means something else by now";
  EXPECT_FALSE(other.complete);
  EXPECT_FALSE(one(follow(rollout, {deployment(kNewImage), pod("a", kNewImage, "")})).complete);
  Json not_ready = pod("a", kNewImage, kNewId);
  not_ready["status"]["containerStatuses"][0]["ready"] = false;
  EXPECT_FALSE(one(follow(rollout, {deployment(kNewImage), not_ready})).complete);
}

TEST(RolloutStatus, pods_that_end_do_not_count) {
  Json ends = pod("b", kOldImage, kOldId);
  ends["metadata"]["deletionTimestamp"] = "2026-01-31T00:01:00Z";
  Json over = pod("c", kOldImage, kOldId);
  over["status"]["phase"] = "Failed";
  EXPECT_EQ(state(follow(rollout_of("Deployment"), {deployment(kNewImage), pod("a", kNewImage, kNewId), ends, over})), RolloutState::running);
}

TEST(RolloutStatus, digests_of_platforms_count) {
  auto rollout = rollout_of("Deployment");
  rollout.images[0].platforms = {{"linux/arm64", Digest::of("a"), Digest::of("A"), "patched"}};
  EXPECT_EQ(state(follow(rollout, {deployment(kNewImage), pod("a", kNewImage, kPatched + "@" + Digest::of("A").text())})), RolloutState::running);
  EXPECT_EQ(one(follow(rollout, {deployment(kNewImage), pod("a", kNewImage, kWeb + "@" + Digest::of("a").text())})).source, 1u);
}

TEST(RolloutStatus, what_does_not_come_up_is_said) {
  const auto rollout = rollout_of("Deployment");
  Json stuck = pod("b", kNewImage, "");
  stuck["status"]["containerStatuses"][0]["state"] = {{"waiting", {{"reason", "ImagePullBackOff"}, {"message", "pull access denied"}}}};
  stuck["status"]["containerStatuses"][0]["ready"] = false;
  const auto failed = one(follow(rollout, {deployment(kNewImage), pod("a", kOldImage, kOldId), stuck}));
  EXPECT_EQ(failed.state, RolloutState::failed);
  EXPECT_EQ(failed.detail, "ImagePullBackOff: pull access denied");
  Json late = deployment(kNewImage);
  late["status"]["conditions"] = {{{"type", "Progressing"}, {"status", "False"}, {"reason", "ProgressDeadlineExceeded"}, {"message", "has timed out"}}};
  EXPECT_EQ(one(follow(rollout, {late})).detail, "ProgressDeadlineExceeded: has timed out");
  Json denied = deployment(kNewImage);
  denied["status"]["conditions"] = {{{"type", "ReplicaFailure"}, {"status", "True"}, {"reason", "FailedCreate"}, {"message", "admission webhook denied the request"}}};
  EXPECT_EQ(state(follow(rollout, {denied})), RolloutState::failed);
  // Trouble of the image of before is not the rollout's.
  Json old_stuck = pod("b", kOldImage, "");
  old_stuck["status"]["containerStatuses"][0]["state"] = {{"waiting", {{"reason", "CrashLoopBackOff"}}}};
  EXPECT_EQ(state(follow(rollout, {deployment(kOldImage), old_stuck})), RolloutState::committed);
}

TEST(RolloutStatus, controllers_of_other_kinds) {
  Json daemons = deployment(kNewImage, "DaemonSet");
  daemons["status"] = {{"observedGeneration", 4}, {"desiredNumberScheduled", 3}, {"updatedNumberScheduled", 1}, {"numberAvailable", 3}};
  daemons["spec"]["updateStrategy"] = {{"type", "OnDelete"}};
  EXPECT_NE(one(follow(rollout_of("DaemonSet"), {daemons})).detail.find("OnDelete"), std::string::npos);
  Json set = deployment(kNewImage, "StatefulSet");
  EXPECT_EQ(state(follow(rollout_of("StatefulSet"), {set, pod("web-0", kNewImage, kNewId, "StatefulSet", "web")})), RolloutState::running);
  Json none = deployment(kNewImage);
  none["spec"]["replicas"] = 0;
  none["status"] = {{"observedGeneration", 4}};
  EXPECT_TRUE(one(follow(rollout_of("Deployment"), {none})).complete) << "nothing runs, nothing is left of before";
}

TEST(RolloutStatus, jobs_count_by_their_newest_run) {
  const auto rollout = rollout_of("CronJob");
  Json cron = {{"apiVersion", "batch/v1"}, {"kind", "CronJob"}, {"metadata", {{"name", "web"}, {"namespace", "shop"}}},
               {"spec", {{"jobTemplate", {{"spec", {{"template", {{"spec", {{"containers", {{{"name", "c"}, {"image", kNewImage}}}}}}}}}}}}}}};
  EXPECT_EQ(state(follow(rollout, {cron})), RolloutState::synced);
  Json before = pod("web-1-x", kOldImage, kOldId, "Job", "web-28900000"), after = pod("web-2-x", kNewImage, kNewId, "Job", "web-28900001");
  before["status"]["phase"] = after["status"]["phase"] = "Succeeded";
  EXPECT_EQ(state(follow(rollout, {cron, before})), RolloutState::synced);
  after["metadata"]["creationTimestamp"] = "2026-01-31T01:00:00Z";
  EXPECT_EQ(state(follow(rollout, {cron, before, after})), RolloutState::running);
}

TEST(RolloutStatus, values_files_go_by_what_runs_anywhere) {
  auto plan = plan_of({{"values.yaml", "image:\n  repository: " + kWeb + "\n  tag: \"1.0\"\n  digest: sha256:" + kOld + "\n"}});
  const auto& rollout = plan.rollout;
  EXPECT_EQ(state(follow(rollout, {})), RolloutState::unseen);
  EXPECT_EQ(state(follow(rollout, {pod("a", kOldImage, kOldId)})), RolloutState::committed);
  EXPECT_EQ(state(follow(rollout, {pod("a", kOldImage, kOldId), pod("b", kNewImage, kNewId)})), RolloutState::synced);
  EXPECT_EQ(state(follow(rollout, {pod("b", kNewImage, kNewId), pod("c", "other", "other@sha256:" + kOther)})), RolloutState::running);
}

TEST(RolloutStatus, an_inventory_of_lines_is_enough) {
  const auto rollout = rollout_of("Deployment");
  const auto lines_of = [&](const std::string& second) {
    Live live;
    read_live("{\"cluster\":\"east\",\"namespace\":\"shop\",\"kind\":\"Deployment\",\"name\":\"web\",\"container\":\"c\",\"image\":\"x\",\"imageID\":\"" + kNewId + "\"}\n\n" +
                  "{\"cluster\":\"east\",\"namespace\":\"shop\",\"kind\":\"Deployment\",\"name\":\"web\",\"container\":\"c\",\"image\":\"x\",\"imageID\":\"" + second + "\"}\n",
              "lines", live);
    return one(status_of(rollout, live, [](const std::string&) { return std::nullopt; }));
  };
  EXPECT_EQ(lines_of(kNewId).state, RolloutState::running);
  EXPECT_EQ(lines_of(kNewId).cluster, "east");
  EXPECT_EQ(lines_of(kOldId).state, RolloutState::synced);
}

TEST(RolloutStatus, places_that_were_left_do_not_count_and_those_that_are_done_do) {
  const std::string patched = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: shop}\nspec: {containers: [{name: c, image: \"" + kNewImage + "\"}]}\n";
  EXPECT_EQ(follow(plan_of({{"p.yaml", patched}}).rollout, {}).workloads.size(), 1u);
  const std::string renovate = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: c\n    image: " + kOldImage + " # renovate: docker\n";
  EXPECT_EQ(follow(plan_of({{"p.yaml", renovate}}).rollout, {}).workloads.size(), 0u);
}

TEST(RolloutStatus, hostile_input_is_refused_or_means_nothing) {
  const auto rollout = rollout_of("Deployment");
  for (const std::string text : {"[1]", "{}", "\"x\"", "{\"kind\":7}", "{\"items\":", "{}\n{}\n", "{\"kind\":\"Pod\",\"image\":1}", "{\"kind\":\"List\",\"items\":{\"a\":1}}"}) {
    Live live;
    EXPECT_THROW(read_live(text, "live", live), Error) << text;
  }
  for (const std::string text : {"", "\n", "{\"items\":[]}", "{\"items\":[1,null,{}]}", 
                                 "{\"kind\":\"Pod\",\"metadata\":{},\"status\":{\"containerStatuses\":[7,{\"name\":3,\"imageID\":[]}]}}",
                                 "{\"kind\":\"Deployment\",\"metadata\":{\"name\":\"web\",\"ownerReferences\":[1]},\"spec\":[],\"status\":\"x\"}"}) {
    Live live;
    EXPECT_NO_THROW(read_live(text, "live", live)) << text;
    EXPECT_FALSE(status_of(rollout, live, [](const std::string&) { return std::nullopt; }).complete) << text;
  }
  Live live;
  EXPECT_THROW(read_live(std::string(100'000, '['), "live", live), Error);
}

}  // namespace
}  // namespace resole::rollout
