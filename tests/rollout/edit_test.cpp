// SPDX-License-Identifier: Apache-2.0
#include "rollout/edit.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "rollout/decide.hpp"
#include "rollout/sample_rollout.hpp"
#include "rollout/splice.hpp"
#include "rollout/unified_diff.hpp"

namespace resole::rollout {
namespace RESOLE_TEST_FILE {

using namespace test;
using Reasons = std::vector<std::string>;

std::string edited_pod(const std::string& reference, Pin pin = Pin::automatic) { return edited("pod.yaml", pod(reference), pinned(pin)); }

TEST(RolloutEdit, AutomaticPinKeepsTheShape) {
  EXPECT_EQ(edited_pod(kWeb + ":1.0"), pod(kPatched + ":1.0"));
  EXPECT_EQ(edited_pod(kWeb + "@sha256:" + kOld), pod(kPatched + "@sha256:" + kNew));
  EXPECT_EQ(edited_pod(kWeb + ":1.0@sha256:" + kOld), pod(kPatched + ":1.0@sha256:" + kNew));
}

TEST(RolloutEdit, ATagThatStandsAloneIsOneThatDoesNotMove) {
  const auto image = web_image_with_immutable_tag();
  EXPECT_EQ(edited("pod.yaml", pod(kWeb + ":1.0"), {}, image), pod(kPatched + ":1.0-r01234567"));
  EXPECT_EQ(edited("pod.yaml", pod(kWeb + ":1.0@sha256:" + kOld), {}, image), pod(kPatched + ":1.0@sha256:" + kNew)) << "Renovate sees upstream's tag";
  EXPECT_EQ(edited("pod.yaml", pod(kWeb + ":1.0"), pinned(Pin::both), image), pod(kPatched + ":1.0@sha256:" + kNew));
}

TEST(RolloutEdit, TheNextPatchFollowsTheLast) {
  const auto image = web_image_with_immutable_tag();
  EXPECT_EQ(edited("pod.yaml", pod(kPatched + ":1.0-rfedcba98"), {}, image), pod(kPatched + ":1.0-r01234567"));
  EXPECT_EQ(edited("pod.yaml", pod(kPatched + ":1.0@sha256:" + kOther), {}, image), pod(kPatched + ":1.0@sha256:" + kNew));
  EXPECT_EQ(edited("pod.yaml", pod(kPatched + ":1.1-rfedcba98"), {}, image), pod(kPatched + ":1.1-rfedcba98"));
  EXPECT_EQ(edited("pod.yaml", pod(kPatched + ":1.0-rnothexxx"), {}, image), pod(kPatched + ":1.0-rnothexxx"));
}

TEST(RolloutEdit, PlatformDigestsBecomeThoseOfTheSamePlatform) {
  auto image = web_image();
  image.platforms = {{"linux/amd64", Digest::of("a"), Digest::of("A"), "patched"}, {"linux/arm64", Digest::of("b"), Digest::of("B"), "patched"}};
  EXPECT_EQ(edited("pod.yaml", pod(kWeb + "@" + Digest::of("b").text()), {}, image), pod(kPatched + "@" + Digest::of("B").text()));
}

TEST(RolloutEdit, QuotesStay) {
  EXPECT_EQ(edited_pod("\"" + kWeb + ":1.0\""), pod("\"" + kPatched + ":1.0\""));
  EXPECT_EQ(edited_pod("'" + kWeb + ":1.0'", Pin::digest), pod("'" + kPatched + "@sha256:" + kNew + "'"));
}

TEST(RolloutEdit, OtherTagsDigestsAndRepositoriesStay) {
  for (const char* other : {":1.1", "", "ber:1.0"}) EXPECT_EQ(edited_pod(kWeb + other), pod(kWeb + other));
  EXPECT_EQ(edited_pod("team/web:1.0"), pod("team/web:1.0"));
  const EditPlan plan = plan_of({{"pod.yaml", pod(kWeb + ":1.0@sha256:" + kOther)}});
  EXPECT_TRUE(plan.files.empty());
  EXPECT_EQ(reasons(plan), Reasons{"other-digest"});
}

TEST(RolloutEdit, ShortNamesAreTheSameAsLongOnes) {
  const auto image = web_image("nginx:1.25", "registry.example.org/patched/nginx:1.25");
  for (const char* spelling : {"nginx:1.25", "docker.io/nginx:1.25", "docker.io/library/nginx:1.25", "index.docker.io/library/nginx:1.25"}) {
    EXPECT_EQ(edited("pod.yaml", pod(spelling), {}, image), pod("registry.example.org/patched/nginx:1.25")) << spelling;
  }
  const auto same_repository = web_image("nginx:1.25", "docker.io/library/nginx:1.25-patched");
  EXPECT_EQ(edited("pod.yaml", pod("nginx:1.25"), {}, same_repository), pod("nginx:1.25-patched")) << "the spelling stays when the repository does";
}

TEST(RolloutEdit, WhatIsNotEditedIsSaidWithItsReason) {
  const std::string known = kWeb + ":1.0";
  struct Case { std::string path, text; Reasons reasons; };
  const Case cases[] = {
      {"f.yaml", "image: {{ .Values.registry }}\nother: " + known + "\n", {"templated"}},
      {"f.yaml", "{{- if .x }}\nrepository: " + kWeb + "\n{{- end }}\n# " + known + "\n", {"templated"}},
      {"f.yaml", "apiVersion: v1\nkind: ConfigMap\ndata:\n  image: " + known + "\n", {"unknown-place"}},
      {"f.yaml", "apiVersion: v1\nkind: ConfigMap\ndata:\n  values.yaml: |\n    image: " + known + "\n", {"embedded"}},
      {"f.yaml", "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a\n    image: other:1\n    args: [\"--image=" + known + "\"]\n", {"embedded"}},
      {"f.yaml", "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: " + known + "\n    image: " + known + "\n", {"unreadable", "unreadable"}},
      {"f.yaml", "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a\n    image: |-\n      " + known + "\n", {"block-scalar"}},
      {"f.yaml", "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a\n    image: \"registry.example.org/team\\/web:1.0\"\n", {"escaped"}},
      {"f.yaml", pod("\"" + kWeb + ":$(VERSION)\""), {"variable"}},
      {"compose.yaml", "services:\n  w:\n    image: ${REGISTRY}/team/web:1.0\n", {"variable"}},
      {"compose.yaml", "services:\n  w:\n    build: .\n    image: " + known + "\n", {"built-here"}},
      {"Dockerfile", "FROM " + known + "\n", {"needs-option"}},
      {"f.yaml", "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a\n    image: " + known + " # {\"$imagepolicy\": \"ns:p\"}\n", {"image-policy"}},
      {"f.yaml", "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a\n    # renovate: datasource=docker\n    image: " + known + "\n", {"renovate"}},
      {"values.yaml", "image:\n  repository: " + kWeb + "\n", {"tag-unknown"}},
      {"values.yaml", "global:\n  imageRegistry: other.example.org\nimage: {registry: registry.example.org, repository: team/web, tag: \"1.0\"}\n", {"global-registry"}},
  };
  for (const auto& one : cases) {
    const EditPlan plan = plan_of({{one.path, one.text}});
    EXPECT_TRUE(plan.files.empty()) << one.text;
    EXPECT_EQ(reasons(plan), one.reasons) << one.text;
    for (const auto& place : plan.rollout.not_applied) EXPECT_GT(place.line, 0u) << one.text;
  }
}

TEST(RolloutEdit, AnchorsAreEditedOnceWhenAllUsersAreImages) {
  const std::string before = "apiVersion: v1\nkind: Pod\nspec:\n  initContainers:\n  - {name: i, image: &web " + kWeb + ":1.0}\n  containers:\n  - {name: c, image: *web}\n";
  const std::string after = edited("f.yaml", before);
  EXPECT_NE(after.find("&web " + kPatched + ":1.0}"), std::string::npos);
  EXPECT_NE(after.find("image: *web"), std::string::npos);

  const std::string shared = "x-image: &web " + kWeb + ":1.0\nservices:\n  a: {image: *web}\n  b: {image: *web}\n";
  EXPECT_EQ(edited("compose.yaml", shared), "x-image: &web " + kPatched + ":1.0\nservices:\n  a: {image: *web}\n  b: {image: *web}\n");
  const std::string merged = "x-web: &web\n  image: " + kWeb + ":1.0\nservices:\n  a:\n    <<: *web\n";
  EXPECT_NE(edited("compose.yaml", merged).find("  image: " + kPatched), std::string::npos);

  const EditPlan conflict = plan_of({{"compose.yaml", "x-image: &web " + kWeb + ":1.0\nservices:\n  a: {image: *web, labels: {of: *web}}\n"}});
  EXPECT_TRUE(conflict.files.empty());
  EXPECT_EQ(reasons(conflict), Reasons{"alias-conflict"});
}

TEST(RolloutEdit, BytesThatYamlWouldLoseSurvive) {
  const std::string crlf = "\xef\xbb\xbf# Gr\xc3\xbc\xc3\x9f" "e\r\n---\r\napiVersion: v1\r\nkind: Pod\r\nspec:\r\n  containers:\r\n  -   image:   " + kWeb + ":1.0   # end\r\n\r\n\r\n...\r\n---\r\n# nothing";
  std::string expected = crlf;
  expected.replace(expected.find(kWeb), kWeb.size(), kPatched);
  EXPECT_EQ(edited("f.yaml", crlf), expected);
}

TEST(RolloutEdit, WorkloadsAndChangeSetAreTheSameAfterTheEdit) {
  const EditPlan plan = plan_of({{"pod.yaml", pod(kWeb + ":1.0")}});
  ASSERT_EQ(plan.rollout.workloads.size(), 1u);
  const auto& workload = plan.rollout.workloads[0];
  EXPECT_EQ(workload.kind, "Pod");
  EXPECT_EQ(workload.ns, "n");
  EXPECT_EQ(workload.container, "c");
  EXPECT_EQ(workload.pointer, "/spec/containers/0/image");
  EXPECT_EQ(workload.rollback, kWeb + "@sha256:" + kOld);
  EXPECT_EQ(workload.desired, kPatched + ":1.0");
  EXPECT_TRUE(workload.edited);
  ASSERT_EQ(plan.rollout.waves.size(), 1u);
  const EditPlan again = plan_of({{"pod.yaml", plan.files[0].after}});
  EXPECT_TRUE(again.files.empty());
  EXPECT_EQ(again.rollout.change_set_id, plan.rollout.change_set_id);
}

TEST(RolloutEdit, WhatRunsWithoutAManifestIsSaid) {
  EditPlanner planner({web_image()}, {});
  planner.take({"pod.yaml", pod(kWeb + ":1.0")});
  planner.take_running("{\"namespace\": \"n\", \"kind\": \"Pod\", \"name\": \"p\", \"container\": \"c\", \"image\": \"x\", \"imageID\": \"docker-pullable://x@sha256:" + kOld + "\"}\n"
                       "{\"namespace\": \"n\", \"kind\": \"Deployment\", \"name\": \"lost\", \"image\": \"" + kWeb + ":1.0\"}\n"
                       "{\"namespace\": \"n\", \"kind\": \"Deployment\", \"name\": \"other\", \"image\": \"" + kWeb + ":1.1\"}\n", "running.ndjson");
  const EditPlan plan = planner.finish();
  ASSERT_EQ(plan.rollout.running.size(), 2u);
  EXPECT_TRUE(plan.rollout.running[0].managed);
  EXPECT_EQ(reasons(plan), Reasons{"no-manifest"});
  EXPECT_THROW(EditPlanner({web_image()}, {}).take_running("{\"kind\": 1}\n", "running.ndjson"), Error);
}

TEST(RolloutEdit, AliasesThatLeadToMoreAliasesEnd) {
  std::string laughs = "apiVersion: v1\nkind: Pod\nspec: # " + kWeb + ":1.0\n  a0: &a0 {image: x}\n";
  for (int i = 1; i < 30; ++i) {
    laughs += fmt::format("  a{}: &a{} {{<<: [", i, i);
    for (int k = 0; k < 9; ++k) laughs += fmt::format("*a{}{}", i - 1, k < 8 ? ", " : "");
    laughs += "], containers: [*a" + std::to_string(i - 1) + "]}\n";
  }
  EXPECT_TRUE(plan_of({{"pod.yaml", laughs}, {"compose.yaml", "services:\n" + laughs}}).files.empty());
}

TEST(PlainSafe, WordsThatOtherReadersTakeForNumbersAreQuoted) {
  for (const char* number : {"1", "1.25", "1e3", "0x1f", "12:30", "2024-01-01", "true", "NO", "null", "~", "", "1_000", ".5", "-x", "1.5e+3"}) EXPECT_FALSE(is_plain_safe(number)) << number;
  for (const char* word : {"1.25.3", "v1", "1.25-alpine", "1.0-r01234567", "sha256:0123", "latest", "a:1", "registry.example.org:5000/a", "1e3x", "elf"}) EXPECT_TRUE(is_plain_safe(word)) << word;
}

std::string diff_of(const std::string& before, std::vector<document::FileEdit> edits) { return unified_diff("a.yaml", before, edits); }

TEST(UnifiedDiff, ShowsContextAndMissingNewline) {
  EXPECT_EQ(diff_of("1\n2\n3\n4\nold\n6", {{"", "", "old", "new", 0, 8, 11}}),
            "diff --git a/a.yaml b/a.yaml\n--- a/a.yaml\n+++ b/a.yaml\n@@ -2,5 +2,5 @@\n 2\n 3\n 4\n-old\n+new\n 6\n\\ No newline at end of file\n");
  EXPECT_EQ(diff_of("same\n", {}), "");
}

TEST(UnifiedDiff, InsertedLinesComeBehindTheirs) {
  EXPECT_EQ(diff_of("a\nb\n", {{"", "", "", "\nnew", 0, 1, 1}}), "diff --git a/a.yaml b/a.yaml\n--- a/a.yaml\n+++ b/a.yaml\n@@ -1,2 +1,3 @@\n a\n+new\n b\n");
  EXPECT_EQ(diff_of("a", {{"", "", "", "\nnew", 0, 1, 1}}),
            "diff --git a/a.yaml b/a.yaml\n--- a/a.yaml\n+++ b/a.yaml\n@@ -1,1 +1,2 @@\n-a\n\\ No newline at end of file\n+a\n+new\n\\ No newline at end of file\n");
}

TEST(Splice, TakenBackIsWhatItWas) {
  const std::string before = "image: {registry: registry.example.org, repository: team/web, tag: '1.0'}\nb:\n  repository: " + kWeb + "\n  tag: 1.0\n";
  const EditPlan plan = plan_of({{"values.yaml", before}}, pinned(Pin::both));
  ASSERT_EQ(plan.files.size(), 1u);
  EXPECT_EQ(take_back(plan.files[0].after, plan.files[0].edits, "values.yaml"), before);
  EXPECT_THROW(take_back("other", plan.files[0].edits, "values.yaml"), Error);
}

}  // namespace
}  // namespace resole::rollout
