// SPDX-License-Identifier: Apache-2.0
#include "rollout/edit.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "rollout/unified_diff.hpp"

namespace resole::rollout {
namespace RESOLE_TEST_FILE {

const std::string kOld(64, 'a');
const std::string kNew(64, 'b');

std::vector<document::RolloutImage> web() {
  document::RolloutImage image;
  image.source_reference = "registry.example.org/team/web:1.0";
  image.patched_reference = "registry.example.org/patched/web:1.0-r1";
  image.source = Digest::sha256_hex(kOld);
  image.patched = Digest::sha256_hex(kNew);
  return {image};
}

std::string pod(const std::string& reference) {
  return "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: n}\nspec:\n  containers:\n  - name: c\n    image: " + reference + "  # why\n";
}

std::string edited(const std::string& text, Pin pin = Pin::automatic) {
  const EditPlan plan = plan_edits({{"pod.yaml", text}}, web(), pin);
  return plan.files.empty() ? text : plan.files.front().after;
}

TEST(RolloutEdit, AutomaticPinKeepsTheShape) {
  EXPECT_EQ(edited(pod("registry.example.org/team/web:1.0")), pod("registry.example.org/patched/web:1.0-r1"));
  EXPECT_EQ(edited(pod("registry.example.org/team/web@sha256:" + kOld)), pod("registry.example.org/patched/web@sha256:" + kNew));
  EXPECT_EQ(edited(pod("registry.example.org/team/web:1.0@sha256:" + kOld)), pod("registry.example.org/patched/web:1.0-r1@sha256:" + kNew));
}

TEST(RolloutEdit, QuotesStay) {
  EXPECT_EQ(edited(pod("\"registry.example.org/team/web:1.0\"")), pod("\"registry.example.org/patched/web:1.0-r1\""));
  EXPECT_EQ(edited(pod("'registry.example.org/team/web:1.0'"), Pin::digest), pod("'registry.example.org/patched/web@sha256:" + kNew + "'"));
}

TEST(RolloutEdit, OtherTagsDigestsAndRepositoriesStay) {
  for (const char* other : {"registry.example.org/team/web:1.1", "registry.example.org/team/web", "registry.example.org/team/webber:1.0", "team/web:1.0"}) {
    EXPECT_EQ(edited(pod(other)), pod(other));
  }
  EXPECT_EQ(edited(pod("registry.example.org/team/web:1.0@sha256:" + std::string(64, 'c'))), pod("registry.example.org/team/web:1.0@sha256:" + std::string(64, 'c')));
}

TEST(RolloutEdit, ShortNamesAreTheSameAsLongOnes) {
  auto images = web();
  images[0].source_reference = "nginx:1.25";
  images[0].patched_reference = "registry.example.org/patched/nginx:1.25";
  for (const char* spelling : {"nginx:1.25", "docker.io/nginx:1.25", "docker.io/library/nginx:1.25", "index.docker.io/library/nginx:1.25"}) {
    const EditPlan plan = plan_edits({{"pod.yaml", pod(spelling)}}, images, Pin::automatic);
    ASSERT_EQ(plan.files.size(), 1u) << spelling;
    EXPECT_EQ(plan.files[0].after, pod("registry.example.org/patched/nginx:1.25"));
  }
}

TEST(RolloutEdit, WhatIsNotEditedIsSaidWithItsReason) {
  const std::string known = "registry.example.org/team/web:1.0";
  struct Case { std::string text, reason; };
  const Case cases[] = {
      {"image: {{ .Values.registry }}\n# " + known + "\n", "templated"},
      {"apiVersion: v1\nkind: ConfigMap\ndata:\n  image: " + known + "\n", "unknown-place"},
      {"apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: " + known + "\n    image: " + known + "\n", "unreadable"},
      {"apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a\n    image: |-\n      " + known + "\n", "block-scalar"},
  };
  for (const auto& one : cases) {
    const EditPlan plan = plan_edits({{"f.yaml", one.text}}, web(), Pin::automatic);
    EXPECT_TRUE(plan.files.empty()) << one.text;
    ASSERT_FALSE(plan.rollout.not_applied.empty()) << one.text;
    EXPECT_EQ(plan.rollout.not_applied[0].reason, one.reason) << one.text;
    EXPECT_GT(plan.rollout.not_applied[0].line, 0u);
  }
}

TEST(RolloutEdit, AnAliasIsEditedAtItsAnchor) {
  const std::string before =
      "apiVersion: v1\nkind: Pod\nspec:\n  initContainers:\n  - {name: i, image: &web registry.example.org/team/web:1.0}\n  containers:\n  - {name: c, image: *web}\n";
  const EditPlan plan = plan_edits({{"f.yaml", before}}, web(), Pin::automatic);
  ASSERT_EQ(plan.files.size(), 1u);
  EXPECT_NE(plan.files[0].after.find("&web registry.example.org/patched/web:1.0-r1}"), std::string::npos);
  EXPECT_NE(plan.files[0].after.find("image: *web"), std::string::npos);
}

TEST(RolloutEdit, WorkloadsAndChangeSetAreStable) {
  const auto make = [] { return plan_edits({{"pod.yaml", pod("registry.example.org/team/web:1.0")}}, web(), Pin::automatic); };
  const EditPlan plan = make();
  ASSERT_EQ(plan.rollout.workloads.size(), 1u);
  EXPECT_EQ(plan.rollout.workloads[0].kind, "Pod");
  EXPECT_EQ(plan.rollout.workloads[0].ns, "n");
  EXPECT_EQ(plan.rollout.workloads[0].container, "c");
  EXPECT_EQ(plan.rollout.workloads[0].pointer, "/spec/containers/0/image");
  EXPECT_EQ(plan.rollout.change_set_id, make().rollout.change_set_id);
}

TEST(RolloutEdit, ComposeServices) {
  const std::string before = "services:\n  web:\n    image: registry.example.org/team/web:1.0\n    ports: [\"80:80\"]\n";
  const EditPlan plan = plan_edits({{"compose.yaml", before}}, web(), Pin::automatic);
  ASSERT_EQ(plan.files.size(), 1u);
  EXPECT_EQ(plan.rollout.workloads[0].kind, "ComposeService");
}

TEST(UnifiedDiff, ShowsContextAndMissingNewline) {
  EXPECT_EQ(unified_diff("a.yaml", "1\n2\n3\n4\nold\n6", "1\n2\n3\n4\nnew\n6"),
            "diff --git a/a.yaml b/a.yaml\n--- a/a.yaml\n+++ b/a.yaml\n@@ -2,5 +2,5 @@\n 2\n 3\n 4\n-old\n+new\n 6\n\\ No newline at end of file\n");
  EXPECT_EQ(unified_diff("a.yaml", "same\n", "same\n"), "");
}

}  // namespace
}  // namespace resole::rollout
